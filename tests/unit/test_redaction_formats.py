"""Secrets that only the grammar of a file or a command line puts where they are vanish; manuals about them stay."""

import base64
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtally.redaction import Redactor
from tests.unit.redaction_corpus import fake, fake_hex

redact_text = Redactor().text

PLANTED = "Gr4nite!fjord"
BODY = [f"MIIEvQ{fake(58)}", fake(64), f"{fake(40)}=="]
PEM = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *BODY, "-----END RSA PRIVATE KEY-----"])
WRAPPED = base64.b64encode(b"ann:" + PLANTED.encode()).decode()

# `X` is the secret.
COMMANDS = r"""
mysql -u root -pX shop
mysql -h db.test -uroot -p'X' -e 'select 1'
mysqldump --single-transaction -u root -pX shop > dump.sql
mysqladmin -u root -pX status
docker exec -i db mysql -u root -pX < init.sql
kubectl exec db-0 -- mysql -uroot -p"X" -e 'show tables'
/usr/bin/mysql -uroot -pX
C:\> mysql.exe -uroot -pX
sshpass -p X ssh ann@host.test
sshpass -p 'X' scp a ann@host.test:
docker login -u ann -p X registry.test
docker login registry.test --username ann -p X
podman login -u ann -p X quay.test
oc login -u ann -p X https://cluster.test
az login --service-principal -u app -p X --tenant t
7z a -pX out.7z dir
7z x archive.7z -pX -oout
rar a -hpX out.rar dir
unzip -P X archive.zip
zip -r -P X out.zip dir
mongosh -u ann -p X --authenticationDatabase admin
mongodump --host db.test -u ann -p X -o out
ldapsearch -x -D cn=admin,dc=test -w X -b dc=test
ldappasswd -x -D cn=admin,dc=test -w other4Word -s X uid=ann
htpasswd -b /etc/nginx/.htpasswd ann X
htpasswd -nb ann X
htpasswd -bc -B users ann 'X'
smbclient //host/share -U ann%X
rpcclient -U 'DOMAIN\ann%X' host
lftp -u ann,X sftp://host.test
sqlcmd -S db.test -U sa -P X -Q 'select 1'
bcp shop.dbo.t out t.csv -S db.test -U sa -P X
/opt/mssql-tools/bin/sqlcmd -S localhost -U SA -P 'X'
sqlplus ann/X@//db.test:1521/shop
sqlplus -S system/X@orcl as sysdba
expdp system/X@orcl schemas=shop directory=dumps
rdesktop -u ann -p X host.test
xfreerdp /u:ann /p:X /v:host.test
net use Z: \\host\share X /user:ann
net use \\host\share /user:DOMAIN\ann X
net user ann X /add
cmdkey /add:host.test /user:ann /pass:X
psexec \\host -u ann -p X cmd
ipmitool -I lanplus -H host.test -U ADMIN -P X power status
snmpwalk -v2c -c X host.test system
snmpget -v3 -l authPriv -u ann -a SHA -A X -x AES -X other4Word host.test sysUpTime.0
curl -u ann:X https://api.test/v1
curl -s -X POST --user 'ann:X' https://api.test/v1
curl -sSfLu ann:X https://api.test/v1
curl --proxy-user ann:X https://api.test/v1
curl -U ann:X -x proxy.test:3128 https://api.test
curl -E client.pem:X https://api.test
curl -b 'session=X' https://api.test
curl --oauth2-bearer X https://api.test
http -a ann:X https://api.test/v1
aws configure set aws_secret_access_key X
aws configure set aws_session_token X --profile dev
aws secretsmanager create-secret --name shop --secret-string X
aws ssm put-parameter --name /shop/db --type SecureString --value X
az keyvault secret set --vault-name v --name db --value X
gh secret set DEPLOY --body X
gh auth login --with-token <<< X
echo X | gh auth login --with-token
echo X | docker login -u ann --password-stdin registry.test
printf '%s' 'X' | docker login -u ann --password-stdin
echo "X" | sudo -S apt-get update
echo -n X | sudo -S systemctl restart nginx
sudo -S true <<< 'X'
echo 'ann:X' | sudo chpasswd
chpasswd <<< ann:X
echo X | passwd --stdin ann
echo X | npx wrangler secret put DB
echo X | docker secret create db -
openssl rsa -in a.key -passin pass:X -out b.key
openssl pkcs12 -export -in a.crt -inkey a.key -passout pass:X
openssl enc -aes-256-cbc -salt -in a -out b -k X
openssl enc -d -aes-256-cbc -in a -pass pass:X
openssl aes-256-cbc -d -in a -K X
gpg --batch --yes --passphrase X -c file
redis-cli -h cache.test -a X ping
redis-cli AUTH X
vault login X
vault login -method=token X
vault kv put secret/shop db=X
vault kv put -mount=secret shop a=other4Word db=X
vault operator unseal X
kubectl create secret generic shop --from-literal=db=X
kubectl create secret generic shop --from-literal=a=other4Word --from-literal='db=X'
keytool -genkey -alias a -keystore k.jks -storepass X -keypass other4Word
jarsigner -keystore k.jks -storepass X app.jar alias
apksigner sign --ks k.jks --ks-pass pass:X app.apk
ssh-keygen -t ed25519 -f id -N X
ssh-keygen -t ed25519 -f id -N 'X' -C ann@host
useradd -m -p 'X' ann
ConvertTo-SecureString "X" -AsPlainText -Force
$p = ConvertTo-SecureString -String 'X' -AsPlainText -Force
Set-Secret -Name db -Secret 'X'
setx SHOP_API_KEY X
fly secrets set MAIN=X
flyctl secrets set A=other4Word B=X --app shop
doctl auth init -t X
npm config set //registry.test/:_authToken X
npm config set //registry.test/:_password="X"
nuget setapikey X -Source https://r.test
dotnet user-secrets set Db X
twine upload -u ann -p X dist/*
plink -ssh ann@host.test -pw X
nmcli dev wifi connect Home password X
wpa_passphrase Home X
rabbitmqctl add_user ann X
mosquitto_pub -h mq.test -u ann -P X -t a -m b
cqlsh -u ann -p X db.test
db2 connect to shop user ann using X
["mysql", "-u", "root", "-pX"]
["curl", "-s", "-u", "ann:X", "https://api.test"]
""".strip().splitlines()

