"""What stands under a secret's name: a secret, or code, prose, a placeholder."""

import re
from typing import Final

from runtally.redaction import marks

JUDGED_CHARS: Final = 128
"""A value is judged by its beginning, so that a text of nothing but refused values costs no more than its length."""

SCHEME: Final = r"(?i:Bearer|Basic|Token|Bot|Negotiate|NTLM|Digest|Api-?Key|SSWS|Splunk|GenieKey|sso-key)"

PLACEHOLDER: Final = "|".join(  # what stands where a secret would: nothing, a mask, a template, a reference
    (
        r"[^\w!@$%^&+~]*|_+|[!@$%^&*+~=<>|/-]{1,3}",
        rf"(?:{marks.PATTERN})+",
        r"\$\{[^}]*\}?|\$\([^)]*\)?|\{\{?[ \w.\-\[\]()$]*\}?\}|<[^<>]*>|(?:%[@sdvr]\W?)+|%\(\w+\)s|%\w+%|\[[ \w]*\]",
        r"\$\{[\w.]+\}[\w.-]*/[\w./?=&:%+-]*|(?:\$\{[\w.]+\}[\W_]{0,3}){2,8}|\W{1,3}\{[\w.]+\}\W{0,3}|\{\{.*\}\}|\$[a-z_]{3,}-?|![01]|\S{0,12}(?:\.{3}|…)\w{0,6}",
        r"\$(?:\d|env:\w+|(?-i:[A-Z_][A-Z0-9_]*)|\w*(?:pass|pwd|secret|token|key|auth|cred)\w*)",
        r"(?-i:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET|PASSWORD|PASS|PWD))",
        r"true|false|yes|no|on|off|none|null|nil|undefined|nan|n/?a|unset|string\??|str|if_available",
        r"(?:seconds|minutes|hours|days)|(?-i:(?:STRING|NUMBER|BLOB)_VALUE|[A-Z]+(?:_[A-Z]+){0,8}\.{3,8})",
        r"(?:application|text|image|audio|video)/[\w.+-]+",
        r"\W*(?:redacted|hidden|masked|filtered|removed)\W*|x{3,}|your[_ -].*|put your .*",
        r".*[_-]here|change[_-]?me|replace[_-]?me",
        r":[a-z_]+|@[a-z_]*(?:pass|pwd|pw|secret|token|key|hash|code|pin|auth)[a-z_]*",  # bound later: `= :password`
        r"(?-i:PASS(?:WORD|WD|PHRASE)?|SECRET|TOKEN|KEY|PWD|PW|STRING|STR|TEXT|VALUE)",
        r"0x[0-9a-f]{1,8}|:[a-z]+:[a-z:]*|(?:required|nullable|sometimes|string|bail)(?:\|[\w:,.]+)+",
        r"(?-i:[A-Z0-9]+(?: [A-Z0-9]+)* (?:KEY|TOKEN|SECRET|PASSWORD|PARAMETERS))",
        r"placeholder|todo|tbd|(?:pass|env|fd|stdin):",
        r"(?:op|vault|secretref|secret|akv|gcp|sm|awssm|keyring|file)://.*|arn:aws:.*",
        r"vault:[\w./-]+#[\w.-]+.*|@microsoft\.keyvault\(.*|ref\+[a-z]+://.*",
        r"!(?:secret|env|env_var|include|vault|ref|reference|getatt|sub|importvalue|lookup|file)(?:[ .:/].*)?",
        r"https?://[^\s@]*|#[a-z]+(?:-[a-z]+)+|[\w./@-]+\.(?:pem|key|crt|cer|der|p12|pfx|jks|pub|gpg|asc|txt|json|env|conf)",
        r"<%.*|#\{.*|\{%.*|@[\w.]+@|__\w+__|%\{\w+\}|\$\{\{.*|\$\[\[?[ \w.]+\]?\]",
        r"(?-i:(?:/[a-z][a-z0-9_.-]*)+/?)|(?:/Users|~|\.|[A-Z]:)[\\/].*",
        r"[^\n<>]{1,60} <[^\s<>@]{1,60}@[^\s<>]{1,60}>",  # whose key it is
        r"\s*[,)\]};:+%|.]{1,4}\s.*",  # the quote before it closed a string, as in `"password:", value)`
    )
)

