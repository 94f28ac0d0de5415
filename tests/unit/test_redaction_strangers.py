"""Secrets where strangers keep them: in what a command prints, in rare options, in words for them; and what is none."""

import re

import pytest

from runtally.redaction import Redactor
from runtally.redaction.calls import CALLS
from runtally.redaction.commands import PLACES, PROGRAMS
from runtally.redaction.passages import compiled
from tests.redaction import corpus
from tests.unit import assignment_cases, program_cases, row_examples

redact_text = Redactor().text

_MARKED = re.compile(r"⟪([^⟫]*)⟫")
_HIDDEN = re.compile(r"\[REDACTED:\w+\]")

COMMANDS = r"""
nuget setapikey ⟪9f31kd82ms⟫
aws configure set aws_session_token ⟪IQoJb3JpZ2luX2VjEJ9⟫
nmcli con modify home wifi-sec.psk ⟪tulipan42⟫
schtasks /create /u bob /p ⟪W1nter!99⟫
drush upwd admin ⟪n3w-adm1n⟫
ngrok config add-authtoken ⟪2Nc81kdo2mDk38dm⟫
ngrok authtoken ⟪2Nc81kdo2mDk38dm⟫
snyk auth ⟪7ab1cd3e-58aa-4e11⟫
codecov -t ⟪81ab-33cd-9f⟫
db2 connect to sample user db2inst1 using ⟪db2-pw-1⟫
kinit ann <<< '⟪tick3t-please⟫'
"""

PRINTED = (
    "$ vault kv get -field=password secret/db\n⟪tulipan-hammer⟫\n",
    "$ vault read -field=token auth/x\n⟪hvb.xK29dk2⟫\n",
    "ann@host:~# op read op://prod/db/password\n⟪kittiwake9⟫",
    "$ op item get db --fields password --reveal\n⟪kittiwake9⟫\n",
    "% bw get password mail.test\n⟪gull-tern⟫\n$ ls\n",
    "pass show web/mail\n⟪d0ver-cliffs⟫\n",
    "$ pass web/mail\n⟪d0ver-cliffs⟫\nlogin: ann\n",
    "$ lpass show -p mail\n⟪herring-bone⟫\n",
    "> aws secretsmanager get-secret-value --secret-id db --query SecretString --output text\n⟪q8-lighthouse⟫\n",
    "$ aws ssm get-parameter --name /db --with-decryption --query Parameter.Value --output text\n⟪q8-lighthouse⟫\n",
    "$ gcloud secrets versions access latest --secret db-pw\n⟪plain-words⟫\n",
    "$ az keyvault secret show -n db --vault-name v --query value -o tsv\n⟪Gr4nite.9x⟫\n",
    "$ az acr credential show -n reg --query 'passwords[0].value' -o tsv\n⟪Ab+91/k2Lm0qPd⟫\n",
    "$ kubectl get secret db -o jsonpath='{.data.password}' | base64 -d\n⟪moorhen⟫\n",
    "$ kubectl get secret db -n shop -o go-template='{{.data.pw | base64decode}}'\n⟪moorhen-7⟫\n",
    "$ terraform output -raw db_password\n⟪gannet%⟫\n",
    "$ heroku config:get SECRET_KEY_BASE -a shop\n⟪a81kd0cm2⟫\n",
    "$ doppler secrets get STRIPE --plain\n⟪razorbill⟫\n",
    "+ gh auth token\n⟪0123abcd99⟫\n",
    "$ security find-generic-password -s mail -w\n⟪shearwater⟫\n",
    "$ secret-tool lookup service mail\n⟪shearwater⟫\n",
    "$ openssl rand -base64 24\n⟪kd92kfmQ+02kfmskqpwoe/d⟫\n",
    "$ pwgen -s 20 1\n⟪k2kd93kfmAkqpD2owiek⟫\n",
    "$ wg genkey\n⟪yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=⟫\n",
    "$ cat /run/secrets/db_password\n⟪fulmar-petrel⟫\n",
    "$ sudo cat /var/lib/jenkins/secrets/initialAdminPassword\n⟪8f1c0a7b2d⟫\n",
    "root@web:/# echo $API_KEY\n⟪wren-1⟫\n",
    "$ printenv GITLAB_TOKEN\n⟪wren-and-robin⟫\n",
    "PS C:\\> echo $env:DB_PASSWORD\n⟪Wren!⟫\n",
    "I ran `pass show web/mail`:\n⟪d0ver-cliffs⟫\n",
    "$ argocd admin initial-password -n argocd\n⟪xK2mWq9rT⟫\n",
    '{"log": "$ gh auth token\\n⟪0123abcd99⟫\\n$ ls\\n"}',
    '127.0.0.1:6379> config get requirepass\n1) "requirepass"\n2) "⟪puffin⟫"\n',
)

