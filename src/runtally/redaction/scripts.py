"""The secrets that scripts give to programs: piped, in a here-document, to a prompt, in a list of arguments."""

from typing import Final

from runtally.redaction.passages import ESCAPE, NOT_A_VALUE, QUOTE, Row, argument

_SECRET: Final = argument()
_USER_AND_SECRET: Final = argument(r"[^\s:\"'\\]{0,80}:")
_SAID: Final = r"(?:echo|printf)(?:[ \t]+-[neE]{1,3})?(?:[ \t]+[\"']?%s(?:\\{1,4}n)?[\"']?)?[ \t]+"
_PIPED: Final = r"(?:\\{0,15}[\"'])?[ \t]{0,9}\|\s{0,9}(?:\\\n\s{0,20})?(?:sudo (?:-\w )?|npx |pnpm )?"
_NAME: Final = (
    r"(?:[\w.\[-]{0,40}[_.\[-])?(?i:password|passwd|pass|pwd|passphrase|(?:client[_-]?)?secret|api[_-]?key|secret[_-]?key"
    r"|(?:access[_-]?|auth[_-]?)?token)\]?="
)
_ENDS_NAME: Final = (
    "ssword=",
    "SSWORD=",
    "asswd=",
    "pass=",
    "PASS=",
    "ecret=",
    "ECRET=",
    "key=",
    "KEY=",
    "oken=",
    "OKEN=",
)
_WORDS: Final = r"[^\s\"'&;,=%{}$<>()\\`]{1,64}"
_FLAG: Final = (
    r"(?:[\w-]{0,40}-)?(?:password|passwd|requirepass|masterauth|secret|token|api-key|secret-key|access-token)"
)
_HERE: Final = r"<<-?[ \t]{0,4}\\{0,3}[\"']?\w{1,40}[\"']?"


def _gated(needles: tuple[str, ...], *rows: tuple[str, str]) -> dict[str, tuple[Row, ...]]:
    return {needle: tuple(Row("password", (needle,), *row) for row in rows) for needle in needles}


SCRIPTS: Final[dict[str, tuple[Row, ...]]] = {
    "|": (
        Row(
            "password",
            ("echo ", "printf "),
            rf"{_SAID}{_SECRET}{_PIPED}(?:(?:docker|podman|nerdctl|helm|crane|oras|skopeo|buildah)\b[^\n|;]{{1,200}}"
            r"-stdin|sudo -\w{0,3}S|passwd --stdin|gh (?:auth login|secret set)|wrangler (?:pages )?secret put"
            r"|docker secret create|gpg2?\b[^\n|;]{1,80}passphrase-fd|cryptsetup|kinit"
            r"|gcloud secrets (?:create|versions add)|openssl passwd[^\n|;]{0,40} -stdin|mkpasswd|smbpasswd|htpasswd)",
        ),
        Row("password", ("chpasswd",), rf"{_SAID}{_USER_AND_SECRET}{_PIPED}chpasswd"),
    ),
    # An answer to a prompt: `expect "assword:"; send "X\r"`
    **_gated(
        ("send ", "send\t"),
        (
            (
                r"ass(?:word|phrase|code)[^\n]{0,20}(?:\r?\n|\\n)?[ ;{\t]{0,20}send[ \t]+(?:--[ \t]+)?"
                rf"\\{{0,15}}[\"'{{]{NOT_A_VALUE}(?P<value>(?:[^\n\"$\\\[]|{ESCAPE}){{1,100}}?)\\{{1,4}}[rn]"
            ),
            "",
        ),
    ),
    **_gated(("NetworkCredential(",), (rf"NetworkCredential\([^,\n]{{1,100}},\s{{0,9}}(?={QUOTE}){_SECRET}", "")),
    # .curlrc
    **_gated(('user = "', 'user = \\"'), (rf"user = {_USER_AND_SECRET}", "")),
    **_gated(
        ("OAuth ",),
        (rf"uthorization(?:{QUOTE})?[ \t]?[:=][ \t]?(?:{QUOTE})?OAuth (?P<value>[^\s\"'\\,=]{{6,}})", ""),
    ),
    # Here-documents
    **_gated(
        ("chpasswd",),
        (
            (
                rf"(?:chpasswd[^\n]{{0,60}}{_HERE}|{_HERE}[ \t]{{0,4}}\| {{0,4}}(?:sudo )?chpasswd)[^\n]{{0,40}}\n"
                r"(?:[ \t]{0,20}[\w.-]{1,40}:[^\n]{1,200}\n){1,40}"
            ),
            rf"(?<=\n)[ \t]{{0,20}}[\w.-]{{1,40}}:{NOT_A_VALUE}(?P<value>[^\s:]{{1,200}})",
        ),
    ),
    **_gated(
        ("ftp -",),
        (
            rf"ftp -[^\n]{{1,200}}{_HERE}[^\n]{{0,40}}\n(?:[^\n]{{0,200}}\n){{1,8}}",
            rf"(?:user[ \t]+\S{{1,80}}|(?:quote )?(?:pass|PASS)|password)[ \t]+{NOT_A_VALUE}(?P<value>\S{{1,99}})\r?\n",
        ),
    ),
    # A list of arguments in YAML: the flag on one line, its value on the next
    **_gated(
        ("- --", '- "--', "- '--", "- -"),
        (rf"- [\"']?--?{_FLAG}[\"']?[ \t]*\r?\n[ \t]{{0,40}}- {_SECRET}", ""),
    ),
    # An argument in quotes of its own: `--var 'db_password=X'`; of several words without a flag, too
    **_gated(
        _ENDS_NAME,
        (
            (
                rf"(?<=[ \t=](?=\\{{0,15}}[\"']))(?<=\w[ \t=])(?P<quote>{QUOTE}){_NAME}"
                rf"(?P<value>{_WORDS}(?: {_WORDS}){{1,4}})(?P=quote)"
            ),
            "",
        ),
        (
            rf"-(?<=[ \t]-)(?:-?[a-z][a-z-]{{0,20}})[ \t=](?P<quote>{QUOTE}){_NAME}(?P<value>{_WORDS})(?P=quote)",
            "",
        ),
    ),
}
