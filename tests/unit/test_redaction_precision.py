"""What programs and their documentation hold that looks like a secret and is none, and secrets that look like that."""

import pytest

from runtally.redaction import Redactor

redact = Redactor().text

CODE = (
    'return @{@"accessToken": response.accessToken ? response.accessToken : @"", @"a": b};',
    'password = b""',
    "@selector(updatePassword:password:resolve:reject:), args, count);",
    "kSecValueData: [password dataUsingEncoding:NSUTF8StringEncoding]",
    "    authorization: `${issuer}/services/oauth2/authorize?display=page`,",
    '    authorization: "https://accounts.zoho.test/oauth/v2/auth?scope=AaaServer.profile.Read",',
    "const usernamePassword = `${this.userPoolName}${username}:${password}`;",
    "const csrfTokenVerified = isPost && csrfToken === bodyValue;",
    'assert keyring.get_credential(service, "user1").password == password_1',
    "    const sessionToken = sessionStore.value;",
    "const sessionToken = sessionStore === null || sessionStore === void 0 ? 1 : 2;",
    "const createTokenAuth = function createTokenAuth2(token) {",
    "  const { token: token2 } = await getAppAuthentication(state);",
    "  devicePushToken = await nativeTokenPromise;",
    "const getTokensFromRefreshToken = createGetTokensFromRefreshTokenClient({\n  a,\n});",
    "    PASSWORD: password,\n    NEW_PASSWORD: challengeResponse,\n  });",
    "emitter.emit('onDevicePushToken', { devicePushToken: data });",
    "export declare type SigningKey = Record<string, string | string[]>;",
    "  admin_menu_passcode?: Emptyable<string>;",
    "type RequestExtendedAuthorization = 'if_available' | 'never' | OtherString;",
    '*   AccessToken: "seconds" || "minutes" || "hours" || "days",',
    ' *   TemporaryPassword: "STRING_VALUE",',
    "return q.filter_by(access_token=token_string).first()",
    '("auth", "0002_alter_permission_name_max_length"),',
    '@sensitive_variables("password1", "password2")',
    'RESPONSE_TYPES = ("id_token", "id_token token")',
    'ACQUIRE_TOKEN_BY_REFRESH_TOKEN = "85"',
    'headers = {"X-aws-ec2-metadata-token": imdsv2_session_token}',
    "POLICY_CREATE_SECRET = 0x00000020",
    'raise ValueError("tag contains empty secret: %r" % (tag,))',
    '_input("username: "), getpass.getpass("password: "), scopes=_input_scopes())) or print("x")',
    "assert self.keyring.get_password(service, username2) == password",
    "        return PKCS12KeyAndCertificates(key, cert, additional_certificates)",
    "if password1 and password2 and password1 != password2:",
    "            if password is _UNSET:",
    "{% translate 'Set password' %}{% endif %}",
    '_AWS_SUBJECT_TOKEN_TYPE = "urn:ietf:params:aws:token-type:aws4_request"',
)
WORDS = (
    "(which requires the keystore's asymmetric private key to decrypt).",
    "sure to change after a password reset to produce a token that is",
    "# `ps` on old Unix flavors but --password suffers from the same",
    "# with standard attribute access: https://bugs.example.test/show_bug.cgi?id=641944",
    "// Don't pass non-elements to jQuery#find",
    '"""convert secret to 64-bit DES key."""',
    ":param passphrase: The password to decrypt the PKCS12 lump",
    "# start out with pwd + magic + salt",
    'You need a passphrase to unlock the secret key for user: "isaacs (http://a.test/) <i@a.test>"',
    'message = "a single PEM formatted private key is expected".format(',
)


@pytest.mark.parametrize("text", CODE + WORDS)
def test_code_and_words_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("NEW_PASSWORD: challengeResponse\n", "challengeResponse"),
        ("password: token2\n", "token2"),
        ("password: password1", "password1"),
        ('if (password === "swordfish7") {', "swordfish7"),
        ('token: "token-1234-abcd" || process.env.TOKEN', "token-1234-abcd"),
        ('{"password": "password1"}', "password1"),
        ("ACCESS_TOKEN=85c3f0aa91", "85c3f0aa91"),
        ("mysql --password swordfish -u root", "swordfish"),
        ('client_secret: "${PREFIX}s3cr3t-Value"', "s3cr3t-Value"),
        ('put("password", "0002_Wrong")', "0002_Wrong"),
        ("password: 0xDEADBEEF99", "0xDEADBEEF99"),
        ("env: {user: admin, password: swordfish}", "swordfish"),
    ],
)
def test_what_only_resembles_code_goes(text: str, secret: str) -> None:
    assert secret not in redact(text)