NOT_PRINTED = (
    "$ cat tokens.py\nimport_me\n",
    "cat secrets/token.txt\nls\n",
    "pass show web/mail\nfi\n",
    "$ gh auth token > token.txt\nls-files\n",
    "$ echo $API_KEY\n\n$ ls\n",
    "$ echo $API_KEY\n***\n",
    "$ pass show web/mail\nError: web/mail is not in the password store.\n",
    "$ openssl rand -base64 24 > key\n$ ls\n",
    "$ terraform output -raw vpc_id\nvpc-0a1b2c3d\n",
    "$ cat /etc/hostname\nweb-01\n",
    "$ echo $HOME\n/home/ann9\n",
    "Use `gh auth token` to print it.\nThen2 go on\n",
    "$ printenv PATH\n/usr/bin:/bin2\n",
    "$ bw get item mail\nnothing2\n",
    "Run gh auth token\nthen-3 steps",
)

TOLD = (
    "DB_PASS=⟪hunter⟫",
    "SMTP_PASS=⟪tulip⟫",
    '"pass": "⟪hunter2⟫"',
    "localKey: ⟪4f2ad81b09cd3e77⟫",
    'network_key: "⟪0x01,0x03,0x05,0x07,0x09,0x0B,0x0D,0x0F⟫"',
    "set psksecret ⟪Tunn3lPsk⟫",
    ".ROBLOSECURITY=⟪_|WARNING:-DO-NOT-SHARE-THIS.--9A8B7C⟫",
    "ROBLOSECURITY=⟪9A8B7C6D5E4F⟫",
    "Unseal Key 1: ⟪kd92kfmQ+02kfmskqpwoe/dkdmw2Qmsa⟫",
    "Install code: ⟪83FED3407A939723A5C639B26916D505C3B5⟫",
    "setup code: ⟪031-45-154⟫",
    "WIF: ⟪5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ⟫",
    "OTP seed: ⟪JBSWY3DPEHPK3PXP⟫",
    "WLAN-Schlüssel: ⟪sommer-regen-71⟫",
    "Steam Guard code: ⟪F7K2Q⟫",
    "gift code: ⟪ABCD-EFGH-IJKL⟫",
    '<setting name="ApiKey"><value>⟪k3y-of-mine-9⟫</value></setting>',
    '<setting name="ApiKey" serializeAs="String">\n  <value>⟪k3y-of-mine-9⟫</value>\n</setting>',
    'variable "db_pass" {\n  type = string\n  default = "⟪gannet⟫"\n}',
    'variable "db_pass" { default = "⟪gannet-1⟫" }',
    "INSERT INTO settings (name, value) VALUES ('smtp_password', '⟪gannet⟫');",
    "INSERT INTO options VALUES (7, 'smtp_password', '⟪gannet⟫');",
    "INSERT INTO wp_options (option_name, option_value) VALUES ('site', 'x'), ('api_key', '⟪k8sd02k⟫');",
    'Fernet(b"⟪kd92kfmQ-02kfmskqpwoe_dkdmw2QmsaabCdEf01234=⟫")',
    "f = Fernet(b'⟪kd92kfmQ-02kfmskqpwoe_dkdmw2QmsaabCdEf01234=⟫')",
    "/login ⟪sw0rdfish⟫",
    "./srcds_run -game csgo +sv_setsteamaccount ⟪81FF0A3C2D991827AA3355C0D1E2F3A4⟫",
    "gocryptfs --passwd-on-stdin x y <<< '⟪whinchat⟫'",
    'some-tool --password-stdin <<< "⟪whinchat-2⟫"',
    'echo -e "kim\\n⟪whinchat⟫" > auth.txt',
    "AUTH LOGIN\n334 VXNlcm5hbWU6\nYW5uQHNob3A=\n334 UGFzc3dvcmQ6\n⟪c2VjcmV0UGFzcw==⟫\n235 ok",
    "ss://⟪YWVzLTI1Ni1nY206cGFzc3dvcmQtMQ==⟫@host.test:8388#x",
    "ss://aes-256-gcm:⟪pass-w0rd⟫@host.test:8388",
    "trojan://⟪k2kd93kfmA⟫@host.test:443?sni=x",
    "vmess://⟪eyJ2IjoiMiIsInBzIjoieCIsImFkZCI6ImhvcHQudGVzdCIsImlkIjoiYTBiIn0=⟫",
    "vless://⟪b831381d-6324-4d53-ad4f-8cda48b30811⟫@host.test:443?encryption=none",
    "hysteria2://⟪letmein-9⟫@host.test:443/",
    "hy2://⟪letmein-9⟫@host.test:443/",
    "tuic://b831381d-6324-4d53-ad4f-8cda48b30811:⟪letmein-9⟫@host.test:443/",
    "postgres://app:⟪password⟫@db",
    '"local_key": "⟪4f2a(d8;b09cd3e7⟫"',
)

