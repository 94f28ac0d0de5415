"""What servers and their clients log in with, where no name with `=` or `:` says so: data for `passages`."""

import re
from typing import Final

from runtally.redaction.passages import LINE_END, NOT_A_VALUE, QUOTE, Row, argument

_GAP: Final = r"[ \t]{1,20}"
_ARGUMENT: Final = argument()
_ENDS_LINE: Final = rf"(?=[ \t]{{0,20}}(?:{LINE_END}|{QUOTE}|\Z))"
_MADE_UP: Final = r"(?=[^\s\"']{0,40}[\d!@#$%^&*+=~?])"
_STRING: Final = r"[\"'][^\"'\n]{1,100}[\"']"
_FIELD: Final = r"(?:[^\s:\\\"']|\\[:\\]){1,100}"
_PGPASS: Final = rf":{_FIELD}:{_FIELD}:(?P<value>{_MADE_UP}(?:[^\s:\\\"']|\\[:\\]){{1,200}}){_ENDS_LINE}"

ACCOUNTS: Final[dict[str, tuple[Row, ...]]] = {
    # .pgpass, with a port that is not the usual one
    **{
        f":{port}:": (Row("password", (f":{port}:",), rf":{port}{_PGPASS}"),)
        for port in (5433, 5434, 5439, 6432, 6543, 26257)
    },
    # pgbouncer's userlist.txt
    '" "': (
        Row(
            "password",
            ('"md5', '"SCRAM-'),
            r"\"[ \t](?P<value>\"(?:md5[0-9a-f]{32}|SCRAM-SHA-256\$[\w+/=$:]{40,300})\")",
        ),
        Row(
            "password",
            ('"md5', '"SCRAM-', "userlist", "pgbouncer"),
            rf"\"[\w.@-]{{1,64}}\"(?<![^\n]{{1}}\"[\w])[ \t]\"(?P<value>{_MADE_UP}[^\"\n]{{3,100}})\"[ \t]{{0,4}}(?=\r?\n|\Z)",  # noqa: E501
        ),
    ),
    # A Go program's name of a MySQL database
    "@tcp(": (Row("password", ("@tcp(",), r":(?P<value>[^\s@:\"'`\]\[]{1,100})@tcp\("),),
    "@unix(": (Row("password", ("@unix(",), r":(?P<value>[^\s@:\"'`\]\[]{1,100})@unix\("),),
    # Kafka and ZooKeeper
    "user_": (
        Row(
            "password",
            ("LoginModule",),
            r"user_(?<=[\s;]user_)[\w.-]{1,40}=\\{0,3}\"(?P<value>[^\"\n\\]{3,100})\\{0,3}\"",
        ),
    ),
    "addauth": (Row("password", ("addauth ",), rf"addauth{_GAP}digest{_GAP}[\w.-]{{1,60}}:{_ARGUMENT}"),),
    # Erlang
    '<<"': (
        Row(
            "password",
            ('<<"',),
            r"(?:pass|password|secret|token|cookie|key),\s{0,9}<<\"(?P<value>[^\"\n]{4,200})\">>",
        ),
    ),
    "setcookie ": (Row("cookie", ("-setcookie ",), r"-setcookie (?P<value>\w{6,100})(?!\w)"),),
    # Squid
    "cache": (
        Row("password", ("cache_peer",), r"login=(?<=[ \t]login=)[^\s:]{1,64}:(?P<value>[^\s:\[\]]{1,100})"),
        Row("password", ("cachemgr_passwd",), rf"cachemgr_passwd{_GAP}(?!disable|none){_ARGUMENT}"),
    ),
    # nginx
    "secure_link_md5": (
        Row(
            "secret",
            ("secure_link_md5",),
            r"secure_link_md5[ \t]{1,20}\"(?:[^\"\s]{1,100} ){1,4}(?P<value>(?![$\[])[^\"\s]{2,100})\"",
        ),
    ),
    "dns ": (
        Row(
            "token",
            ("dns ",),
            rf"dns{_GAP}(?:cloudflare|digitalocean|hetzner|gandi|vultr|linode|duckdns|porkbun|ovh|namecheap|bunny|desec)"
            rf"{_GAP}(?P<value>(?=[\w-]{{0,60}}\d)[\w-]{{20,}})",
        ),
    ),
    # Traefik
    "hmacEncoded": (Row("secret", ("hmacEncoded",), r"hmacEncoded\W{1,4}(?P<value>[\w-]{20,}={0,2})"),),
    "digest": (
        Row("password_hash", ("digestAuth", "htdigest"), r"[\w.@-]:[\w .-]{1,64}:(?P<value>[0-9a-f]{32})(?!\w)"),
    ),
    # Redis
    " on #": (Row("password_hash", (" on #",), r"user [\w.@-]{1,64} on #(?P<value>[0-9a-f]{64})(?!\w)"),),
    "rename-command": (
        Row(
            "secret",
            ("rename-command",),
            rf"rename-command{_GAP}[A-Za-z]{{2,20}}{_GAP}(?P<value>(?=[^\s\d]{{0,40}}\d)[\w-]{{8,80}})",
        ),
    ),
    # Elasticsearch's tools
    "PASSWORD ": (Row("password", ("PASSWORD ",), r"PASSWORD \w{3,30} = (?P<value>[\w*+=-]{12,40})(?!\S)"),),
    "assword for the ": (
        Row(
            "password",
            ("assword for the ",),
            r"assword for the [^\n]{1,120}:(?:\x1b\[\d{1,3}m|\s|\\n){1,8}(?P<value>(?=[^\s\d]{0,40}\d)[\w*+=-]{12,40})(?!\S)",  # noqa: E501
        ),
    ),
    # Nagios
    "$USER": (Row("password", ("$USER",), r"\$USER\d{1,2}\$=(?P<value>(?![/.\[])[^\s$]{4,100})(?=\s|\Z)"),),
    # Tasmota, mbsync, wallets
    "assword": (
        Row(
            "password",
            ("Backlog", "MqttHost"),
            r"(?:Mqtt|Web|;[ ]|Backlog[ ])?Password[12]? (?P<value>[^\s;\"'=:]{4,64})(?=;|\s{0,4}(?:\n|\Z))",
        ),
        Row(
            "password",
            ("pplication pass", "App pass", "app pass"),
            r"assword[^\n:=]{0,30}[:=][ \t]{0,4}[\"'`]?(?P<value>(?:[A-Za-z0-9]{4} ){3,5}[A-Za-z0-9]{4})(?![\w ])",
        ),
    ),
    "Pass ": (
        Row(
            "password",
            ("User ",),
            rf"User{_GAP}[^\s\\]{{1,100}}{LINE_END}[ \t]{{0,8}}Pass{_GAP}{_ARGUMENT}{_ENDS_LINE}",
        ),
    ),
    "walletpassphrase ": (
        Row(
            "password", ("walletpassphrase ",), r"walletpassphrase (?P<quote>[\"'])(?P<value>[^\"'\n]{4,100})(?P=quote)"
        ),
    ),
    "sasl": (
        Row(
            "password",
            ("sasl_passwd", "sasl_password", "relayhost"),
            rf"(?:\]|\.[a-z]{{2,10}})(?::\d{{2,5}})?{_GAP}[\w.@-]{{1,80}}:(?P<value>{_MADE_UP}[^\s:\"']{{4,100}}){_ENDS_LINE}",
        ),
    ),
    # PHP: a password is the last of three
    **{
        gate: (
            Row(
                "password",
                (gate,),
                rf"{name}\(\s{{0,20}}(?:[^\"'()\n,]{{1,60}}|\"[^\"\n]{{0,200}}\"|'[^'\n]{{0,200}}'),\s{{0,20}}"
                rf"(?:[^\"'()\n,]{{1,60}}|\"[^\"\n]{{0,100}}\"|'[^'\n]{{0,100}}'),\s{{0,20}}"
                rf"(?P<quote>[\"']){NOT_A_VALUE}(?P<value>(?!\$)[^\"'\n]{{3,100}})(?P=quote)",
            ),
        )
        for gate, name in (
            ("mysqli_connect(", "mysqli_connect"),
            ("mysql_connect(", "mysql_connect"),
            ("mysqli(", "mysqli"),
            ("PDO(", "PDO"),
            ("_login(", "ftp_login"),
            ("_bind(", "ldap_bind"),
            ("_auth_password(", "ssh2_auth_password"),
            ("imap_open(", "imap_open"),
        )
    },
    "_USERPWD": (
        Row(
            "password",
            ("_USERPWD",),
            rf"CURLOPT_(?:PROXY)?USERPWD\W{{1,8}}[\w.@-]{{1,80}}:{NOT_A_VALUE}(?P<value>[^\s\"'\[]{{3,100}})",
        ),
    ),
    "->auth(": (
        Row(
            "password", ("->auth(",), rf"->auth\((?P<quote>[\"']){NOT_A_VALUE}(?P<value>[^\"'\n]{{4,100}})(?P=quote)\)"
        ),
    ),
    "crypt'": (
        Row(
            "secret", ("'crypt'",), r"'crypt'\s{0,4}=>\s{0,4}\[\s{0,20}'key'\s{0,4}=>\s{0,4}'(?P<value>[\w-]{16,100})'"
        ),
    ),
    # Ruby
    "set :": (
        Row(
            "secret",
            ("set :",),
            r"set :\w{0,30}(?:secret|password|token|api_key)\w{0,9}, {0,4}(?P<quote>[\"'])(?P<value>[^\"'\n]{8,300})(?P=quote)",  # noqa: E501
        ),
    ),
    "omniauth ": (
        Row(
            "secret",
            ("omniauth ",),
            r"omniauth :\w{1,40},\s{0,20}[\"'][^\"'\n]{1,120}[\"'],\s{0,20}[\"'](?P<value>[\w-]{16,100})[\"']",
        ),
    ),
    "provider :": (
        Row(
            "secret",
            ("provider :",),
            r"provider :\w{1,40},\s{0,20}[\"'][^\"'\n]{1,120}[\"'],\s{0,20}[\"'](?P<value>[\w-]{16,100})[\"']",
        ),
    ),
    # What is given in its place, not by its name
    **{
        f"{call}(": (
            Row(
                "password",
                (f"{call}(",),
                rf"{re.escape(call)}\({before}(?P<quote>[\"']){NOT_A_VALUE}(?P<value>[^\"'\n]{{3,100}})(?P=quote)",
            ),
        )
        for call, before in (
            ("PlainTextAuthProvider", _STRING + ", {0,4}"),
            ("auth.basic", _STRING + ", {0,4}"),
            ("pymssql.connect", f"(?:{_STRING}, {{0,4}}){{2}}"),
            ("wandb.login", "key="),
            ("DeepgramClient", ""),
        )
    },
    "thin:": (Row("password", ("thin:",), r"oracle:thin:\w{1,40}/(?P<value>[^\s@\"'\[]{3,60})@"),),
    "oracledb": (Row("password", ("connect(",), r"connect\([\"']\w{1,40}/(?P<value>[^\s@\"'\[]{3,60})@"),),
    # Programs that are told once
    "wandb login": (Row("api_key", ("wandb login",), r"wandb login (?:--\w{1,20} ){0,4}(?P<value>\w{40,90})(?!\w)"),),
    "snyk auth": (Row("api_key", ("snyk auth",), r"snyk auth (?P<value>[0-9a-f]{8}-[0-9a-f-]{27})"),),
    "to installation:": (
        Row("password", ("password to proceed",), r"to installation:\s{1,6}(?P<value>[0-9a-f]{32})(?!\w)"),
    ),
}