FILES = {
    "netrc": "machine api.test login ann password X",
    "netrc over lines": "machine api.test\n  login ann\n  password X\n",
    "netrc with an account": "machine api.test\nlogin ann\naccount a\npassword X",
    "netrc's default": "default login ann password X",
    "pgpass": "db.test:5432:shop:ann:X",
    "pgpass with stars": "localhost:*:*:ann:X\n",
    "pgpass, escaped": "db.test:5432:shop:ann:X\\:more",
    "npmrc": "//registry.test/:_password=X",
    "npmrc, old": "_auth=X",
    "docker": json.dumps({"auths": {"r.test": {"auth": "X"}}}).replace("X", WRAPPED),
    "docker's identity token": '"identitytoken": "' + fake(40) + '"',
    "kubeconfig": "    client-key-data: LS0tLS1CRUdJTiX0example==\n",
    "secret": "apiVersion: v1\n"
    "kind: Secret\nmetadata:\n  name: shop\ndata:\n  login: b3RoZXI0V29yZA==\n  db: X\ntype: Opaque",
    "secret, data first": "apiVersion: v1\n"
    "data:\n  login: b3RoZXI0V29yZA==\n  db: X\nkind: Secret\nmetadata:\n  name: shop",
    "secret, plain": 'kind: Secret\nstringData:\n  db: "X"\n',
    "secret, block": "kind: Secret\nstringData:\n  conf: |\n    [db]\n    word X\n    more\n",
    "secret, json": '{"kind": "Secret", "data": {"login": "b3RoZXI0V29yZA==", "db": "X"}}',
    "shadow": f"ann:$6${fake(16)}$X{fake(80)}:19000:0:99999:7:::".replace("X", ""),
    "ipsec": '10.0.0.1 10.0.0.2 : PSK "X"',
    "ipsec, eap": 'ann : EAP "X"',
    "chap-secrets": "# Secrets for authentication using CHAP\n# client server secret addresses\nann pptpd X *\n",
    "redis": "bind 127.0.0.1\nrequirepass X\nmaxmemory 1gb",
    "redis, replica": "masterauth X",
    "redis, user": "user ann on >X ~* +@all",
    "sentinel": "sentinel auth-pass mymaster X",
    "snmpd": "rocommunity X 10.0.0.0/8",
    "snmpd, user": 'createUser ann SHA "X" AES "other4Word"',
    "postfix": "[smtp.test]:587 ann@shop.test:X",
    "msmtp": "account a\nhost smtp.test\nuser ann\npassword X\n",
    "msmtp, a word": "user ann\npassword swordfish\n",
    "fetchmail": 'poll pop.test protocol pop3 username "ann" password "X"',
    "mutt": 'set imap_pass = "X"',
    "svn": "K 8\npassword\nV 13\nX\nK 8\nusername\nV 3\nann\nEND",
    "haproxy": "    stats auth ann:X\n",
    "haproxy, userlist": "userlist u\n    user ann insecure-password X\n",
    "cisco": "enable secret 5 X",
    "cisco, plain": "enable password X",
    "cisco, user": "username ann privilege 15 secret 9 X",
    "cisco, user's password": "username ann password 7 X",
    "cisco, line": "line vty 0 4\n password 7 X\n login",
    "cisco, snmp": "snmp-server community X RO",
    "cisco, tacacs": "tacacs-server key 7 X",
    "cisco, isakmp": "crypto isakmp key X address 10.0.0.1",
    "slapd": "rootpw X",
    "nslcd": "bindpw X",
    "apache": 'AuthLDAPBindPassword "X"',
    "preseed": "d-i passwd/root-password password X",
    "ipsec, rsa": ': RSA key.pem "X"',
    "fetchmail, in a line": "poll pop.test user ann password X",
    "pop3": "C: USER ann\nS: +OK\nC: PASS X\n",
    "smtp": "AUTH PLAIN " + WRAPPED.replace("=", ""),
    "dovecot": "ann:{PLAIN}X:1000:1000",
    "quoted words": 'user ann\npassword   "X in 3 words"',
    "openvpn": "<auth-user-pass>\nann\nX\n</auth-user-pass>",
    "wireguard": f"PresharedKey = {fake(43)}=",
    "rndc": 'key "k" { algorithm hmac-sha256; secret "X"; };',
    "wordpress": "define('NONCE_SALT',       'X more of it');",
    "rails": "config/master.key: " + fake_hex(32),
    "xauth": "host/unix:0  MIT-MAGIC-COOKIE-1  " + fake_hex(32),
    "jenkins": "<apiToken>{AQAAABAAAAAQ" + fake(40) + "=}</apiToken>",
    "htpasswd": "ann:$apr1$" + fake(8) + "$" + fake(22),
    "bcrypt": "ann:$2y$10$" + fake(53),
    "ldif": "userPassword: {SSHA}" + fake(32),
    "django": "pbkdf2_sha256$600000$" + fake(22) + "$" + fake(43) + "=",
    "sam": f"Administrator:500:{fake_hex(32)}:{fake_hex(31)}0:::",
}

