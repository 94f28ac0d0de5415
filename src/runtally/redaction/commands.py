"""The secrets in command lines, by program: `mysql -pX`, `curl -u ann:X`, `echo X | docker login --password-stdin`.

A flag means nothing without its program: `-p` is a password, a port, a parent directory or a process.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

from runtally.redaction.allowance import SHAPE_EFFORT, VALUE_EFFORT, Allowance
from runtally.redaction.passages import NOT_A_VALUE, QUOTE, Found, argument, compiled, places

# A list in JSON may be a command line too: `["mysql", "-u", "root", "-pX"]`.
_BETWEEN: Final = rf"(?:[ \t]|[\\`^]\r?\n|\\\\\\n|{QUOTE},\s{{0,20}}(?={QUOTE})){{1,20}}"
_WORD: Final = r"(?:\"[^\"\n]{0,200}\"|'[^'\n]{0,200}'|[^\s\"'\\]{1,200})"
_SECRET: Final = argument()
# `user:password`, the password in quotes of its own maybe; a domain before the user's name; but no address.
_USER_AND_SECRET: Final = argument(
    rf"(?!\w{{1,9}}://)[^\s:\"'\\]{{0,80}}(?:\\{{1,2}}(?=\w)[^\s:\"'\\]{{0,80}})?:(?:{QUOTE}(?=[\w!@#%^&*]))?"
)
_USER_AT_HOST: Final = r"(?<=[\s\"'=])[\w.%-]{1,64}:(?P<value>[^\s:@/\"'\\]{1,128})(?=@[\w.-])"
_NAMELESS: Final = r"(?:\\{0,15}[\"'])?(?P<value>(?=[\w-]{0,99}\d)[\w.-]{12,200}):(?=[\s\"'\\])"
_USER_PERCENT_SECRET: Final = argument(r"[^\s%\"']{1,80}%")
_NEXT: Final = rf"{_BETWEEN}{_SECRET}"
_ENDS: Final = r"(?=[\"'\\ \t)]{0,20}(?:\d?[<>]|[\r\n]|\Z))"
_NEXT_ARGUMENTS: Final = (
    r"(?<=[\s\"'])(?!(?:\w{1,40}[_-])?(?i:host|hostname|user|username|login|port|ttl|ur[il]|region|e?mail"
    r"|policies|type|lease|version)=)"
    rf"\w[\w./-]{{0,80}}=(?!@|\w{{1,20}}://){_SECRET}"
)


def _after(flags: str, value: str = _SECRET) -> str:
    """The argument after one of the flags, or behind `=`."""
    return rf"-(?<=[\s\"'`]-)(?:{flags})(?:{_BETWEEN}|=){value}"


def _at(flags: str, value: str = _SECRET) -> str:
    """As `_after`, or in the same argument as the flag."""
    return rf"-(?<=[\s\"'`]-)(?:{flags})(?:{_BETWEEN}|=)?{value}"


def _glued(flags: str) -> str:
    """Only in the same argument as the flag."""
    return rf"-(?<=[\s\"'`]-)(?:{flags})(?=[^\s\"'\\=]|{QUOTE}[^\s\"',\]\\]){_SECRET}"


_OPTIONS: Final = (" -", '"-', "'-")


class Command(NamedTuple):
    """Where the secrets stand behind a program's name; what must stand before them there, if anything; and the pieces
    of text one of which every such line has: by them it is found.
    """

    values: str
    subcommand: str = ""
    needles: tuple[str, ...] = _OPTIONS


def _without_options(needles: tuple[str, ...], values: str, subcommand: str = "") -> Command:
    return Command(values, subcommand, needles)


def _programs(names: str, *commands: Command | str) -> dict[str, tuple[Command, ...]]:
    return dict.fromkeys(names.split(), tuple(Command(one) if isinstance(one, str) else one for one in commands))


_HERE_STRING: Final = _without_options(("<<<",), rf"<<<[ \t]*{_SECRET}")
_ORACLE: Final = (*_OPTIONS, "sqlplus ", "sqlldr ", "rman target ", "sqlcl ", "pdp ", "userid=")

PROGRAMS: Final[Mapping[str, tuple[Command, ...]]] = {
    # Databases
    **_programs(
        "mysql mysqldump mysqlimport mysqlshow mysqlcheck mysqlpump mysqlsh mysqlslap mysqlbinlog mariadb mariadb-dump",
        _glued("p"),
        _after("-password"),
        _without_options((*_OPTIONS, "mysqlsh "), _USER_AT_HOST),
    ),
    **_programs("mycli pgcli litecli", _at("p"), _after("-password")),
    **_programs(
        "mysqladmin mariadb-admin",
        _glued("p"),
        Command(rf"(?<=\spassword){_NEXT}", r"-\w"),
    ),
    **_programs(
        "mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat mongotop cqlsh arangosh couchbase-cli"
        " evil-winrm crackmapexec netexec nxc smbmap rdesktop ncftp ncftpput steghide twine psexec conan"
        " sshpass useradd usermod pihole",
        _at("p"),
        _after("-password"),
    ),
    **_programs(
        "beeline cypher-shell cbq cbbackupmgr cbimport cbexport hdbsql exaplus ksql rabbitmqadmin yt-dlp youtube-dl"
        " gallery-dl surreal",
        _after("p|-password|-pass"),
    ),
    **_programs("nodetool nzsql jmxterm", _after("pw|-password")),
    **_programs("vsql", _at("w")),
    **_programs("gsql ksql-cli", _at("W")),
    **_programs("influx influxd", _after("t|-token|-admin-token|-password|p")),
    **_programs(
        "neo4j-admin",
        _without_options(
            ("set-initial-password ",), rf"set-initial-password(?:{_BETWEEN}--require-password-change)?{_NEXT}"
        ),
    ),
    **_programs("grafana-cli grafana", _without_options(("reset-admin-password ",), rf"reset-admin-password{_NEXT}")),
    **_programs(
        "etcdctl",
        _after("-user", _USER_AND_SECRET),
        _without_options(("user add ",), rf"user add{_BETWEEN}{_USER_AND_SECRET}"),
        _without_options(
            ("etcdctl put ",), rf"put{_BETWEEN}/?[\w./-]{{0,120}}(?i:password|passwd|pass|secret|token|key){_NEXT}"
        ),
    ),
    **_programs(
        "consul",
        _without_options(
            ("kv put ",), rf"kv put{_BETWEEN}[\w./-]{{0,120}}(?i:password|passwd|pass|secret|token|key){_NEXT}"
        ),
    ),
    **_programs("redis-server valkey-server", _after("-requirepass|-masterauth")),
    **_programs("airflow superset flask", Command(_after("p"), "(?:users?|fab) create")),
    **_programs("rclone", _without_options(("obscure ",), rf"obscure{_NEXT}")),
    **_programs("swift", _after("K|-key")),
    **_programs("ansible-vault", _without_options(("encrypt_string ",), rf"encrypt_string{_NEXT}")),
    **_programs(
        "drush",
        _without_options(
            ("user:password ", "user-password ", "upwd "),
            rf"(?:user:password|user-password|upwd){_BETWEEN}{_WORD}{_NEXT}",
        ),
    ),
    **_programs(
        "isql iusql",
        _at("P"),
        rf"\A(?=[^\n]{{0,200}}\s-[vb](?:\s|\Z))(?:{_BETWEEN}-[vb])*(?:{_BETWEEN}(?!-){_WORD}){{2}}{_NEXT}",
    ),
    **_programs("sqlcmd bcp osql tsql ipmitool mosquitto_pub mosquitto_sub zip unzip", _at("P")),
    **_programs(
        "sqlplus expdp impdp sqlldr rman sqlcl",
        _without_options(
            _ORACLE,
            rf"(?:(?<=[\s\"'])(?<![<>] )|(?<=userid=))[\w$#.-]{{1,64}}(?:\[\w{{1,64}}\])?/{NOT_A_VALUE}"
            r"(?P<value>(?![^\s@]{1,80}\.(?:sql|ctl|par|log|dmp|dat|txt|csv)\b)[^\s@\"'/\\]+)(?=@|[\s\"'\\]|\Z)",
        ),
        _without_options(_ORACLE, r"/(?<=\w/)\\{0,9}\"(?P<value>[^\s\"\\]+)(?=\\{0,9}\"@)"),
    ),
    **_programs("exp imp", _without_options(("userid=",), r"userid=[\w$#]{1,64}/(?P<value>[^\s@\"'/\\]+)")),
    **_programs(
        "redis-cli valkey-cli keydb-cli",
        _at("a|-pass"),
        _without_options((" AUTH ",), rf"AUTH{_BETWEEN}(?:{_WORD}{_BETWEEN}(?!-))?{_SECRET}{_ENDS}"),
        _without_options(("config set ", "CONFIG SET "), rf"(?i:config set (?:requirepass|masterauth)){_NEXT}"),
        _without_options(("SETUSER ", "setuser "), r"(?<=[\s\"'])>(?P<value>[^\s\"'\\]+)", "(?:SETUSER|setuser)"),
    ),
    **_programs("db2", _without_options((" using ",), rf"connect to \S{{1,80}} user \S{{1,80}} using{_NEXT}")),
    **_programs(
        "rabbitmqctl",
        _without_options(
            ("_user ", "_password "), rf"(?:add_user|change_password|authenticate_user){_BETWEEN}{_WORD}{_NEXT}"
        ),
    ),
    # Accounts and hosts
    **_programs("sudo passwd cryptsetup kinit", _HERE_STRING),
    **_programs("chpasswd", _without_options(("<<<",), rf"<<<[ \t]*{_USER_AND_SECRET}")),
    **_programs("ssh-keygen", _after("[NP]")),
    **_programs("plink pscp psftp putty", _after("pw")),
    **_programs("htpasswd mosquitto_passwd", Command(rf"{_NEXT}{_ENDS}", r"-\w{0,9}b\w{0,9}")),
    **_programs(
        "ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami ldapcompare ldapmodrdn ldapexop dsconf kadmin", _at("w")
    ),
    **_programs("ldappasswd", _at("[was]")),
    **_programs("smbget rpcclient winexe smbcacls wmic wmiexec", _at("U|-user", _USER_PERCENT_SECRET)),
    **_programs(
        "smbclient",
        _at("U|-user", _USER_PERCENT_SECRET),
        _without_options(("smbclient ",), rf"\A{_BETWEEN}//[^\s\"']{{1,200}}{_BETWEEN}(?!-){_SECRET}"),
        _HERE_STRING,
    ),
    **_programs("samba-tool", _without_options((" user ",), rf"user (?:create|add){_BETWEEN}{_WORD}{_NEXT}")),
    **_programs(
        "net",
        _without_options(
            ("/user:", "/USER:"),
            rf"use{_BETWEEN}(?:(?:\w:|\*){_BETWEEN})?\\\\[^\s\"']{{1,200}}{_BETWEEN}(?!/){_SECRET}(?=[^\n]{{1,200}}/user:)",
        ),
        _without_options(("/user:", "/USER:"), rf"(?i:/user):\S{{1,80}}{_BETWEEN}(?!/){_SECRET}"),
        _without_options((" user ",), rf"\A{_BETWEEN}user{_BETWEEN}{_WORD}{_BETWEEN}(?!/){_SECRET}"),
        _at("U", _USER_PERCENT_SECRET),
    ),
    **_programs("cmdkey", _without_options(("/pass:", "/PASS:"), rf"/(?i:pass):{_SECRET}")),
    **_programs("xfreerdp xfreerdp3 wfreerdp", _without_options((" /p:",), rf"/p:{_SECRET}")),
    **_programs("schtasks", _without_options(("/rp ", "/RP ", " /p ", " /P "), rf"/(?i:r?p){_NEXT}")),
    **_programs("winrs", _without_options((*_OPTIONS, " /p:", " /password:"), rf"[-/](?i:p(?:assword)?):{_SECRET}")),
    **_programs("dsadd dsmod", _after("pwd")),
    **_programs("x11vnc", _after("passwd")),
    **_programs(
        "snmpwalk snmpget snmpset snmpbulkwalk snmpbulkget snmpgetnext snmptable snmpstatus snmptrap snmpdf",
        _at("[cAX]"),
    ),
    **_programs("nmcli", _without_options((" password ", ".psk "), rf"(?:password|[\w-]{{1,40}}\.psk){_NEXT}")),
    **_programs("wpa_passphrase", _without_options(("wpa_passphrase ",), rf"\A{_BETWEEN}{_WORD}{_NEXT}")),
    # HTTP and file transfer
    **_programs(
        "curl curlie",
        _at(r"[a-zA-Z#]{0,8}u|-user", _NAMELESS),
        _USER_AT_HOST,
        _at(r"[a-zA-Z#]{0,8}[uU]|-(?:proxy-)?user", _USER_AND_SECRET),
        _after("-pass|-proxy-pass|-oauth2-bearer|-(?:proxy-)?tlspassword"),
        _after("E|-(?:proxy-)?cert", argument(r"[^\s:\"'\\]{1,200}:")),
        _after("b|-cookie", argument(r"[\w.-]{1,80}=")),
        r"-b(?<=[\s\"'`]-b)(?=\w)" + argument(r"[\w.-]{1,80}="),
    ),
    **_programs(
        "http https httpie xh xhs",
        _after("a|-auth", _USER_AND_SECRET),
        Command(_after("a|-auth"), r"(?:-A|--auth-type)[ =](?:bearer|jwt)"),
    ),
    **_programs("ab", _after("[AP]", _USER_AND_SECRET), _after("C", argument(r"[\w.-]{1,80}="))),
    **_programs("hey oha", _after("a|x", _USER_AND_SECRET)),
    **_programs("hurl", _after("u|-user", _USER_AND_SECRET)),
    **_programs("nikto sqlmap", _after("id|-auth-cred", _USER_AND_SECRET)),
    **_programs("hydra medusa", _after("p")),
    **_programs("websocat wscat", _after("-basic-auth|-auth", _USER_AND_SECRET)),
    **_programs("lftp", _after("u|-user", argument(r"[^\s,\"'\\]{1,80},"))),
    **_programs(
        "mc",
        _without_options(("user add ",), rf"admin user add{_BETWEEN}{_WORD}{_BETWEEN}{_WORD}{_NEXT}"),
        _without_options(
            ("alias set ", "host add "),
            rf"(?:alias set|config host add){_BETWEEN}{_WORD}{_BETWEEN}{_WORD}{_BETWEEN}{_WORD}{_NEXT}",
        ),
    ),
    **_programs("swaks", _after("ap|-auth-password")),
    # Archives and cryptography
    **_programs("7z 7za 7zr 7zz rar unrar", _glued("h?p")),
    **_programs(
        "openssl",
        rf"-(?:pass|password|passin|passout){_BETWEEN}(?:{QUOTE})?pass:{_SECRET}",
        Command(_after("[kK]"), "(?:enc|aes|des|rc4|bf|camellia|chacha)"),
        _after("hmac"),
        rf"\A{_BETWEEN}passwd{_BETWEEN}(?:-(?:salt{_BETWEEN}{_WORD}|(?!salt)\w{{1,9}}){_BETWEEN}){{0,4}}(?!-){_SECRET}",
        rf"-macopt{_BETWEEN}(?:hex)?key:{_SECRET}",
    ),
    **_programs("gpg gpg2 gpgsm", _after("-passphrase")),
    **_programs("ccrypt ccencrypt ccdecrypt", _after("K|-key")),
    **_programs("keytool jarsigner keytool.exe", _after("(?:src|dest)?(?:store|key)pass|new")),
    **_programs("apksigner", rf"pass:{_SECRET}"),
    # Clouds, containers, packages
    **_programs(
        "docker podman nerdctl buildah skopeo crane oras helm",
        Command(_at("p"), "login"),
        _HERE_STRING,
        _after("-(?:src-|dest-)?creds", _USER_AND_SECRET),
    ),
    **_programs(
        "kubectl oc",
        rf"--from-literal(?:=|{_BETWEEN})(?:{QUOTE})?(?!(?:user(?:name)?|host|port)=)"
        rf"[\w.-]{{1,80}}=(?!\w{{1,20}}://){_SECRET}",
        Command(_at("p"), "login"),
    ),
    **_programs(
        "aws",
        _without_options(
            ("configure set ",), rf"configure set [\w.-]{{0,80}}(?:secret_access_key|session_token){_NEXT}"
        ),
        _after("-secret-string"),
        Command(_after("-value"), r"ssm put-parameter(?=[^\n]{0,400}SecureString)"),
    ),
    **_programs(
        "az",
        Command(_at("p"), "login|ad sp"),
        Command(
            _after("p"), "(?:sql|postgres|mysql|synapse|vm|vmss|webapp deployment)[^\n]{1,40}(?:create|update|set)"
        ),
        Command(_after("-value"), "keyvault secret set"),
    ),
    **_programs("gh", Command(_at("b|-body"), "secret set"), _HERE_STRING),
    **_programs("glab", Command(_after("t|-token"), "auth login"), _HERE_STRING),
    **_programs("doctl hcloud", _after("t|-access-token")),
    **_programs(
        "vault",
        _without_options(("vault ",), rf"login(?:{_BETWEEN}-[\w=-]+)*{_BETWEEN}(?![\w-]+=)(?:token=)?{_SECRET}"),
        _without_options(("unseal ",), rf"unseal{_NEXT}"),
        _without_options(("kv put ", "kv patch "), _NEXT_ARGUMENTS, "kv (?:put|patch)"),
    ),
    **_programs("fly flyctl supabase", _without_options(("secrets set ",), _NEXT_ARGUMENTS, "secrets set")),
    **_programs("pulumi", rf"--secret{_BETWEEN}{_WORD}{_NEXT}"),
    **_programs(
        "dotnet",
        _without_options(("user-secrets set ",), rf"user-secrets set{_BETWEEN}{_WORD}{_NEXT}"),
        Command(_after("k|-api-key"), "nuget push"),
        Command(_after("p|-password"), "nuget (?:add|update) source"),
    ),
    **_programs(
        "nuget",
        _without_options(("setapikey ", "setApiKey ", "SetApiKey "), rf"(?i:setapikey){_NEXT}"),
        _after("(?i:password|apikey)"),
    ),
    **_programs(
        "npm yarn pnpm",
        _without_options(
            ("_auth", "_password", "AuthToken"),
            rf"set \S{{0,200}}(?:_authToken|_auth|_password|AuthToken)[ =]{_SECRET}",
        ),
    ),
    **_programs("composer", _without_options(("http-basic.",), rf"http-basic\.\S{{1,80}}{_BETWEEN}{_WORD}{_NEXT}")),
    **_programs(
        "poetry",
        _without_options(
            ("http-basic.", "pypi-token."),
            rf"(?:http-basic\.\S{{1,80}}{_BETWEEN}{_WORD}|pypi-token\.\S{{1,80}}){_NEXT}",
        ),
    ),
    **_programs("ngrok", _without_options(("authtoken ",), rf"authtoken{_NEXT}")),
    **_programs("snyk", _without_options(("snyk auth ",), rf"\A{_BETWEEN}auth{_BETWEEN}(?!-){_SECRET}")),
    **_programs("codecov codecovcli", _after("t|-token")),
    # Windows
    **_programs(
        "ConvertTo-SecureString",
        _without_options(
            ("SecureString ",), rf"\A(?:{_BETWEEN}-(?i:string|asplaintext|force))*{_BETWEEN}(?!-){_SECRET}"
        ),
    ),
    **_programs("Set-Secret", _after("(?i:secret)")),
    **_programs("setx", _without_options(("setx ",), rf"\w{{0,60}}(?i:key|token|secret|password|passwd|pwd){_NEXT}")),
}

_STEMS: Final = ("pass", "auth", "onfig set ", "ecret")
_OF_PROGRAMS: Final = {" user ": ("net ", "net.exe ", "samba-tool ", "db2 ")}
"""What is a word of prose, too, and a part of commands with these programs alone."""


def _places() -> dict[str, tuple[str, ...]]:
    """Every needle of every command, by a gate that is in every text with it: a stem that several share, or itself."""
    needles = dict.fromkeys(needle for commands in PROGRAMS.values() for one in commands for needle in one.needles)
    by_gate: dict[str, tuple[str, ...]] = {}
    for needle in needles:
        for gate in _OF_PROGRAMS.get(needle) or (next((stem for stem in _STEMS if stem in needle), needle),):
            by_gate[gate] = (*by_gate.get(gate, ()), needle)
    return by_gate


PLACES: Final = _places()
_NAME: Final = r"[A-Za-z\d](?:(?<![\w.$-].)|(?<=\\n.))[\w.-]{1,30}(?=[\s\"'\\])"
# In escaped text a line ends with `\\n`, or with twice or four times the backslash; with three it is continued.
_LINE_BEGINS: Final = r"\n(?<![\\`^]\n)(?<![\\`^]\r\n)|(?<!\\)\\(?:\\(?:\\\\)?)?n"
_LINE: Final = r"(?:[^\n\\`^]{1,100}|[\\`^]\r?\n|[`^]|\\\\\\n|\\(?!n))*"
# To the end of the command within its line; what is quoted does not end it.
_REST: Final = (
    r"(?:[^\n|;&\\\"'`^]{1,100}|\^(?!\r?\n)|\"[^\"\n]{0,200}\"|'[^'\n]{0,200}'|[\\`^]\r?\n|\\\\\\n"
    r"|\\(?!n)|[|;&](?![|;&\s])|[\"'])*"
)
_CHARS_BEFORE: Final = 400
_CHARS_AFTER: Final = 2000
_PROGRAMS_IN_LINE: Final = 4


def find(text: str, gates: Iterable[str], allowance: Allowance) -> Iterator[Found]:
    """Every secret in a command line in `text`, in no order; they may overlap, and some may be placeholders.

    `gates` are those of `PLACES` that are in the text.
    """
    done = 0
    for at in places([needle for gate in gates for needle in PLACES.get(gate, ())], text, allowance):
        if at >= done:
            start = max(done, at - _CHARS_BEFORE)
            for begins in compiled(_LINE_BEGINS).finditer(text, start, at):
                start = begins.end()
            line = compiled(_LINE).match(text, at + 1, at + _CHARS_AFTER)
            done = line.end() if line else at + 1
            yield from _in_line(text, start, done, allowance)


def _in_line(text: str, start: int, end: int, allowance: Allowance) -> Iterator[Found]:
    names = (name for name in compiled(_NAME).finditer(text, start, end) if name[0].removesuffix(".exe") in PROGRAMS)
    for name in islice(names, _PROGRAMS_IN_LINE):
        allowance.spend(SHAPE_EFFORT)
        rest = compiled(_REST).match(text, name.end(), end)
        if rest:
            for command in PROGRAMS[name[0].removesuffix(".exe")]:
                allowance.spend(VALUE_EFFORT)
                yield from _found(command, rest[0], rest.start())


def _found(command: Command, rest: str, offset: int) -> Iterator[Found]:
    begins = 0
    if command.subcommand:
        subcommand = compiled(rf"(?<=[\s\"'])(?:{command.subcommand})").search(rest)
        if not subcommand:
            return
        begins = subcommand.end()
    for value in compiled(command.values).finditer(rest, begins):
        yield Found("password", offset + value.start("value"), offset + value.end("value"))
