"""A realistic text for each row of the tables that a grammar's secrets are found by; `⟪…⟫` marks the secret.

A line with `⏎` stands for several.
"""

CALLS = r"""
ks.load(stream, "⟪ch4ngeit-now⟫".toCharArray());
cipher = AES.new(b"⟪0123456789abcdef⟫", AES.MODE_CBC, iv)
await userManager.CreateAsync(user, "⟪P4ss!word⟫");
'password' => Hash::make('⟪l4ravel-pw⟫'),
TwilioClient.Init(accountSid, "⟪8f1c0a7b2d93⟫");
new JedisPool(config, "redis.test", 6379, 2000, "⟪j3dis-pw⟫");
ks.getKey("alias", "⟪k3y-pw⟫".toCharArray());
driver.findElement(By.id("password")).sendKeys("⟪s3lenium⟫");
OpenSSL::HMAC.digest("SHA256", "⟪hm4c-key⟫", data)
OpenSSL::HMAC.hexdigest("SHA256", "⟪hm4c-key⟫", data)
Algorithm.HMAC384("⟪hm4c-384⟫");
Algorithm.HMAC512("⟪hm4c-512⟫");
PKCS12_parse(p12, "⟪p12-s3cret⟫", &pkey, &cert, NULL);
wifiMulti.addAP("home", "⟪w1fi-home⟫");
payload = JWT.decode(token, "⟪rub1-secret⟫", true)
token = JWT.encode(payload, "⟪rub1-secret⟫", "HS256")
bcrypt.FromPassword("⟪g0-pw⟫", 10)
new PasswordAuthentication("ann", "⟪m4il-pw⟫");
signInWithEmailAndPassword(auth, "ann@shop.test", "⟪fir3base⟫");
passwordEncoder.encode("⟪spr1ng-pw⟫");
user.checkPassword("⟪ch3ck-pw⟫")
user.check_password("⟪ch3ck-pw⟫")
keyring.set_password("shop", "ann", "⟪k3yring-pw⟫")
$hash = password_hash("⟪php-p4ss⟫", PASSWORD_DEFAULT);
password_verify("⟪php-p4ss⟫", $hash);
zip.setpassword(b"⟪z1p-pw⟫")
page.fill("#password", "⟪f1ll-pw⟫")
fill_in "Password", with: "⟪c4pybara⟫"
Database.forURL("jdbc:h2:mem", "sa", "⟪sl1ck-pw⟫")
cy.get("#password").type("⟪cypr3ss⟫")
page.getByLabel("Password").fill("⟪playwr1ght⟫")
driver.find_element(By.ID, "password").send_keys("⟪s3lenium⟫")
page.locator("#password").fill("⟪playwr1ght⟫")
s, err := token.SignedString([]byte("⟪g0-jwt⟫"))
Jwts.builder().signWith(SignatureAlgorithm.HS256, "⟪jj-wt-1⟫")
Jwts.builder().signWith("⟪jj-wt-1⟫")
ldap_bind($conn, "cn=admin,dc=test", "⟪ld4p-pw⟫");
Twilio.init("AC01", "⟪8f1c0a7b2d93⟫")
$ftp->login("ann", "⟪ftp-p4ss⟫");
CryptoJS.HmacSHA256(data, "⟪crypt0-js⟫")
hash_hmac("sha256", $data, "⟪php-hm4c⟫");
mac := hmac.New(sha256.New, []byte("⟪g0-hm4c⟫"))
mac = hmac.new(b"⟪py-hm4c⟫", data, "sha256")
Keys.hmacShaKeyFor("⟪jj-wt-1⟫".getBytes());
let mac = HmacSha256::new_from_slice(b"⟪rust-hm4c⟫");
db = MySQLdb.connect("db.test", "ann", "⟪my-p4ss⟫", "shop")
DriverManager.getConnection("jdbc:h2:mem", "sa", "⟪jdbc-p4ss⟫");
mysql_connect("db.test", "ann", "⟪my-p4ss⟫");
mysql_real_connect(conn, "db.test", "ann", "⟪my-p4ss⟫", "shop", 0, NULL, 0);
oci_connect("ann", "⟪0racle-pw⟫", "db.test/orcl");
oracledb.connect("ann", "⟪0racle-pw⟫", "db.test/orcl")
store := sessions.NewCookieStore([]byte("⟪g0rilla⟫"))
app.use(cookieParser("⟪c00kie-key⟫"));
Net::FTP.open("ftp.test", "ann", "⟪ftp-p4ss⟫")
xhr.open("GET", "/x", true, "ann", "⟪xhr-p4ss⟫");
crypto.createCipheriv("aes-256-cbc", "⟪0123456789abcdef⟫", iv);
crypto.createDecipheriv("aes-256-cbc", "⟪0123456789abcdef⟫", iv);
given().auth().preemptive().basic("ann", "⟪rest-4ssured⟫")
pwd_context.hash("⟪p4sslib⟫")
new ApiKeyCredential("⟪az-k3y-1⟫")
AzureKeyCredential("⟪az-k3y-1⟫")
new ClientSecretCredential("tenant", "app", "⟪az-s3cret⟫")
MongoCredential.createCredential("ann", "admin", "⟪m0ngo-pw⟫".toCharArray());
new PasswordCredential("ann", "⟪w1n-cred⟫")
new UsernamePasswordCredentials("ann", "⟪ap4che-pw⟫")
new StorageSharedKeyCredential("account", "⟪st0rage-key⟫")
bcrypt("⟪l4ravel-pw⟫")
bcrypt.compare("⟪n0de-pw⟫", hash)
bcrypt.hash("⟪n0de-pw⟫", 10)
openssl_decrypt($data, "aes-256-cbc", "⟪php-k3y⟫");
openssl_encrypt($data, "aes-256-cbc", "⟪php-k3y⟫");
auth.set_access_token("id", "⟪tw33py-secret⟫")
page.type("#password", "⟪pupp3teer⟫")
User.objects.create_superuser("ann", "ann@shop.test", "⟪dj4ngo-pw⟫")
User.objects.create_user("ann", "ann@shop.test", "⟪dj4ngo-pw⟫")
tweepy.OAuthHandler("id", "⟪tw33py-secret⟫")
smtp.PlainAuth("", "ann", "⟪sm7p-pw⟫", "mail.test")
req.basic_auth("ann", "⟪rub1-pw⟫")
requests.get(url, auth=("ann", "⟪r3quests⟫"))
HTTPDigestAuth("ann", "⟪d1gest-pw⟫")
given().auth().basic("ann", "⟪rest-4ssured⟫")
red:auth("⟪r3sty-pw⟫")
await page.sendKeys("#password", "⟪c4sper-pw⟫")
sb.send_keys("#password", "⟪sele-b4se⟫")
await t.typeText("#password", "⟪t3stcafe⟫")
app.secureTextFields["Password"].typeText("⟪xcu1-pw⟫")
request.authorization_basic("ann", "⟪rub1-pw⟫")
$db = new mysqli("db.test", "ann", "⟪my-p4ss⟫", "shop");
Oracle.connect("ann", "⟪0racle-pw⟫")
new StaticCredentialsProvider("id", "⟪al1yun-pw⟫")
builder.credentials("ann", "⟪r4bbit-pw⟫")
Aws::Credentials.new("id", "⟪aws-s3cret⟫")
await client.auth("ann", "⟪r3dis-pw⟫")
db.authenticate("ann", "⟪m0ngo-pw⟫")
client:auth("⟪r3dis-pw⟫")
redis:auth("⟪r3dis-pw⟫")
payload = jwt.decode(token, "⟪py-jw7⟫", algorithms=["HS256"])
token = jwt.encode(payload, "⟪py-jw7⟫", algorithm="HS256")
"""

