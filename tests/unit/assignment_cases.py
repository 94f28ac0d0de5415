"""Texts in which a name gives a secret away, in the manner of the tools that write them, and texts that only look so.

`«…»` marks what must vanish; a text without marks must stay as it is.
"""

TEXTS = r"""
password=«p@ss:w/rd#1!»
%
PASSWORD='«it''s; a "quote"»'
%
pwd: "«a\"b»"
%
password = "«two words; and & more»"
%
db.password : «s3cr3t!»
%
spring.datasource.password=«p&ss;w0rd,x»
%
x.host = a
spring.datasource.password = «stapler horse battery»
%
export DB_PASSWORD=«p(a)ss[w]0rd»
%
set DB_PASSWORD=«hunter2»
%
$env:DB_PASSWORD = "«hunter2»"
%
setx DB_PASSWORD «hunter2»
%
ENV DB_PASSWORD «hunter2»
%
ENV API_KEY=«abc123def»
%
ARG NPM_TOKEN=«abc123def456»
%
SetEnv DB_PASSWORD "«hunter2»"
%
fastcgi_param DB_PASSWORD «hunter2»;
%
Server=db;Database=x;User Id=sa;Password=«a=b:c/d»;Encrypt=true
%
Driver={ODBC Driver 18};Server=x;Uid=sa;Pwd={«a;b c»};Encrypt=yes
%
jdbc:mysql://h:3306/db?user=x&password=«p@ss!w0rd»&useSSL=false
%
jdbc:sqlserver://h:1433;user=sa;password=«p!ss=w0rd»;encrypt=true
%
password%3D«hunter2»%26user%3Dbob
%
%22password%22%3A%22«hunter2»%22%2C%22user%22%3A%22bob%22
%
<password>«p@ss w&amp;rd»</password>
%
<Password type="PasswordText">«hunter2»</Password>
%
<wsse:Password Type="x#PasswordText">«hunter2»</wsse:Password>
%
<password><![CDATA[«p<a>ss&1»]]></password>
%
<entry key="password">«hunter2»</entry>
%
<entry key="db.password">«swordfish»</entry>
%
<string name="api_key">«abc123def456»</string>
%
<add key="ApiKey" value="«abc def»"/>
%
<property name="password" value="«hunter2»"/>
%
<property name="hibernate.connection.password">«swordfish»</property>
%
<key>password</key><string>«swordfish»</string>
%
<property><name>fs.s3a.secret.key</name><value>«abcDEF123»</value></property>
%
<input type="password" name="password" id="x" value="«hunter2»">
%
<user name="tomcat" password="«s3cret<»" roles="manager"/>
%
&lt;password&gt;«hunter2»&lt;/password&gt;
%
<AdministratorPassword><Value>«hunter2»</Value><PlainText>true</PlainText></AdministratorPassword>
%
password: |
  «line one is 1
  line two»
user: bob
%
  password: >-
    «hunter2 and more»
  user: bob
%
passwords:
  - «hunter2»
  - "«tr0ub4dor»"
user: x
%
password:
  value: «hunter2»
%
password:
  «hunter2»
%
password: &pw «hunter2»
%
password: !!str «12345678»
%
{user: a, password: «b4rfoo»}
%
- { name: ann, password: «hunter2», role: x }
%
password = "«hunter2»" # comment
%
password = <<EOF
«hunter2 of it»
EOF
%
password := "«hunter2»"
%
const secret = '«swordfish»'
%
let password: &str = "«hunter2»";
%
password: str = "«hunter2»"
%
private String password = "«hunter2»";
%
String apiKey = new String("«hunter2»");
%
password: SecretStr = SecretStr("«hunter2»")
%
"password" => "«hunter2»",
%
:password => '«hunter2»'
%
setPassword("«hunter2»")
%
.withPassword("«swordfish»")
%
password("«hunter2»")
%
define('DB_PASSWORD', '«swordfish»');
%
define( "AUTH_KEY",         "«Zq|1n{3 x»" );
%
$cfg['password'] = '«hunter2»';
%
$cfg['Servers'][$i]['password'] = '«hunter2»';
%
os.environ["X_API_KEY"] = "«hunter2»"
%
os.environ.setdefault("DB_PASSWORD", "«hunter2»")
%
os.getenv("DB_PASSWORD", "«hunter2»")
%
java -Dpassword=«hunter2» -jar x.jar
%
helm install x --set x.password=«hunter2»,y=1
%
("password", "«hunter2»")
%
headers.set("X-Api-Key", "«abc123»")
%
[("X-Api-Key", "«abc123»")]
%
CREATE USER a IDENTIFIED BY '«hunter2»';
%
CREATE USER a IDENTIFIED WITH mysql_native_password BY '«hunter2»';
%
CREATE USER a IDENTIFIED BY «hunter2»;
%
ALTER USER ann WITH ENCRYPTED PASSWORD '«it''s x»';
%
ALTER LOGIN ann WITH PASSWORD = '«p@ss»';
%
CREATE DATABASE SCOPED CREDENTIAL c WITH IDENTITY = 'x', SECRET = '«abc def»';
%
CREATE SECRET s (TYPE S3, KEY_ID 'x', SECRET '«abcd1234»');
%
SET PASSWORD FOR 'a'@'b' = PASSWORD('«hunter2»');
%
| password | «hunter2» |
%
| **Password** | `«hunter2»` |
%
| user | password |
|------|----------|
| bob  | «swordfish» |
| ann  | «hunter2» |
%
user,password
bob,«hunter2»
ann,"«sword,fish»"
%
name	password	role
bob	«hunter2»	admin
%
username;password;role
bob;«hunter2»;admin
%
 id | username | password
----+----------+----------
  1 | bob      | «hunter2»
%
2024-01-01 INFO login password=«p@ss:w0rd» user=bob host=x
%
{\"user\":\"bob\",\"password\":\"«hunter2»\"}
%
{\\\"password\\\": \\\"«hunter2»\\\"}
%
X-Api-Key: «abc123»
%
Authorization: Token «abc123def»
%
Ocp-Apim-Subscription-Key: «abc123def»
%
X-Vault-Token: «abc123def»
%
api-key: «abc123def»
%
Content-Disposition: form-data; name="password"\r\n\r\n«hunter2»\r\n--x
%
the password is «hunter2»
%
the password for bob is «hunter2».
%
The API key for staging is «abc123def456»
%
my API key is «abc123def456»
%
Your password has been changed to «hunter2»
%
Mein Passwort lautet «Sonnenblume»
%
mein Passwort ist «Sonne123»
%
La contraseña es «girasol7»
%
le mot de passe est «tournesol7»
%
mot de passe : «tournesol7»
%
a senha é «girassol7»
%
пароль: «подсолнухи»
%
Пароль от базы: «qwerty77»
%
密码是«hunter2»
%
パスワードは «hunter2»
%
wachtwoord is «hunter2»
%
hasło to «hunter2»
%
hasło: «hunter2»
%
şifre: «hunter2»
%
비밀번호: «hunter2»
%
كلمة المرور: «hunter2»
%
login/pass: «bob/hunter2»
%
log in as user bob with password «hunter2» please
%
PIN: «4711»
%
Your verification code is «482910»
%
passphrase is «correct-horse-77»
%
Password: «swordfish»
%
**Password:** «hunter2»
%
API_KEY=«abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl
ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789abcdef»
%
export API_KEY=\
  «abc123def456»
%
PASSWORD ?= «hunter2»
%
password ||= "«hunter2»"
%
-Password «hunter2» -User x
%
keytool -storepass «changeit1» -x
%
API key:
«abc123def456»
%
config :x, secret_key_base: "«abc123»"
%
"DB_PASSWORD=«hunter2»"
""".strip("\n").split("\n%\n")
TEXTS.append("数据库密码\uff1a«hunter2»")