NOT_TOLD = (
    "pk_test_51HabcDEFghiJKLmnoPQR2",
    "pk_live_51HabcDEFghiJKLmnoPQR2stuVWX",
    'publishableKey: "pk_test_51HabcDEFghiJKLmnoPQR2"',
    "STRIPE_PUBLIC_KEY=pk_live_51HabcDEFghiJKLmnoPQR2stuVWX",
    "DB_PASSWORD=${DB_PASSWORD:?must be set}",
    "password: ${DB_PASSWORD:?DB_PASSWORD is not set}",
    "url: postgresql://app:${DB_PASSWORD:?must be set}@db/x",
    "postgresql://user:password@localhost/db",
    "DATABASE_URL=postgres://username:password@localhost:5432/db",
    "mysql://user:pass@localhost",
    "https://user:secret@example.com",
    'api_key = "sk-...abcd"',
    "OPENAI_API_KEY=sk-...abcd",
    'token: "ghp_****abcd"',
    "apt install gnupg pass",
    "sudo apt-get install -y curl gnupg2 pass qrencode",
    "$ldap->bind($this->{binddn}, password => $this->{bindpasswd});",
    "password => $this->{bindpasswd}",
    "gcloud secrets versions access latest --secret=db",
    "http://t.test/?x=Set-Cookie:%20sid=abc123",
    "GET /%0d%0aSet-Cookie:%20sid=injected1 HTTP/1.1",
    "install code: see the label on the device",
    "setup code: pending",
    "The gift code is sent by mail.",
    "POST /login HTTP/1.1",
    "cd /login page",
    "ss://host.test:8388",
    "css://x",
    "def values('password', 'text')",
    'variable "db_pass" { default = "" }',
    'variable "db_pass" { type = string }',
    'variable "region" { default = "eu-west-1" }',
    "INSERT INTO settings (name, value) VALUES ('theme', 'darkness');",
    '{"pass": 12, "fail": 3}',
    "bypass: all",
    "Unseal Key 1: hidden",
    "vmess://<base64 of the config>",
    "trojan://PASSWORD@host.test:443",
    "AUTH LOGIN\n334 VXNlcm5hbWU6\nYW5uQHNob3A=",
    '<setting name="Theme"><value>darkness9</value></setting>',
)


def _check(marked: str) -> None:
    redacted = redact_text(_MARKED.sub(r"\1", marked))
    assert _HIDDEN.sub("◊", redacted) == _MARKED.sub("◊", marked)
    assert redact_text(redacted) == redacted


@pytest.mark.parametrize("line", COMMANDS.strip().splitlines())
def test_a_command_without_options_is_reached(line: str) -> None:
    _check(line)


def test_every_needle_of_a_command_is_looked_for() -> None:
    needles = {needle for commands in PROGRAMS.values() for one in commands for needle in one.needles}
    assert needles == {needle for placed in PLACES.values() for needle in placed}
    by_itself = {gate: placed for gate, placed in PLACES.items() if placed != (" user ",)}
    assert all(gate in needle for gate, placed in by_itself.items() for needle in placed)


@pytest.mark.parametrize("marked", TOLD)
def test_a_secret_is_hidden_behind_its_own_words(marked: str) -> None:
    _check(marked)


@pytest.mark.parametrize("text", NOT_TOLD)
def test_what_only_looks_so_is_kept(text: str) -> None:
    assert redact_text(text) == text


@pytest.mark.parametrize("marked", PRINTED)
def test_what_a_command_prints_is_hidden(marked: str) -> None:
    _check(marked)


@pytest.mark.parametrize("text", NOT_PRINTED)
def test_what_other_commands_print_is_kept(text: str) -> None:
    assert redact_text(text) == text


ROW_EXAMPLES = [
    line.replace("⏎", "\n")
    for examples in (row_examples.CALLS, row_examples.ACCOUNTS, row_examples.PRINTED)
    for line in examples.strip().splitlines()
]


@pytest.mark.parametrize("marked", ROW_EXAMPLES)
def test_the_secret_in_an_example_is_hidden(marked: str) -> None:
    _check(marked)


def test_every_row_of_calls_has_a_text_that_it_finds_something_in() -> None:
    families = [family for family in corpus.families() if not corpus.is_held_out(family.name)]
    seen = [one.text for family in families for case in family.cases for one in case.strings]
    texts = [*seen, *(_MARKED.sub(r"\1", text) for text in ROW_EXAMPLES), assignment_cases.TEXTS]
    texts += [text.replace("«", "").replace("»", "") for text in program_cases.TEXTS]
    idle = [
        row.needles
        for rows in CALLS.values()
        for row in rows
        if not any(compiled(row.pattern).search(text) for text in texts if any(map(text.__contains__, row.needles)))
    ]
    assert idle == []
