"""What a password, a key and a token are called in languages other than English."""
# ruff: noqa: RUF001 - the letters of other scripts are meant

import unicodedata
from typing import Final

_WITHOUT_MARK: Final = str.maketrans("łŁ\u0131đĐøØ", "lLidDoO")
"""Letters that Unicode does not take apart into a plain one and its mark."""

PASSWORDS: Final = (
    *("passwort", "kennwort", "zugangscode", "losungswort", "contraseña", "contrasenya", "contrasinal", "pasahitza"),
    *("senha", "palavra passe", "mot de passe", "mdp", "parola", "parola d'ordine", "wachtwoord", "adgangskode"),
    *("kodeord", "passord", "lösenord", "salasana", "tunnussana", "hasło", "heslo", "jelszó", "lozinka", "geslo"),
    *("parool", "slaptažodis", "lykilorð", "fjalëkalimi", "şifre", "kata sandi", "kata laluan", "mật khẩu"),
    *("пароль", "парола", "лозинка", "құпиясөз", "κωδικός πρόσβασης", "συνθηματικό", "סיסמה", "סיסמא"),
    *("كلمة المرور", "كلمة السر", "رمز عبور", "گذرواژه", "پاس ورڈ", "पासवर्ड", "कूटशब्द", "পাসওয়ার্ড", "கடவுச்சொல்"),
    *("รหัสผ่าน", "密码", "密碼", "口令", "パスワード", "暗証番号", "비밀번호", "패스워드", "암호"),
)

KEYS: Final = (
    *("api schlüssel", "api schluessel", "geheimer schlüssel", "clave secreta", "clave privada", "clave api"),
    *("clave de api", "clave de la api", "chave secreta", "chave privada", "chave api", "chave de api", "chave da api"),
    *("clé api", "clé d'api", "clé secrète", "clé privée", "chiave api", "chiave segreta", "api sleutel", "klucz api"),
    *("api nyckel", "api anahtari", "ключ api", "api ключ", "секретный ключ", "api 密钥", "api密钥", "密钥", "密鑰"),
    *("金鑰", "秘钥", "api キー", "apiキー", "秘密鍵", "シークレットキー", "api 키", "비밀키", "비밀 키"),
)

SECRETS: Final = ("geheimnis", "secreto", "segredo", "segreto", "секрет", "シークレット")

TOKENS: Final = ("zugriffstoken", "jeton", "токен", "令牌", "トークン", "토큰")

WORDS_FOR_KEY: Final = ("clave", "clé", "chave", "schlüssel", "schluessel", "chiave", "ключ")
"""What may be any key: only a generated value makes it a secret."""

ALL: Final = (*PASSWORDS, *KEYS, *SECRETS, *TOKENS, *WORDS_FOR_KEY)


COPULAS: Final = (
    r"is(?: now)?(?: still)?(?: set to)?(?: generated for \S{1,60}(?=:))?|are|was|will be|should be|might be|may be"
    r"|used to be|must be|(?:has been |was |is )?(?:set|changed|reset) to|ist|sind|wäre|war|wird|lautet|es|est|c'est"
    r"|c\u2019est|sera|é|eh|è|és|será|sarà|este|är|er|on|jest|to jest|to|je|az(?:, hogy)?|hogy|yra|ir|është"
    r"|bude|byla?|е|є|це|је|это|был|будет|такой|такий|adalah|ialah|ay|là|olarak|είναι|hai|है|হল|হলো|است|ہے|هي|هو|היא|הוא|คือ"
)
"""What says that one thing is another, as a pattern."""

OF: Final = (
    r"(?:for|of|to|on|in|from|von|für|zum|vom|der|des|de|du|del|della|di|da|do|dos|das|pour|para|per|pe|pentru"
    r"|voor|van|til|till|na|для|от|к|за|од|до|від|from|från|pro|dla|untuk|k|ke|ku|za|u|kwa|del|dla)"
)
"""What says that one thing belongs to another, as a pattern."""


def folded(name: str) -> str:
    """`name` with plain letters in place of marked and wide ones: `Contraseña` becomes `Contrasena`."""
    if name.isascii():
        return name
    apart = unicodedata.normalize("NFKD", name.translate(_WITHOUT_MARK))
    return "".join(char for char in apart if not unicodedata.category(char).startswith("M"))