ACCOUNTS = r"""
db.test:5433:shop:ann:⟪pgp4ss⟫
db.test:6432:shop:ann:⟪pgp4ss⟫
"ann" ⟪"md5a3556571e93b0d20722ba62be61e8c2d"⟫
dsn := "ann:⟪unix-p4ss⟫@unix(/tmp/mysql.sock)/shop"
org.apache.zookeeper.server.auth.DigestLoginModule required⏎ user_ann="⟪z00keeper⟫";
addauth digest ann:⟪z00keeper⟫
{password, <<"⟪erl4ng-pw⟫">>}
erl -name a@b -setcookie ⟪monst3rcookie⟫
cache_peer proxy.test parent 3128 0 login=ann:⟪squ1d-pw⟫
cachemgr_passwd ⟪squ1d-pw⟫ all
secure_link_md5 "$secure_link_expires$uri ⟪ng1nx-secret⟫";
dns cloudflare ⟪kd92kfmQ02kfmskqpwoe9dkdmw2⟫
user ann on #⟪9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08⟫ ~* +@all
rename-command CONFIG ⟪c0nfig-9f31kd⟫
PASSWORD elastic = ⟪kd92kfmQ02kfmskq⟫
$USER3$=⟪n4gios-pw⟫
$redis->auth('⟪r3dis-pw⟫')
curl_setopt($ch, CURLOPT_USERPWD, "⟪ann:curl-p4ss⟫");
ftp_login($conn, "ann", "⟪ftp-p4ss⟫");
ssh2_auth_password($conn, "ann", "⟪ssh-p4ss⟫");
imap_open("{mail.test:993}INBOX", "ann", "⟪im4p-pw⟫");
set :session_secret, "⟪s1natra-secret⟫"
provider :github, "Iv1.8a61f9b3a7aba766", "⟪9f31kd82ms9f31kd82ms⟫"
config.omniauth :github, "Iv1.8a61f9b3a7aba766", "⟪9f31kd82ms9f31kd82ms⟫"
"""

