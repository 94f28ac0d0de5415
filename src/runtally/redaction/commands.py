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


class Command(NamedTuple):
    """Where the secrets stand behind a program's name; what must stand before them there, if anything."""

    values: str
    subcommand: str = ""


def _programs(names: str, *commands: Command | str) -> dict[str, tuple[Command, ...]]:
    return dict.fromkeys(names.split(), tuple(Command(one) if isinstance(one, str) else one for one in commands))


PROGRAMS: Final[Mapping[str, tuple[Command, ...]]] = {
    # Databases
    **_programs(
        "mysql mysqldump mysqlimport mysqlshow mysqlcheck mysqlpump mysqlsh mysqlslap mysqlbinlog mariadb mariadb-dump",
        _glued("p"),
        _after("-password"),
        _USER_AT_HOST,
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
    **_programs("neo4j-admin", rf"set-initial-password(?:{_BETWEEN}--require-password-change)?{_NEXT}"),
    **_programs("grafana-cli grafana", rf"reset-admin-password{_NEXT}"),
    **_programs(
        "etcdctl",
        _after("-user", _USER_AND_SECRET),
        rf"user add{_BETWEEN}{_USER_AND_SECRET}",
        rf"put{_BETWEEN}/?[\w./-]{{0,120}}(?i:password|passwd|pass|secret|token|key){_NEXT}",
    ),
    **_programs("consul", rf"kv put{_BETWEEN}[\w./-]{{0,120}}(?i:password|passwd|pass|secret|token|key){_NEXT}"),
    **_programs("redis-server valkey-server", _after("-requirepass|-masterauth")),
    **_programs("airflow superset flask", Command(_after("p"), "(?:users?|fab) create")),
    **_programs("rclone", rf"obscure{_NEXT}"),
    **_programs("swift", _after("K|-key")),
    **_programs("ansible-vault", rf"encrypt_string{_NEXT}"),
    **_programs("drush", rf"(?:user:password|user-password|upwd){_BETWEEN}{_WORD}{_NEXT}"),
    **_programs(
        "isql iusql",
        _at("P"),
        rf"\A(?=[^\n]{{0,200}}\s-[vb](?:\s|\Z))(?:{_BETWEEN}-[vb])*(?:{_BETWEEN}(?!-){_WORD}){{2}}{_NEXT}",
    ),
    **_programs("sqlcmd bcp osql tsql ipmitool mosquitto_pub mosquitto_sub zip unzip", _at("P")),
    **_programs(
        "sqlplus expdp impdp sqlldr rman sqlcl",
        rf"(?:(?<=[\s\"'])(?<![<>] )|(?<=userid=))[\w$#.-]{{1,64}}(?:\[\w{{1,64}}\])?/{NOT_A_VALUE}"
        r"(?P<value>(?![^\s@]{1,80}\.(?:sql|ctl|par|log|dmp|dat|txt|csv)\b)[^\s@\"'/\\]+)(?=@|[\s\"'\\]|\Z)",
        r"/(?<=\w/)\\{0,9}\"(?P<value>[^\s\"\\]+)(?=\\{0,9}\"@)",
    ),
    **_programs("exp imp", r"userid=[\w$#]{1,64}/(?P<value>[^\s@\"'/\\]+)"),
    **_programs(
        "redis-cli valkey-cli keydb-cli",
        _at("a|-pass"),
        rf"AUTH{_BETWEEN}(?:{_WORD}{_BETWEEN}(?!-))?{_SECRET}{_ENDS}",
        rf"(?i:config set (?:requirepass|masterauth)){_NEXT}",
        Command(r"(?<=[\"'])>(?P<value>[^\s\"'\\]+)", "(?:SETUSER|setuser)"),
    ),
    **_programs("db2", rf"connect to \S{{1,80}} user \S{{1,80}} using{_NEXT}"),
    **_programs("rabbitmqctl", rf"(?:add_user|change_password|authenticate_user){_BETWEEN}{_WORD}{_NEXT}"),
    # Accounts and hosts
    **_programs("sudo passwd cryptsetup kinit", rf"<<<[ \t]*{_SECRET}"),
    **_programs("chpasswd", rf"<<<[ \t]*{_USER_AND_SECRET}"),
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
        rf"\A{_BETWEEN}//[^\s\"']{{1,200}}{_BETWEEN}(?!-){_SECRET}",
        rf"<<<[ \t]*{_SECRET}",
    ),
    **_programs("samba-tool", rf"user (?:create|add){_BETWEEN}{_WORD}{_NEXT}"),
    **_programs(
        "net",
        rf"use{_BETWEEN}(?:(?:\w:|\*){_BETWEEN})?\\\\[^\s\"']{{1,200}}{_BETWEEN}(?!/){_SECRET}(?=[^\n]{{1,200}}/user:)",
        rf"(?i:/user):\S{{1,80}}{_BETWEEN}(?!/){_SECRET}",
        rf"\A{_BETWEEN}user{_BETWEEN}{_WORD}{_BETWEEN}(?!/){_SECRET}",
        _at("U", _USER_PERCENT_SECRET),
    ),
    **_programs("cmdkey", rf"/(?i:pass):{_SECRET}"),
    **_programs("xfreerdp xfreerdp3 wfreerdp", rf"/p:{_SECRET}"),
    **_programs("schtasks", rf"/(?i:r?p){_NEXT}"),
    **_programs("winrs", rf"[-/](?i:p(?:assword)?):{_SECRET}"),
    **_programs("dsadd dsmod", _after("pwd")),
    **_programs("x11vnc", _after("passwd")),
    **_programs(
        "snmpwalk snmpget snmpset snmpbulkwalk snmpbulkget snmpgetnext snmptable snmpstatus snmptrap snmpdf",
        _at("[cAX]"),
    ),
    **_programs("nmcli", rf"(?:password|[\w-]{{1,40}}\.psk){_NEXT}"),
    **_programs("wpa_passphrase", rf"\A{_BETWEEN}{_WORD}{_NEXT}"),
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
        rf"admin user add{_BETWEEN}{_WORD}{_BETWEEN}{_WORD}{_NEXT}",
        rf"(?:alias set|config host add){_BETWEEN}{_WORD}{_BETWEEN}{_WORD}{_BETWEEN}{_WORD}{_NEXT}",
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
        rf"<<<[ \t]*{_SECRET}",
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
        rf"configure set [\w.-]{{0,80}}(?:secret_access_key|session_token){_NEXT}",
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
    **_programs("gh", Command(_at("b|-body"), "secret set"), rf"<<<[ \t]*{_SECRET}"),
    **_programs("glab", Command(_after("t|-token"), "auth login"), rf"<<<[ \t]*{_SECRET}"),
    **_programs("doctl hcloud", _after("t|-access-token")),
    **_programs(
        "vault",
        rf"login(?:{_BETWEEN}-[\w=-]+)*{_BETWEEN}(?![\w-]+=)(?:token=)?{_SECRET}",
        rf"unseal{_NEXT}",
        Command(_NEXT_ARGUMENTS, "kv (?:put|patch)"),
    ),
    **_programs("fly flyctl supabase", Command(_NEXT_ARGUMENTS, "secrets set")),
    **_programs("pulumi", rf"--secret{_BETWEEN}{_WORD}{_NEXT}"),
    **_programs(
        "dotnet",
        rf"user-secrets set{_BETWEEN}{_WORD}{_NEXT}",
        Command(_after("k|-api-key"), "nuget push"),
        Command(_after("p|-password"), "nuget (?:add|update) source"),
    ),
    **_programs("nuget", rf"(?i:setapikey){_NEXT}", _after("(?i:password|apikey)")),
    **_programs("npm yarn pnpm", rf"set \S{{0,200}}(?:_authToken|_auth|_password|AuthToken)[ =]{_SECRET}"),
    **_programs("composer", rf"http-basic\.\S{{1,80}}{_BETWEEN}{_WORD}{_NEXT}"),
    **_programs("poetry", rf"(?:http-basic\.\S{{1,80}}{_BETWEEN}{_WORD}|pypi-token\.\S{{1,80}}){_NEXT}"),
    # Windows
    **_programs("ConvertTo-SecureString", rf"\A(?:{_BETWEEN}-(?i:string|asplaintext|force))*{_BETWEEN}(?!-){_SECRET}"),
    **_programs("Set-Secret", _after("(?i:secret)")),
    **_programs("setx", rf"\w{{0,60}}(?i:key|token|secret|password|passwd|pwd){_NEXT}"),
}