KEYS = {
    "PKCS#1": PEM,
    "PKCS#8": PEM.replace("RSA ", ""),
    "OpenSSH": PEM.replace("RSA", "OPENSSH"),
    "DSA": PEM.replace("RSA", "DSA"),
    "encrypted": PEM.replace("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A0B\n\n", 1),
    "PGP": PEM.replace("RSA PRIVATE KEY", "PGP PRIVATE KEY BLOCK").replace("BLOCK-----\n", "BLOCK-----\n\n", 1),
    "SSH2": PEM.replace("-----BEGIN RSA", "---- BEGIN SSH2 ENCRYPTED")
    .replace("-----END RSA", "---- END SSH2 ENCRYPTED")
    .replace("KEY-----", "KEY ----"),
    "OpenVPN": PEM.replace("RSA PRIVATE KEY", "OpenVPN Static key V1"),
    "PuTTY": "PuTTY-User-Key-File-3: ssh-rsa\nPrivate-Lines: 3\n" + "\n".join(BODY) + "\nPrivate-MAC: " + fake_hex(64),
    "quoted": PEM.replace("\n", "\n> "),
    "in a table": PEM.replace("\n", "\n| "),
    "in a diff": "+" + PEM.replace("\n", "\n+"),
    "taken out in a diff": "-" + PEM.replace("\n", "\n-"),
    "indented": "key: |\n    " + PEM.replace("\n", "\n    "),
    "in one line": PEM.replace("\n", "\\n"),
    "cut": "\n".join(PEM.split("\n")[:-2]),
    "cut and quoted": "\n".join("> " + line for line in PEM.split("\n")[:-2]),
    "in Base64": base64.b64encode(PEM.encode()).decode(),
    "without its beginning": "\n".join(PEM.split("\n")[1:]),
    "JWK": json.dumps({"kty": "RSA", "n": fake_hex(80), "e": "AQAB", "d": BODY[0], "p": BODY[1], "q": BODY[2]}),
}