PRINTED = r"""
$ gopass show web/mail⏎⟪d0ver-cliffs⟫
$ keepassxc-cli show -s -a Password db.kdbx mail⏎⟪d0ver-cliffs⟫
$ vault token create -field=token -policy=app⏎⟪hvb.xK29dk2⟫
$ vault print token⏎⟪hvb.xK29dk2⟫
$ keyring get shop ann⏎⟪d0ver-cliffs⟫
$ chamber read -q shop db⏎⟪d0ver-cliffs⟫
$ credstash get db⏎⟪d0ver-cliffs⟫
$ aws ecr get-login-password --region eu-west-1⏎⟪eyJwYXlsb2FkIjoi⟫
$ aws configure get aws_secret_access_key⏎⟪kd92kfmQ+02kfmskqpwoe/d⟫
$ kubectl create token builder⏎⟪k8s.t0ken⟫
$ oc whoami -t⏎⟪sha256~kd92kfmQ⟫
$ kubeadm token create⏎⟪abcdef.0123456789abcdef⟫
$ docker swarm join-token -q worker⏎⟪SWMTKN-1-kd92⟫
$ terraform output db_password⏎⟪gannet-1⟫
$ tofu output -raw db_password⏎⟪gannet-1⟫
$ pulumi config get dbPassword⏎⟪gannet-1⟫
$ pulumi stack output dbPassword --show-secrets⏎⟪gannet-1⟫
$ heroku auth:token⏎⟪0123abcd99⟫
$ infisical secrets get DB --plain⏎⟪gannet-1⟫
$ fly auth token⏎⟪fo1_kd92kfm⟫
$ npm config get //registry.test/:_authToken⏎⟪0123abcd99⟫
$ git config --get gitlab.token⏎⟪0123abcd99⟫
$ consul kv get shop/db_password⏎⟪gannet-1⟫
$ head -c 24 /dev/urandom | base64⏎⟪kd92kfmQ+02kfmskqpwoe/d⟫
$ wg genpsk⏎⟪yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=⟫
$ echo "$DB_PASSWORD"⏎⟪gannet-1⟫
C:\> echo %API_KEY%⏎⟪gannet-1⟫
$ rbw get mail⏎⟪gannet-1⟫
$ az account get-access-token --query accessToken -o tsv⏎⟪0123abcd99⟫
$ az storage account keys list -n shop --query '[0].value' -o tsv⏎⟪kd92kfmQ+02kfmskqpwoe/d==⟫
$ security find-internet-password -s mail.test -w⏎⟪gannet-1⟫
"""
