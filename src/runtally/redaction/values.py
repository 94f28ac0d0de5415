"""What stands under a secret's name: where it ends, and whether it is code, prose or a placeholder."""

import re
from typing import Final

from runtally.redaction import marks

JUDGED_CHARS: Final = 128
"""A value is judged by its beginning, so that a text of nothing but refused values costs no more than its length."""

SCHEME: Final = r"(?i:Bearer|Basic|Token|Bot|Negotiate|NTLM|Digest|Api-?Key|SSWS)"

PLACEHOLDER: Final = "|".join(  # what stands where a secret would: nothing, a mask, a template, a reference
    (
        r"[\s*.•…·●_#?<>|=)\],;:}-]*",
        rf"(?:{marks.PATTERN})+",
        r"\$\{[^}]*\}?|\$\([^)]*\)?|\{\{?[ \w.\-\[\]()$]*\}?\}|<[^<>]*>|(?:%[sdv]\W?)+|%\(\w+\)s|%\w+%|\[[ \w]*\]",
        r"\$(?:\d|env:\w+|(?-i:[A-Z_][A-Z0-9_]*)|\w*(?:pass|pwd|secret|token|key|auth|cred)\w*)",
        r"(?-i:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET|PASSWORD|PASS|PWD))",
        r"true|false|yes|no|on|off|none|null|nil|undefined|nan|n/?a|unset|string|str",
        r"\W*(?:redacted|hidden|masked|filtered|removed)\W*|x{3,}|your[_ -].*|.*[_-]here|change[_-]?me|replace[_-]?me",
        r"placeholder|todo|tbd|(?:op|vault|secretref|file)://.*|arn:aws:.*",
        r"(?-i:(?:/[a-z][a-z0-9_.-]*)+/?)|(?:/Users|~|\.|[A-Z]:)[\\/].*",
        r"\s*[,)\]};:+%|.]\s.*",  # the quote before it closed a string, as in `"password:", value)`
    )
)

CODE: Final = (  # a value that is computed: a call, an item, an attribute of what holds secrets without being one
    r"(?:await |new )?[A-Za-z_$][\w$]*(?:(?:\.|->|::|\?\.)\w+)*[(\[](?:[^\n]{0,200}[)\]]|[ \t]*(?:\\?[\n]|\\n|\Z))"
    r"|(?:self|this|os|process|env|environ|config|cfg|conf|settings|options|opts|args|params|props|req|request|ctx|context"
    r"|user|account|var|local|module|kwargs|data)(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*)+"
    r"|[A-Za-z_]\w*(?:(?:\.|->|::|\?\.)\w+){0,8}?(?:\.|->|::|\?\.)\w*(?i:key|token|secret|pass|auth|cred)[\w.]*"
    r"|(?i:secrets?|credentials|creds|auth)(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*)+"
)

SENSITIVE_WORDS: Final = frozenset(
    {"pass", "passwd", "password", "secret", "key", "token", "auth", "credential", "cred"}
)

WORDS: Final = frozenset(  # what prose and type annotations say after `password:`
    "a an and any are argument as authentication bad basic be bearer bool boolean by bytes can cannot char correct"  # noqa: SIM905
    " credentials default denied did does empty enter error example expired failed failure field flag for from"
    " generated has hash hashed if in incorrect inherit int integer invalid is it key length login longer may missing"
    " must needed never new not number object ok option options optional or parameter please prompt provided rejected"
    " required reset secret see set should shown stdin success text that the this to token too unavailable unknown"
    " unsupported use user valid value varchar weak when which will with work works wrong you".split()
)

# No possessive quantifier stands here: the Python 3.11.2 of Debian 12 matches too much with one around a group.
# A quoted value ends at its quote; any other goes on over a bracket, a comma or an ampersand if it does not end there.
_ESCAPE: Final = r"\\(?!\\{0,15}[nrt\"'`]|\s|\Z)"
_REST: Final = (
    rf"(?:{marks.PATTERN}|[^\s\"'`\\<>:;&,.)\]}}]|&(?![\w.%\[\]-]{{1,64}}=)|,(?=\w)(?![\w.-]{{1,64}}[=:])"
    rf"|[.)\]}}<>](?=[\w!@#$%^*+=.-])|:(?!\s|\Z)|{_ESCAPE})"
)
VALUE: Final = re.compile(
    r"[=>]{0,2}[ \t]{0,8}(?:(?:[bBrRuUfF]{1,2}(?=\\{0,15}[\"']))?"
    r"(?P<quote>(?P<escaped>\\{1,15})?[\"'`])(?P<quoted>(?:(?!(?<!\\)(?:(?P=quote)|(?(escaped)\"|(?P=quote))))[^\n])+)"
    rf"|(?P<scheme>{SCHEME}[ \t]+)?"
    rf"(?P<bare>(?:{marks.PATTERN}|{_ESCAPE}|[^\s\"'`\\<>;&,()\[\]{{}}|]){_REST}{{0,{JUDGED_CHARS - 1}}}))"
)
VALUE_GOES_ON: Final = re.compile(rf"{_REST}*")
WORDLIKE: Final = re.compile(r"[A-Za-z]+(?:[-.][A-Za-z]+)*[!?]?|\d+")
SENTENCE_GOES_ON: Final = re.compile(r"[ \t]+(?![\w.-]{1,64}[:=])[A-Za-z(|=]|\.(?:\s|\Z)")
TYPE_NAME: Final = re.compile(r"(?:[A-Z][a-z]+){2,}")
IDENTIFIER: Final = re.compile(r"[A-Za-z_][\w.]*")
NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")


_PLACEHOLDER: Final = re.compile(rf"(?:{SCHEME}[ \t]+)?(?:{PLACEHOLDER})", re.IGNORECASE | re.DOTALL)


def is_placeholder(value: str) -> bool:
    """Whether the value stands where a secret would be, and is none."""
    return len(value) < JUDGED_CHARS and _PLACEHOLDER.fullmatch(value) is not None
