"""The rules of gitleaks are converted as they stand, or the conversion says which one it cannot."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "convert_gitleaks.py"
ENDS = r"""(?:[\x60'"\s;]|\\[nr]|$)"""
BEHIND_A_NAME = r"""(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}"""


def rule(rule_id: str, regex: str, more: str = "") -> str:
    return f"[[rules]]\nid = '{rule_id}'\nregex = '''{regex}'''\n{more}\n"


def convert(path: Path, *rules: str) -> subprocess.CompletedProcess[str]:
    config, to = path / "gitleaks.toml", path / "gitleaks.json"
    config.write_text("".join(rules), encoding="utf-8")
    told = ["--from", "a-copy 1.2.3", "--to", str(to)]
    return subprocess.run(
        [sys.executable, "-W", "error", str(SCRIPT), str(config), *told], capture_output=True, text=True, check=False
    )


def test_rules_become_tokens_and_vendors(tmp_path):
    ended = convert(
        tmp_path,
        rule("zeta-key", rf"\b(zt-(?i)[a-z0-9]{{32}}){ENDS}", "entropy = 3"),
        rule("alpha-token", r"(?:alp|bet)_[[:alnum:]]{20}\z"),
        rule("acme-secret", rf"(?i)[\w.-]{{0,50}}?(?:acme|ac[_-]?me){BEHIND_A_NAME}([a-f0-9]{{32}}){ENDS}"),
        rule("github-pat", r"ghp_[0-9a-zA-Z]{36}"),
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads((tmp_path / "gitleaks.json").read_text()) == {
        "source": "the rules of gitleaks (MIT License, Copyright (c) 2019 Zachary Rice) as in a-copy 1.2.3",
        "tokens": [
            {
                "kind": "alpha_token",
                "entropy": 0.0,
                "prefixes": ["alp_", "bet_"],
                "pattern": r"(?:(?:alp|bet)_[A-Za-z0-9]{20}\Z)(?![A-Za-z0-9])",
            },
            {
                "kind": "zeta_key",
                "entropy": 3.0,
                "prefixes": ["zt-"],
                "pattern": r"(?:zt-(?i:[a-z0-9]{32}))(?![A-Za-z0-9])",
            },
        ],
        "vendors": [{"kind": "acme_secret", "entropy": 0.0, "words": ["acme"], "pattern": "(?i:[a-f0-9]{32})"}],
    }


def test_the_same_rules_make_the_same_file(tmp_path):
    rules = rule("b-token", "bb_[a-z]{20}"), rule("a-token", "aa_[a-z]{20}")
    files = []
    for given in (rules, rules[::-1]):
        assert convert(tmp_path, *given).returncode == 0
        files.append((tmp_path / "gitleaks.json").read_bytes())
    assert files[0] == files[1]


def test_a_rule_that_begins_with_no_literal_stops_the_conversion(tmp_path):
    ended = convert(tmp_path, rule("new-rule", r"[a-z]{10}-new"))
    assert ended.returncode == 1
    assert "new-rule: no literal stands first" in ended.stderr
    assert "say in LEFT_OUT why" in ended.stderr
    assert not (tmp_path / "gitleaks.json").exists()