KEPT = r"""
api_key: !secret api_key
%
password: min 8 characters
%
password: required
%
Password: [hidden]
%
password: must contain a digit
%
the token is invalid
%
the password is required for this
%
password: string (optional)
%
password: {{ vault_password }}
%
password: ${DB_PASSWORD:-}
%
password: <%= ENV['X'] %>
%
password: #{password}
%
password: %(password)s
%
password: $(cat /run/secrets/x)
%
password = @Microsoft.KeyVault(SecretUri=https://x.vault.azure.net/secrets/y/)
%
password: vault:secret/data/x#password
%
password: op://vault/item/password
%
def f(password: str, token: str = "") -> None:
%
password = get_password()
%
password = getpass.getpass("Password: ")
%
fields = ("username", "password", "email")
%
["password", "secret", "token"]
%
getToken("abc")
%
secret("db-credentials")
%
os.getenv("DB_PASSWORD", "")
%
os.environ.get("DB_PASSWORD", None)
%
secrets:
  - db_password
  - api_key
%
secrets:
  db_password:
    file: ./db_password.txt
%
required:
  - password
%
password:
  type: string
  minLength: 8
%
token:
  description: The token to use
  required: true
%
password:
username: bob
%
| password | string | yes |
%
| password | The password of the user |
%
| Name | Token | Description |
|------|-------|-------------|
| a    | string | what it is |
%
user, password, token
bob, alice, eve
%
<label for="password">Password</label>
%
<password>string</password>
%
<password>${db.password}</password>
%
<input type="password" name="password" placeholder="Password">
%
Enter the password, then the token, and go on.
%
Use the password with care
%
run with the password option
%
the key is in the box
%
the key is to be found at home
%
the secret to success is work
%
"password": "Enter your password"
%
"password": "Password is required"
%
SELECT password FROM users WHERE key = 'x'
%
set password for the user
%
with token refresh enabled
%
my pin is on the map
%
error code: 12345
%
exit code 1234
%
return code is 4096
%
<li>password: required</li>
%
pass 12, fail 3
%
lambda key: key.value
%
sorted(x, key=lambda y: y.password)
%
token = request.headers.get("X-Token", "")
%
password ? password : null
%
if (password !== confirmPassword) {
%
password == other.password
%
keys, values
%
a, key
b, c
%
"key", "value"
%
PASSWORD_HASHERS = ["x"]
%
getString("password", "default")
""".strip("\n").split("\n%\n")