PLACES: Final[dict[str, tuple[str, ...]]] = {
    # By a gate that is in every text with them: a flag; and, of commands that need none, what is in them all.
    " -": (" -",),
    '"-': ('"-',),
    "'-": ("'-",),
    "<<<": ("<<<",),
    " /p:": (" /p:",),
    "/rp ": ("/rp ", "/RP "),
    "initial-password": ("set-initial-password ",),
    "admin-password ": ("reset-admin-password ",),
    "user:password ": ("user:password ",),
    "user add ": ("user add ",),
    "host add ": ("host add ",),
    "sqlldr ": ("sqlldr ",),
    "rman target ": ("rman target ",),
    "sqlcl ": ("sqlcl ",),
    "mysqlsh ": ("mysqlsh ",),
    "kv put ": ("kv put ",),
    "onfig set ": ("config set ",),
    "ONFIG SET ": ("CONFIG SET ",),
    "etcdctl put ": ("etcdctl put ",),
    "obscure ": ("obscure ",),
    "smbclient ": ("smbclient ",),
    "encrypt_string ": ("encrypt_string ",),
    "_user ": ("_user ",),
    "/user:": ("/user:",),
    "userid=": ("userid=",),
    # ` user ` is a word of prose, too, and a part of commands with these programs alone.
    **dict.fromkeys(("net ", "net.exe ", "samba-tool ", "db2 "), (" user ",)),
    "pass": ("/pass:", "_passphrase ", "_passwd", "_password ", "password "),
    "ecret": ("secrets set ", "_secret_"),
    "auth": ("_auth",),
    "cureString": ("SecureString ",),
    "sqlplus": ("sqlplus ",),
    "pdp ": ("pdp ",),
    "vault ": ("vault ",),
    "setx ": ("setx ",),
    "AUTH ": (" AUTH ",),
    "alias set ": ("alias set ",),
    "http-basic.": ("http-basic.",),
}
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