CODE: Final = (  # what is computed: a call, an item, an attribute of what holds secrets; not `ENC(…)`, it is encrypted
    r"(?:await |new |\*|&|!)?(?!ENC\()[A-Za-z_$][\w$]*(?:(?:\.|->|::|\?\.)\w+)*"
    r"[(\[](?:[^\n]{0,200}[)\]](?:\.\w+)*|[{(\[]?[ \t]*(?:\\?[\n]|\\n|\Z)|[^\n]{0,200}[,%](?=[ \t]*\n))"
    r"|(?:self|this|os|process|env|environ|config|cfg|conf|settings|options|opts|args|params|props|req|request"
    r"|ctx|context"
    r"|user|account|var|local|module|kwargs|data|json|res|response|result|body|payload|state|exports)(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*)+"
    r"|[A-Za-z_]\w*(?:(?:\.|->|::|\?\.)\w+){0,8}?(?:\.|->|::|\?\.)\w*(?i:key|token|secret|pass|auth|cred)[\w.]*"
    r"|[A-Za-z_]\w*(?:\.\w+){0,4}\.[A-Z][A-Z0-9_]+(?![\w-])"
    r"|[A-Z]\w*(?:::[A-Z]\w*)+|[A-Z]\w*<(?:[A-Z&']|(?:string|number|boolean|any|unknown|void)\b)[\w.]*>?|[A-Za-z_]\w*\){1,3}\.\w+\(.*"
    r"|[a-z]{1,20}[A-Z][a-z]{1,20}\??\.(?:value|data|text)|_context\d*\.t\d+|(?:Get|Read|New|ConvertTo|ConvertFrom|Import)-[A-Z]\w+"
    r"|(?i:secrets?|credentials|creds|auth)(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*)+"
)

SENSITIVE_WORDS: Final = frozenset(
    {"pass", "passwd", "password", "secret", "key", "token", "auth", "credential", "cred", "passcode", "passphrase"}
)

WORDS: Final = frozenset(  # what prose and type annotations say after `password:`
    "a an and any are argument as authentication bad basic be bearer bool boolean by bytes can cannot char correct"  # noqa: SIM905
    " credentials default denied did does empty enter error example expired failed failure field flag for from"
    " generated has hash hashed if in incorrect inherit int integer invalid is it key length login longer may missing"
    " must needed never new not number object ok option options optional or parameter please prompt provided rejected"
    " required reset secret see set should shown stdin success text that the this to token too unavailable unknown"
    " unsupported use user valid value varchar weak when which will with work works wrong you min max minimum maximum"
    " same only also between was were should would could used using stored sent given being both each its it's their"
    " your our my his her they we he she been more less than then there here what how why where who whose always"
    " leave keep make choose create change update forgot forgotten contains consists expires mismatch matches match"
    " read write accepted allowed blank null encrypted plaintext one two three any authentication authorization"
    " nonce await async email".split()
)

WORDLIKE: Final = re.compile(r"[A-Za-z]+(?:[-./][A-Za-z]+)*[!?]?|\d+")
SENTENCE_GOES_ON: Final = re.compile(r"[ \t]+(?![\w.-]{1,64}[:=])[A-Za-z(|=]|\.(?:\s|\Z)")
TYPE_NAME: Final = re.compile(r"(?:[A-Z][a-z]+){2,}")
IDENTIFIER: Final = re.compile(r"[A-Za-z_][\w.]*")
NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")


_PLACEHOLDER: Final = re.compile(
    rf"(?:{SCHEME}[ \t]+)?(?:{PLACEHOLDER})|{SCHEME}[ \t]+\$\w+", re.IGNORECASE | re.DOTALL
)


def is_placeholder(value: str) -> bool:
    """Whether the value stands where a secret would be, and is none."""
    return len(value) < JUDGED_CHARS and _PLACEHOLDER.fullmatch(value) is not None


_LABEL: Final = re.compile(
    r"(?=[A-ZÀ-Þ]|(?:enter|your|the|invalid|missing|please|new|old|current|confirm|repeat|wrong|incorrect|choose"
    r"|forgot|an?"
    r"|no|use|set|must)\b)(?=[^\d\n]*(?i:\b(?:pass ?words?|pass ?phrase|passcode|passwort|pwd|secret|token|keys?"
    r"|credentials?"
    r"|contraseña|passe|login)\b))[^\d\n]*"
)


def is_label(value: str) -> bool:
    """Whether the value is words about a secret, as a form shows them: `Enter your password`."""
    return " " in value.strip() and len(value) < JUDGED_CHARS and _LABEL.fullmatch(value) is not None