INNOCENTS = r"""
mysql -u root -p shop < dump.sql
mysql -u root -p$MYSQL_ROOT_PASSWORD shop
mysql -p"${PW}" -u root
mysql -u root -p<password> shop
mysql -P 3306 -h db.test
docker run -p 8080:80 -p 127.0.0.1:5432:5432 nginx
docker login -u ann --password-stdin registry.test && mkdir -p out
docker login && docker run -p 80:80 nginx
docker login registry.test -u "$USER" -p "$TOKEN"
cat token.txt | docker login -u ann --password-stdin
echo "$TOKEN" | docker login -u ann --password-stdin
echo "${{ secrets.TOKEN }}" | docker login ghcr.io -u ann --password-stdin
ssh -p 2222 ann@host.test
scp -P 2222 a ann@host.test:
mkdir -p src/app && cp -p a b && ps -p 1
nmap -p 1-1000 host.test
git add -p && git log -p -3
git push -u origin main
curl -u $USER:$PASS https://api.test
curl -u "$USER:$PASS" https://api.test
curl -u ann https://api.test
curl -u user:password https://api.test
curl -u <user>:<password> https://api.test
curl -X POST -H 'Content-Type: application/json' https://api.test:8443/v1
curl -b cookies.txt -c cookies.txt https://api.test
curl -E client.pem https://api.test
curl --cert /etc/ssl/client.pem --key /etc/ssl/client.key https://api.test
python -u train.py --user ann:admin
sort -u names.txt; tar -xzf a.tgz; unzip -o a.zip -d out
sshpass -e ssh ann@host.test
sshpass -f /run/secrets/pw ssh ann@host.test
ldapsearch -x -W -D cn=admin,dc=test -b dc=test
htpasswd -c users ann
redis-cli -h cache.test -p 6379 ping
redis-cli -a $REDIS_PASSWORD ping
openssl rsa -in a.key -passin file:/run/secrets/pw -out b.key
openssl req -new -key a.key -out a.csr -subj '/CN=x.test'
openssl s_client -connect x.test:443 -servername x.test
openssl rsa -passin env:PW -in a.key
openssl dgst -sha256 a.bin
ssh-keygen -t ed25519 -f id -N ''
ssh-keygen -t ed25519 -N "" -f id
vault login -method=userpass username=ann
vault kv get secret/shop
vault kv put secret/shop db=@db.txt
kubectl create secret generic shop --from-literal=username=ann --from-literal=db=$DB --from-file=a=b
kubectl get secret shop -o yaml
keytool -list -keystore k.jks -storepass $STOREPASS
gh auth login --with-token < token.txt
gh secret set DEPLOY < token.txt
sudo -S true
sudo -u ann -H bash
passwd --stdin ann
useradd -m -s /bin/bash ann
aws configure set region eu-west-1
aws ssm get-parameter --name /shop/db --with-decryption
az account set -s prod
npm config set registry https://registry.test
fly secrets list
fly secrets set URL=https://shop.test
openssl passwd -6 -salt abc
PASS: test_login
agent: RSA signature verification by the agent
openssl-passwd \- compute password hashes
PASS src/app.test.ts
the AUTH PLAIN and AUTH LOGIN mechanisms
setx PATH "%PATH%;C:\tools"
net use Z: \\host\share /user:ann *
net user ann /delete
xfreerdp /u:ann /v:host.test
snmpwalk -v2c -c public host.test system
7z x archive.zip -oout && zip -r out.zip dir
mongosh --host db.test --port 27017
The -p flag of mysql asks for a password; -u names the user.
usage: mysql [-u user] [-p[password]] [database]
docker login [OPTIONS] [SERVER]  -p, --password string   Password
-p, --password string      Password or Personal Access Token
Use `sshpass -p <password> ssh user@host` only in tests.
echo "hello" | sudo tee /etc/motd
echo done | tee log
A .netrc holds a machine, a login and a password for each host.
machine learning models, the default login page and password reset
the user enters a password twice
user name
password prompt
enable password authentication
enable secret management in the cluster
enable secret scanning for the repository
username and password required
The masterauth directive; requirepass foo is in the manual
rocommunity public
snmp-server community public RO
the community password policy
stats auth user:password
kind: ConfigMap
data:
  key: value
kind: SecretStore
kind: Role
rules:
- resources: ["secrets"]
type: Opaque
localhost:5432:5432
0.0.0.0:5432->5432/tcp
tcp://db.test:5432: connection refused
[smtp.test]:587: connection timed out
connected to smtp.test:587 in 3 ms
"auth": "none"
"auth": {"type": "bearer"}
"auth": "required-by-the-server"
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFake0invented1Sample2Only3FAKE0invented ann@host
host.test ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFake0invented1Sample2Only3FAKE0
$5 a month, $6 a year, $2 off; ${HOME}/bin:$PATH
/^[a-z]$/ and $1$2 in a replacement
{"kty": "RSA", "n": "FAKE0invented1Sample2Only3", "e": "AQAB", "kid": "2024-01"}
client-certificate-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t
{SHA} and {SSHA} are the schemes of OpenLDAP
Private-Lines: n tells how many lines follow
-----BEGIN PUBLIC KEY-----
-----BEGIN CERTIFICATE REQUEST-----
$ANSIBLE_VAULT;1.1;AES256
""".strip().splitlines()


