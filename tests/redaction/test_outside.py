"""The samples of other scanners are read from a Git repository, each with its secret marked."""

import subprocess
from pathlib import Path

import pytest

from tests.redaction import outside

GITLEAKS = {
    "cmd/generate/config/utils/generate.go": r"""
		"ini": "{i}Token=\"{s}\"",
		// "off": "{s}",
		"make": `{I}_TOKEN := {s}`,
""",
    "cmd/generate/config/rules/acme.go": """
tps := utils.GenerateSampleSecrets("acme", "ac_"+secrets.NewSecret(utils.Hex("8")))
utils.GenerateSampleSecret("acme", secrets.NewSecret(`[a-z]{8}`)),
""",
}
DETECT_SECRETS = {
    "tests/plugins/keyword_test.py": """
S = "h0rse"
CASES = [('password = "{}"'.format(S), S), ("secret: {}".format(S), None)]
""",
    "tests/plugins/acme_test.py": """
@pytest.mark.parametrize("payload, found", [("ac_0123456789abcdef", True), ("ac_fedcba9876543210", False)])
def test_it(payload, found): ...
""",
}


def repository(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    git = [
        "git",
        "-C",
        str(folder),
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.com",
        "-c",
        "commit.gpgsign=false",
    ]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "all", "--no-verify"]):
        subprocess.run([*git, *arguments], check=True, capture_output=True)
    return folder


def texts_and_secrets(families):
    strings = [one for family in families for case in family.cases for one in case.strings]
    return [(one.text, [one.text[slice(*span)] for span in one.secrets]) for one in strings]


def test_samples_of_gitleaks_are_built_in_its_own_forms(tmp_path):
    (family,) = outside.families(repository(tmp_path, GITLEAKS))
    assert (family.name, len(family.source.split()[-1])) == ("gitleaks-a-c", 40)
    (ini, [first]), (make, [second]) = texts_and_secrets([family])
    assert (ini, make) == (f'acmeToken="{first}"', f"ACME_TOKEN := {second}")
    assert all(secret.startswith("ac_") and len(secret) == 11 for secret in (first, second))


def test_samples_of_detect_secrets_are_the_lines_of_which_the_secret_is_known(tmp_path):
    families = outside.families(repository(tmp_path, DETECT_SECRETS))
    assert [family.name for family in families] == ["detect-secrets-keywords", "detect-secrets-tokens"]
    assert texts_and_secrets(families) == [
        ('password = "h0rse"', ["h0rse"]),
        ("ac_0123456789abcdef", ["ac_0123456789abcdef"]),
    ]


def test_another_repository_is_refused(tmp_path):
    with pytest.raises(ValueError, match="none of gitleaks, detect-secrets"):
        outside.families(repository(tmp_path, {"README": "hello"}))
