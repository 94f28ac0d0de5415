"""Command lines, scripts and SQL: `⟪…⟫` is a secret, and nothing else may change."""

import json

import pytest

from runtally.redaction.marks import MARK
from runtally.redaction.redactor import Redactor

redact_text = Redactor().text

COMMANDS = """
mysqladmin -u root password ⟪firstone⟫
mysqlsh root:⟪hunter22⟫@localhost:33060/world_x
isql -v MyDSN myuser ⟪dsnpass2⟫
sqlldr scott/⟪tiger⟫ control=x.ctl log=x.log
rman target sys/⟪rmanpw⟫@prod catalog rco/⟪catpw⟫@cat
exp userid=scott/⟪tigger⟫ file=x.dmp
redis-cli AUTH default ⟪foobared2⟫
redis-cli config set masterauth ⟪mauth⟫
redis-server /etc/redis.conf --requirepass '⟪server pw⟫' --masterauth ⟪ma1⟫
neo4j-admin dbms set-initial-password ⟪initial1⟫
etcdctl --user root:⟪etcdpw⟫ get /
influx write -b bucket -o org -t ⟪wr1teTok3n⟫ -f data.lp
cypher-shell -u neo4j -p ⟪n3o4j⟫ "MATCH (n) RETURN n"
curl -u ⟪sk_proj_abcd1234efgh⟫: https://api.example.com/v1/charges
curl --data-urlencode "password=⟪hun ter6⟫" https://x/login
curl --ntlm -u 'CORP\\bob:⟪pw14⟫' https://x
bash -c "curl -u admin:'⟪nest6⟫' https://x"
http -A bearer -a ⟪bearertok2⟫ https://x
ab -n 100 -A bob:⟪abpw⟫ -C "session=⟪abcookie99⟫" https://x/
mc admin user add minio newuser ⟪newsecret1⟫
skopeo copy --dest-creds=bob:⟪pw102⟫ docker://a docker://b
terraform apply -var 'db_password=⟪tf pw2⟫' -auto-approve
newman run c.json --env-var "password=⟪nwpw⟫"
printf '⟪gcpsec2⟫' | gcloud secrets versions add s --data-file=-
consul kv put app/db/password ⟪consulpw⟫
spawn ssh bob@host; expect "assword:"; send "⟪exp1⟫\\r"
127.0.0.1:6379> AUTH ⟪sekret1⟫
SQL> CONNECT scott/⟪tiger1⟫@orcl
.LOGON prod/dbc,⟪terad2⟫;
""".strip().splitlines()

STATEMENTS = """
SET PASSWORD FOR 'bob'@'%' = '⟪sq14⟫';
ALTER USER bob SET PASSWORD = '⟪snow2⟫';
ALTER CURRENT USER SET PASSWORD FROM '⟪neo3old⟫' TO '⟪neo3⟫';
GRANT ALL ON *.* TO x IDENTIFIED BY "⟪nest 14⟫"
grant connect to bob identified by ⟪sq21⟫;
alter user app identified by ⟪newpw7⟫ replace ⟪oldpw7⟫;
CREATE USER foo IDENTIFIED VIA ed25519 USING PASSWORD('⟪sq12⟫');
UPDATE users SET password = crypt('⟪sq51⟫', gen_salt('bf', 8)) WHERE id = 1;
UPDATE wp_users SET user_pass = MD5('⟪sq57⟫') WHERE user_login = 'admin';
UPDATE users SET name = 'bob', password = encode(digest('⟪sq54⟫', 'sha256'), 'hex');
SELECT pgp_sym_decrypt(ssn, '⟪sq43⟫') FROM people;
SELECT AES_ENCRYPT('text', '⟪sq47⟫');
SELECT CONVERT(varchar, DECRYPTBYPASSPHRASE('⟪sr5⟫', c)) FROM t;
EXEC sp_addlogin 'app', '⟪sq86⟫', 'master';
EXEC sp_addlinkedsrvlogin 'srv', 'false', NULL, 'remote', '⟪sq90⟫';
CREATE TABLE t (a int) ENGINE = MySQL('h:3306', 'd', 't', 'u', '⟪ch8⟫');
ATTACH DATABASE 'enc.db' AS enc KEY '⟪cipher1⟫';
PRAGMA key = '⟪cipher2⟫';
INSERT INTO users (id, email, password, created_at) VALUES (1, 'a@x.org', '⟪sq64⟫', NOW());
INSERT INTO `users` (`id`, `login`, `password`) VALUES (1,'it''s bob','⟪sq67⟫'), (2,'ann','⟪sq68⟫');
INSERT INTO [dbo].[Users] ([Name], [Password]) VALUES (N'bob', N'⟪sq70⟫');
INSERT INTO users (name, pw) VALUES ('bob', crypt('⟪sq50⟫', gen_salt('bf')));
""".strip().splitlines()