_PLACE = re.compile(r"(?<![A-Za-z-])X(?![A-Za-z])|(?<=-p)X|(?<=-hp)X")


def _planted(text: str) -> str:
    return _PLACE.sub(lambda _: PLANTED, text)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_secret_in_a_command_line_vanishes_and_what_stands_before_it_stays(command):
    redacted = redact_text(_planted(command))
    assert PLANTED in _planted(command)
    assert PLANTED not in redacted
    assert "other4Word" not in redacted
    assert redacted.split("[REDACTED:")[0] == _PLACE.split(command.replace("other4Word", "X"))[0]


@pytest.mark.parametrize("levels", [1, 2])
def test_a_command_line_is_found_inside_json_text(levels):
    missed = []
    for command in COMMANDS:
        text = f"$ ls\n$ {_planted(command)}\ndone\n"
        for _ in range(levels):
            text = json.dumps({"log": text})
        redacted = redact_text(text)
        if PLANTED in redacted or not json.loads(redacted)["log"]:
            missed.append(command)
    assert missed == []


def test_a_command_over_several_lines_is_one_command():
    command = f"docker login \\\n  -u ann \\\n  -p {PLANTED} \\\n  registry.test"
    assert redact_text(command) == command.replace(PLANTED, "[REDACTED:password]")


def test_every_secret_of_a_command_vanishes():
    command = "keytool -genkey -keystore k -storepass inv3nted1 -keypass inv3nted2 -alias a"
    assert redact_text(command) == (
        "keytool -genkey -keystore k -storepass [REDACTED:password] -keypass [REDACTED:password] -alias a"
    )


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_a_secret_in_a_file_vanishes(text):
    redacted = redact_text(_planted(text))
    assert "[REDACTED:" in redacted
    assert not any(secret in redacted for secret in (PLANTED, "b3RoZXI0V29yZA", "other4Word", fake(22), fake_hex(31)))


def test_every_value_of_a_kubernetes_secret_vanishes_and_its_keys_stay():
    text = _planted(FILES["secret"])
    assert redact_text(text) == (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: shop\ndata:\n  login: [REDACTED:secret]\n"
        "  db: [REDACTED:secret]\ntype: Opaque"
    )


def test_a_config_map_beside_a_secret_stays():
    config = "kind: ConfigMap\ndata:\n  colour: green\n"
    assert redact_text(f"{config}---\n{FILES['secret, plain']}").startswith(config)


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_private_key_vanishes_in_any_armour(key):
    redacted = redact_text(f"the key:\n{key}" if "BEGIN" in key else key)
    assert "[REDACTED:private_key]" in redacted
    assert not any(line in redacted for line in BODY)


@pytest.mark.parametrize("label", ["CERTIFICATE", "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE REQUEST", "X509 CRL"])
def test_what_is_public_in_the_same_armour_stays(label):
    text = PEM.replace("RSA PRIVATE KEY", label)
    assert redact_text(text) == text


@pytest.mark.parametrize("innocent", INNOCENTS)
def test_a_line_that_holds_no_secret_stays_byte_for_byte(innocent):
    assert redact_text(innocent) == innocent


def test_innocent_lines_stay_together_too():
    text = "\n".join(INNOCENTS)
    assert redact_text(text) == text


pieces = [
    *map(_planted, COMMANDS),
    *map(_planted, FILES.values()),
    *INNOCENTS,
    "\n",
    "\\n",
    " ",
    '"',
    "'",
    "\\",
    " -p ",
]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(pieces), max_size=8).map("".join))
def test_redacting_a_text_twice_equals_redacting_it_once(text):
    once = redact_text(text)
    assert redact_text(once) == once
