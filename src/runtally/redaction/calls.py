"""Secrets that only their place in a call gives away: `BasicAuth("anna", "…")`, `jwt.sign(payload, "…")`."""

import re
from collections.abc import Iterator
from typing import Final

from runtally.redaction.passages import NOT_A_VALUE, QUOTE, Row

_TEXT: Final = r"[^\"'\n\\]"
_PREFIX: Final = r"(?:[@bBrRuUfFL$]{1,2}(?=\\{0,15}[\"']))?"
_BYTES_OF: Final = r"(?:(?:data: ?)?(?:new )?(?:[A-Za-z_]\w{0,30}(?:\.|::)){0,3}[A-Za-z_]\w{0,30}\(|\[\]byte\()?"
_LITERAL: Final = (
    rf"{_BYTES_OF}{_PREFIX}(?P<quote>\\{{0,15}}[\"'`]){NOT_A_VALUE}"
    r"(?P<value>(?:(?!(?<!\\)(?P=quote))[^\n]){1,400})(?P=quote)"
)
_LOOKS_GENERATED: Final = rf"(?={_BYTES_OF}{_PREFIX}{QUOTE}{_TEXT}{{0,64}}[\d!@#$%^&*+~])"
_BETWEEN: Final = r"\s{0,40}"
_ARGUMENT: Final = (
    rf"(?:{_PREFIX}{QUOTE}{_TEXT}{{0,160}}{QUOTE}|\{{[^{{}}\n]{{0,200}}\}}|[^\s\"'`,();{{}}]{{1,80}})"
    r"(?:\.\w{1,20}\(\)|\([^()\n]{0,80}\)){0,2}"
)
_NOT_BEFORE_A_MARK: Final = r"(?!(?:\.\w{1,20}\(\)|\)){0,2}\s{0,40},\s{0,40}[^\s,()]{0,20}\[REDACTED)"
"""Where a later argument was hidden, an earlier one is not the secret: what was redacted stays as it is."""

# The names of calls by how many other arguments stand before the secret; a `…` where more of the name may follow.
_OF_PASSWORDS: Final = {
    "0": """
        password_hash( password_verify( check_password( checkPassword( setpassword( Hash::make( FromPassword(
        asswordEncoder.encode( asswordEncoder.matches( pwd_context.hash( bcrypt( bcrypt.hash… bcrypt.compare…
        ssh.Password( red:auth( edis:auth( client:auth(
    """,
    "1": """
        AWSCredentials… BasicCredentials… BasicHttpCredentials( PasswordCredentials… PasswordCredential(
        NetworkCredential( SharedKeyCredential( redentials.create( redentials.basic( redentials::new( redentials.new(
        redentials.NewStatic… StaticCredentialsProvider… asicAuth… asic_auth… ization_basic… igestAuth( auth().basic(
        preemptive().basic( PasswordAuthentication( UserPassword( auth=( Oracle.connect( oracledb.connect(
        oci_connect( WiFi.begin( addAP( set_access_token( OAuthHandler( Twilio.init( TwilioClient.Init(
        PasswordAsync( userManager.CreateAsync( X509Certificate2( PKCS12_parse( passwd_cb_userdata(
    """,
    "2": """
        MongoCredential.create… ClientSecretCredential( getConnection( forURL( DBI->connect( PDO( Sequelize( mysqli(
        mysqli_connect( mysql_connect( MySQLdb.connect( FTP.open( create_user( create_superuser( ldap_bind(
        _bind_s( keyring.set_password(
    """,
    "1,2": "WithEmailAndPassword(",
    "3": "mysql_real_connect( DriverManager[IO](",
    "4": "xhr.open( JedisPool(",
}
_IF_GENERATED: Final = {
    "1": ".login( >login( .auth( authenticate( .load( .getKey(",
    "1,2": "login( PlainAuth(",
    "2": "client.connect(",
    "1,3": "credentials( Credentials(",
}
_KEYS: Final = {
    "0": """
        signWith( hmac.new( HMAC256( HMAC384( HMAC512( SecretKeySpec( SecurityKey( ingKey::from_secret(
        SecretString::from( SignedString( CookieStore( cookieParser( Fernet( new_from_slice( SymmetricKey( AES.new(
        hmacShaKeyFor( AzureKeyCredential( ApiKeyCredential(
    """,
    "1": """
        jwt.sign( jwt.verify( jwt.encode( jwt.decode( JWT.encode( JWT.decode( signWith( CryptoJS.AES…
        CryptoJS.Hmac… createCipheriv( createDecipheriv( createHmac( HMAC.hexdigest( HMAC.digest( hmac.New(
    """,
    "2": "hash_hmac( openssl_encrypt( openssl_decrypt(",
}
_FOLLOWS: Final = r"(?:[.:]{0,2}[A-Za-z]\w{0,24}){0,2}"