SCRIPTS = """
sqlcmd -S localhost `
  -U sa `
  -P ⟪mu6⟫ `
  -Q "select 1"
---
curl https://x ^
  -u bob:⟪mu5⟫ ^
  -H "Accept: */*"
---
cat <<EOF | sudo chpasswd
root:⟪mu14⟫
bob:⟪mu15⟫
EOF
---
ftp -n host <<END
user bob ⟪mu17⟫
put a.txt
END
---
    args:
      - --username
      - root
      - --password
      - ⟪mu46⟫
---
COPY public.users (id, name, password) FROM stdin;
1\tbob\t⟪mu33x⟫
2\tann\t⟪mu34x⟫
\\.
---
-[ RECORD 1 ]--------
id       | 1
username | bob
password | ⟪mu26x⟫
""".strip("\n").split("\n---\n")

INNOCENT = """
mysqladmin -u root -p password
mysql -u root -p"$MYSQL_ROOT_PASSWORD" -e 'select 1'
sqlplus $USER/$PASS@orcl
sqlplus scott@orcl @dir/script.sql
isql MyDSN -b < in.sql
curl -X POST -d '{"name":"bob"}' https://x
curl -u <user>:<password> https://x
redis-cli config get requirepass
vault write auth/approle/role/app policies=dev
consul kv put app/feature/enabled true
gcloud secrets versions access latest --secret=db-password
spawn ssh bob@host; expect "password:"; send "$password\\r"
SELECT * FROM users WHERE password = :password
SELECT * FROM users WHERE password = @password AND name = $2
UPDATE users SET password = ? WHERE id = ?
INSERT INTO users (name, password) VALUES (:name, :password)
INSERT INTO users (name, password, role) VALUES ('bob', NULL, 'admin');
INSERT INTO permissions (code, name) VALUES ('change_password', 'Can change password');
INSERT INTO keys (key, value) VALUES ('color', 'blue'), ('size', 'large');
COMMENT ON COLUMN users.password IS 'bcrypt hash of the password';
SELECT AES_ENCRYPT(c, @key) FROM t;
EXEC sp_password NULL, @new, 'sa';
COPY users (id, name, password) TO STDOUT;
password = ask_password("Password: ")
  --password PASSWORD   the password for authentication
A user is told to connect wifi/bluetooth and go on.
""".strip().splitlines()


def _parts(marked: str) -> tuple[str, str]:
    """The text without its marks, and what is left of it without the secrets."""
    parts = marked.replace("⟫", "⟪").split("⟪")
    return "".join(parts), "".join(parts[::2])


@pytest.mark.parametrize("marked", [*COMMANDS, *STATEMENTS, *SCRIPTS])
def test_the_secrets_vanish_and_nothing_else(marked: str) -> None:
    text, kept = _parts(marked)
    assert MARK.sub("", redact_text(text)) == kept


@pytest.mark.parametrize("marked", [*COMMANDS, *STATEMENTS])
def test_the_secrets_vanish_from_a_command_in_json(marked: str) -> None:
    text, kept = _parts(marked)
    redacted = json.loads(redact_text(json.dumps({"command": text})))
    assert MARK.sub("", redacted["command"]) == kept


@pytest.mark.parametrize("text", INNOCENT)
def test_what_holds_no_secret_stays(text: str) -> None:
    assert redact_text(text) == text