def _calls(names: dict[str, str], like: str = "") -> Iterator[tuple[str, str]]:
    for arguments, calls in names.items():
        before = f"(?:{_ARGUMENT}{_BETWEEN},{_BETWEEN}){{{arguments}}}" if arguments != "0" else ""
        for call in calls.split():
            needle = call.rstrip("…")
            opens = rf"{_FOLLOWS}[( ]" if call.endswith("…") else ""
            yield needle, rf"{re.escape(needle)}{opens}{_BETWEEN}{before}{like}{_LITERAL}{_NOT_BEFORE_A_MARK}"


_FIELD_NAME: Final = r"(?i:passw|passcode|pwd|passphrase|[#\"'\]]pass\b|\botp\b|secret)"
_TYPES: Final = r"(?:clear\(\)\.)?(?:fill|type|send_keys|sendKeys|typeText|setValue)"
_FINDERS: Final = (".get(", "getBy", "locator(", "find_element", "findElement", "TextFields[")


def _fields() -> Iterator[tuple[str, str]]:
    """What is typed into a field for a secret, by a test of a page."""
    selector = rf"(?:{QUOTE}(?:(?!\\{{0,15}}[\"'],)[^\n]){{1,80}}{QUOTE}|[\w.]{{1,40}}\([^\n,]{{1,80}}\))"
    for verb in ("fill(", "type(", "send_keys(", "sendKeys(", "typeText(", "enterText("):
        into = rf"{_BETWEEN}(?=[^\n]{{0,60}}{_FIELD_NAME}){selector},{_BETWEEN}"
        yield verb, rf"{re.escape(verb)}{into}{_LITERAL}"
    for finder in _FINDERS:
        field = rf"[^\n;]{{0,40}}{_FIELD_NAME}[^\s;]{{0,24}}[)\]]{{1,3}}"
        yield finder, rf"{re.escape(finder)}{field}\.{_TYPES}\({_BETWEEN}{_LITERAL}"
    label = rf"{QUOTE}[^\"'\n]{{0,40}}{_FIELD_NAME}[^\"'\n]{{0,20}}{QUOTE}"
    yield "fill_in", rf"fill_in[ (]{label}, ?with: ?{_LITERAL}"


_STEMS: Final = (
    *("redential", "assword", "uth", "login(", "onnect", "mysql", "WT.", "wt.", "mac", "MAC", "rypt", "Key", "ecret"),
    *("type(", "keys(", "Keys(", "ind", "pen(", "user(", "Async(", "DriverManager", "Fernet(", "ASE", "fill", "Text"),
    *("init(", "Init(", "Sequelize(", "PDO(", "WiFi", "igest", "ook", "ign", "pher", "get"),
)
"""Few texts hold any of them, and each stands for many needles."""


def _rows() -> dict[str, tuple[Row, ...]]:
    rows: dict[str, tuple[Row, ...]] = {}
    for kind, calls in (
        ("password", _calls(_OF_PASSWORDS)),
        ("password", _calls(_IF_GENERATED, _LOOKS_GENERATED)),
        ("secret", _calls(_KEYS)),
        ("password", _fields()),
    ):
        for needle, pattern in calls:
            gate = next((stem for stem in _STEMS if stem in needle), needle)
            rows[gate] = (*rows.get(gate, ()), Row(kind, (needle,), pattern))
    return rows


CALLS: Final = _rows()
"""The rows by a piece of their needles."""
