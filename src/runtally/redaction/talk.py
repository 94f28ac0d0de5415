"""Finds what people write to each other around a word that means a secret, and behind a user's name.

What is told so is taken for a secret only if it looks chosen as one: a word of any language stays.
"""
# ruff: noqa: RUF001 - the letters of other scripts are meant

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from runtally.redaction import languages, weak_words
from runtally.redaction.allowance import NAME_EFFORT, NEEDLE_EFFORT, Allowance
from runtally.redaction.found import Found
from runtally.redaction.values import WORDS

_ENDS: Final = (
    r"\s\"'`*«»„“”\u2018\u2019「」『』…<>|,;\u0e00-\u0e7f\u1100-\u11ff\u3000-\u9fff\uac00-\ud7af\uff00-\uffef"
)
_OPENS: Final = r"[\"'`*_«„“\u2018「『]{0,3}"

_PASSWORDS: Final = (
    r"(?:pass?(?:w\w{1,4}d?s?|phrase)?|pwd|psw|pw|пасс?|šifr\w|pincode|mdp|mot de passe"
    r"|\w{0,12}(?:pass?w(?:or|ro)[dt]\w{0,5}"
    r"|passwd|pa[sr]s?ola\w{0,3}|parol[aăieę]\w{0,3}|parool\w{0,3}|senhas?|clave|kennwort\w{0,2}|wachtwoord\w{0,2}"
    r"|heslo|hesl[aeouy]m?|salasan\w{0,8}|jelsz\w{1,6}|has[lł]\w{1,4}|contrase[nñ][ay]\w?|contraseny\w|lozink\w{1,2}"
    r"|gesl\w{1,2}|şifre\w{0,6}|sifre\w{0,6}|passord\w{0,3}|l[öo]sen(?:ord)?\w{0,3}|adgangskode\w?|kodeord\w{0,2}"
    r"|lykilorð\w{0,3}|slaptaž\w{1,6}|fjalëkalim\w{0,3}|(?:kata )?sandi\w{0,3}|laluan|mk|m[ậa]t kh[ẩa]u|парол\w{1,5}"
    r"|лозинк\w{1,3}|шифр[аау]|κωδικ\w{1,4}(?: πρόσβασης)?|συνθηματικ\w{1,3}|הסיסמ\w{1,3}|סיסמ\w{1,3}"
    r"|(?:ال)?باسورد|كلمة (?:المرور|السر)|رمز عبور|پاس ورڈ))"
)
_UNSPACED: Final = (
    "密码|密碼|口令|パスワード|パスワ|パス|비밀번호|패스워드|비번|암호|รหัสผ่าน|पासवर्ड|कूटशब्द|পাসওয়ার্ড|கடவுச்சொல்"
)
_UNSPACED_NUMBERS: Final = "验证码|驗證碼|認証コード|確認コード|인증번호|인증 코드|暗証番号"
_UNSPACED_KEYS: Final = "密钥|密鑰|金鑰|秘钥|キー|키|令牌|トークン|토큰"
_CODE: Final = (
    r"(?:(?:2fa|mfa|verification|confirmation|one[- ]time|sms|auth\w{0,12}|security|recovery|backup|reset|login"
    r"|access|entry|totp)[- ]codes?"
    r"|one[- ]time[- ](?:password|pin|passcode)|einmal(?:code|passwort)|bestätigungscode|verificatiecode"
    r"|bekræftelseskode"
    r"|code de (?:vérification|confirmation|sécurité)|código de (?:verificación|verificação|confirmación|seguridad"
    r"|segurança)|codice di (?:verifica|conferma)|kod (?:weryfikacyjny|sms)|ověřovací kód|otp|(?:(?:код"
    r"|кода) (?:из|от|подтверждения|доступа)(?: \w{2,5})?))"
)
_DOOR: Final = (
    r"(?:(?:door|alarm|gate|unlock|safe|wifi|wlan)[- ]?code|passcode|pin(?:[- ]?code)?"
    r"|п[иі]н(?:-?код)?\w?)"
)
_KEY: Final = r"(?:(?:api|access|secret|license)?[- ]?(?:key|schlüssel|schluessel|clé|chave|chiave|ключ\w?|klucz))"
_GRANT: Final = r"(?:token|jeton|токен\w?)"
_HIDDEN: Final = r"(?:secret|geheimnis|секрет)"
_WORDS: Final = re.compile(
    rf"(?:(?P<pin>{_DOOR})|(?P<otp>{_CODE})|(?P<password>{_PASSWORDS})|(?P<client_key>{_KEY})"
    rf"|(?P<tokens>{_GRANT})|(?P<client_secret>{_HIDDEN}))(?![a-z_0-9]|[^\x00-\u05ff\W])"
    rf"|(?P<unspaced>{_UNSPACED})|(?P<numbers>{_UNSPACED_NUMBERS})|(?P<keys>{_UNSPACED_KEYS})",
    re.IGNORECASE,
)
_UNSPACED_NAMES: Final = {"unspaced": "password", "numbers": "otp", "keys": "client_key"}
_STARTS: Final = re.compile(
    r"(?:(?<![\w.])([^\W_]{1,12}[ -]))?(?:(?<![\w.])([^\W_]{1,12}[ -]))?(?<![\w.])([^\W_]{0,16})\Z"
)
_TELLS: Final = re.compile(r"[0-9!@#$%^&*+~\"'`「『«„“\n]")
_ODD: Final = re.compile(r"[0-9!@#$%^&*+~]")
_LEAST: Final = {"password": 5, "otp": 4, "pin": 4, "client_key": 20, "tokens": 16, "client_secret": 12}

_STILL: Final = (
    r"(?:now|still|just|simply|literally|actually|currently|again|jetzt|noch|immer noch|einfach|nun|nu|nog|steeds"
    r"|fortfarande|stadig|nå|fortsatt|ahora|todavía|agora|ainda|adesso|ancora|maintenant|toujours|encore|acum|ara"
    r"|теперь|сейчас|все ещё|зараз|тепер|сега|teraz|nadal|teď|teraz|stále|sada|zdaj|сада)"
)
_VALUE: Final = rf"{_OPENS}(?P<value>[^{_ENDS}]{{4,128}})"
_LINK: Final = (
    rf"[ \t]{{0,3}}(?:[:=]|[-=]{{1,2}}>|[\u2013\u2014\u2192\u27a1-]\ufe0f?|\U0001f449|\uff1a|\()[ \t]{{0,3}}"
    rf"|['\u2019]s(?: (?:still|now|just|literally))?[ \t]|[ \t]{{1,3}}(?:{languages.COPULAS})"
    rf"(?: {_STILL})?[ \t]?:?\s{{1,3}}|[ \t]?:[ \t]*\n{{1,2}}"
    r"|, (?=\S+,)|\?[ \t]*\n{1,2}|[ -](?:protected|geschützt) \(| (?:with|durch|par|por|con) (?=\S{16})"
    r"|(?: (?:has |was )?changed)?[,.;?]?[ \t](?:and |just ){0,2}"
    r"(?:type|enter|use|try|(?:it['\u2019]?s|it is|typ|tippe|gib)"
    r"(?: now)?|(?:the )?new one(?: is|:))[ \t]"
)
_SMALL: Final = (
    r"the|and|not|for|you|your|are|was|has|had|can|may|must|will|with|that|this|from|than|when|which|too|very"
    r"|used|been"
    r"|being|only|also|about|into|out|set|all|any|but|its|one"
)
_ENDS_OF_STATES: Final = (
    r"ed|en|ing|[ae]nt|[aiu]ble|ive|al|ful|less|ory|ary|ly|ous|id|ect|ong|ort|eak|ic|ank|ty|est|ar|tch|ame|ure"
    r"|fe|ew|ld"
    r"|[us]e|ger|ker|ore|own|one|ext|oo|dy|re|ts|ss|et|me|pt|now|ut|ff|gs|rs|es|ll|ne|it|by|at|lt|ze|null|there"
    r"|here|word"
    r"|secret|token|string|hash|nd"
)
_OWN: Final = (
    r"(?i:new|now|nouă|nueva|nova|nuova|nowe|neue|neues|mới|baru|saya|שלי|שלך|мой|новый|теперь|jetzt"
    r"|ahora|agora|teraz|зараз|сейчас|sigue siendo)"
)
_OF: Final = (
    rf" (?:{languages.OF}|fürs|vom|do|al|a la)(?: [^\W\d_][\w.@'\u2019:/-]{{0,40}}){{1,3}}?(?: \([^()\n]{{1,24}}\))?"
    r"| \([^()\n]{1,24}\)(?=:)|(?! (?:hash|hint|id|file|type|algo\w{0,7}|version|digest|salt|encoding|storage|manager"
    r"|field|name|url|path|link|policy|format)\b) [^\W\d_]{1,20}(?: [^\W\d_]{1,20}){0,3}(?=:)|[- ](?:wifi|wlan"
    r"|root|admin)"
)
_AFTER: Final = re.compile(
    rf"(?P<of>{_OF}| {_OWN})?(?:{_LINK}|[ \t]{{1,3}}(?:auf |în |to |olan )?){_VALUE}", re.IGNORECASE
)
_AFTER_UNSPACED: Final = re.compile(
    r"[ \t]{0,2}(?:[是为為はが을를은는이가]|คือ|है|হল|改成|설정|改為|改为|で)?[ \t]{0,2}[:\uff1a、-]?[ \t]{0,2}" + _VALUE
)
_QUOTED: Final = re.compile(
    r" ?(?P<quote>[\"'`「『«„“])(?![ ])(?P<value>[^\s\"'`「」『』«»„“”$%{}<>()\[\],:=]{4,64})"
    r"(?:(?P=quote)|[」』»“”])(?=[\s.,;!?)]|\Z)"
)
_PASSPHRASE: Final = re.compile(
    rf"(?:{_OF})?(?: is| ist| est| es|:)\s{{1,3}}(?P<value>(?!(?:{_SMALL})\b)[a-z]{{3,12}}"
    rf"(?: (?!(?:{_SMALL})\b)[a-z]{{3,12}}){{3,9}})"
    r"[.!]?(?=\s*(?:\n|\Z))"
)
_LAST: Final = re.compile(
    rf"(?:{_OF})? (?:is|is now|is still|was) (?!(?:{'|'.join(sorted(WORDS))})\b)"
    rf"(?P<value>(?![a-z]{{0,20}}(?:{_ENDS_OF_STATES})\b)[a-z]{{5,20}})(?=[,.!]?[ \t]*(?:\n|\Z)|, )"
    rf"|(?:{_OF})? (?:{languages.COPULAS}) "
    r"(?P<joined>[^\W\d_A-Z]{2,16}(?:-[^\W\d_A-Z]{4,16}){1,4})(?=[ \t]*(?:\n|\Z))"
)
_FROM: Final = re.compile(rf" (?:from|von|vom|van|från|fra|de|da|di|din|с|з|от|z|ze|sa|iz) {_VALUE}")
_CHOSEN_WORD: Final = re.compile(
    rf"(?:{_OF}| {_OWN})?(?:{_LINK}){_OPENS}"
    rf"(?P<value>[^\W\d_]{{4,20}})\b",
    re.IGNORECASE,
)
_SURE: Final = (
    r"(?:sure|yes|yep|yeah|ok(?:ay)?|of course|no problem|klar|ja|natürlich|sicher|sí|si|claro|oui|bien sûr|sim"
    r"|sì|certo"
    r"|da|tak|jasne|ano|jo|да|конечно|так|звісно|jó|evet)"
)
_HERE: Final = (
    r"(?:here (?:you go|it is|you are)|it['\u2019]s|it is|that['\u2019]s|hier(?: bitte)?|bitte(?: sehr)?|es ist"
    r"|(?:hier|het) is(?: het)?"
    r"|alsjeblieft|här(?: är det)?|her er det|voilà|voici|c['\u2019]est|aquí (?:tienes|está)|es|aqui está|é"
    r"|ecco(?:la)?|è"
    r"|poftim|este|вот(?: он)?|держи|ось|тримай|ето|proszę|to|tady(?: je)?|je|evo|izvoli|izvolite|tukaj)"
)
_ANSWERED: Final = re.compile(
    r"(?:[^\n?:=]{0,32}\?\s{1,3}(?:>[ ]?|[\w]{1,16}:[ ]){0,2}|[^\n?:=]{0,16}[ ][-\u2013\u2014][ ](?=(?:sure"
    r"|klar|sí|oui)\b))"
    rf"(?:{_SURE}[ ,.!:-]{{1,3}})?(?:{_HERE}[ ]?[,:-]?[ ])?{_VALUE}",
    re.IGNORECASE,
)
_MORE: Final = re.compile(rf"[ \t](?:and|or|to|und|oder|auf|et|y|e|a|en|и|на)[ \t]{_VALUE}")

_ENDS_PHRASE: Final = re.compile(
    r"(?i:['\"`*)\]]{0,3})(?=\s*(?:[.,;!?)\n]|\Z|です|[ ](?:for|to|of|on|für|von|de|pour)\b))"
)
_BEFORE: Final = re.compile(  # what stands before `the root password`
    rf"(?<!\S)[(]?{_OPENS}(?P<value>[^{_ENDS}]{{4,64}}?)[\"'`*_»”“)]{{0,3}},?"
    r"(?: ?(?:<?[-\u2013\u2014=]{1,2}>?|\() ?| )"
    r"(?:(?:(?i:that['\u2019]?s|it['\u2019]?s|is|was|as|ist|war|als|est|comme|es|como|é|è|come|är|som|er|on|to"
    r"|jest|jako|és|com a|i|sú|еще"
    r"|je|bude|это|как|є|це|е|là|adalah|this is|that is|c['\u2019]est|das ist|esa es|olarak)) )?"
    r"(?:(?i:still|really|the|my|our|your|his|her|their|das|dein|mein|unser|het|mijn|ons|le|la|mon|notre|el|mi"
    r"|tu|o|a|minha|il|mia|min"
    r"|vårt|mój|moje|мой|твой|nasze|mé)[ ]){0,2}(?:[^\W\d_]{1,12}[ -]){0,2}\Z"
)
_WORD: Final = re.compile(r"\S+")
_PARTICLE: Final = re.compile("[是为為がは이가]")
_LINKS_BEFORE: Final = re.compile(
    r"(?i:\b(?:that['\u2019]?s|is|was|as|ist|als|est|es|é|è|är|er|to|jest|je|это|là|adalah|on|this is|comme|como|come"
    r"|jako|как|это)\b)|<-|[-\u2013\u2014=(]"
)
_UNSPACED_BEFORE: Final = re.compile(
    rf"(?P<value>[^{_ENDS}]{{5,64}})[ ]?(?:是|为|為|が|は|이|가)(?:我的|你的|新|[^\x00-\x7f]{{0,4}}的)?\Z"
)

_NO_SECRET: Final = re.compile(  # what has digits or other characters in it and is no password
    r"(?i:(?:sha|md|utf|rsa|aes|des|base|o?auth|http|ipv?|tls|ssl|win|mp|pbkdf|argon|bcrypt|scrypt|python|py|php|node"
    r"|es|rfc|iso|cve|id|step|user|server|db|host|web|app|prod|dev|test|field|page|line|col|row|item|arg|var"
    r"|val|value"
    r"|param|key|token|secret|pass|password|passwd|pwd|option|part|version|level|chapter|section|case|example|input"
    r"|output|text|file|group|type|word|ed|curve|secp|crc|hmac|fido|u2f|ecdsa|blake|sqlite|neo|log|ntlm|wpa|wep|tier"
    r"|phase|room|office|pkcs|username|windows|ubuntu|debian|vpn|eth|bzip|gzip|urllib|[a-z])[-_]?v?\d{1,5}(?:[-_./:]\w{0,12}){0,4})"
    r"|\d+(?:st|nd|rd|th|x|k|m|s|h|d|ms|us|kb|mb|gb|px|bit|bits|byte|bytes|chars?|fa|-[a-z]+)"
    r"|v?\d+(?:[.:/-][\dx]+)+[a-z]?\d*|\d{4}-\d\d-\d\dT?.*|[a-z][\w.+-]*@[a-z][a-z.-]+|[\w.+-]+@[\w-]+\.[\w.-]+"
    r"|[^\W_]+(?:_[^\W_]+)+|~?[\w-]+(?:\.[A-Za-z]\w*)+(?::\d+)?|[\w.-]*/[\w./?=&:-]*|(?:[a-z]+:)[^\W_]+(?:_[^\W_]+)+|\w+=|[\w-]+=[\w-].*|[\w-]+@v\d.*"
    r"|[!?%$~&@#:=-].*|.*(?:[(){}\[\]\\]|::|%[sd(]|\w://|\d\.\d+\.\d).*|[0-9a-f]{7}|[0-9a-f]{9,64}"
    r"|(?-i:[A-Z]{2,8}\d{1,3}(?:[A-Z][a-z]+){2,6}|[a-z]+[A-Z][a-z]+#[a-z]+)"
)
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TELLS_API: Final = re.compile(r"(?i:api|token|secret)")
"""Of a key alone, a UUID is more often the id."""
_DIGITS: Final = re.compile(r"\d[\d -]{2,10}\d(?!\d)#?(?![.:/]\d)")
_SPECIAL: Final = frozenset("!@#$%^&*+~")

_LOGIN: Final = re.compile(
    rf"\w{{0,12}}(?: {languages.OF}(?: [\w.\'-]{{1,24}}){{1,3}}?)?[ ]?(?:(?:are|is|as|with|sind|mit|sont|avec"
    rf"|met|son|con|med|com|to|z|na|using|som|jako|kao|kot|como|come|comme|как|як|sú|jsou|są|su|so|є|са|er|eru"
    rf"|zijn|sunt|són|são|sono)[ ])?(?:[:\uff1a]|-[ ])?\s{{0,3}}"
    rf"{_OPENS}(?P<user>[\w.@+-]{{2,64}}?){_OPENS}(?P<between> ?[/|:] ?|, | (?:and|with|und|mit|et|y|e|и|с|&"
    rf"|using|med|met|og|och|en|con|com|avec|i|z|s|a|та|з|pw|pass) |\n)"
    rf"{_VALUE}",
)
_LOGINS: Final = (
    *(
        "cred",
        "u/p",
        "wifi",
        "test user",
        "logga in",
        "logg inn",
        "log ind",
        "inloggning",
        "dane logowania",
        "prijav",
        "entra con",
        "entre com",
        "accedi con",
        "connecte-toi",
        "de conectare",
        "log in",
        "login",
        "logging in",
        "log on",
        "sign in",
        "use ",
        "usando ",
        "zugang",
        "einlog",
        "anmeld",
        "inlog",
        "identifiant",
    ),
    *("credenc", "credenz", "kredenc", "acces", "accès", "utilise", "usa ", "nimm ", "konto", "account"),
    *(
        "údaje",
        "данные для",
        "данни за",
        "дані для",
        "логин",
        "доступ",
        "вход",
        "учетк",
        "учётк",
        "账号",
        "帐号",
        "アカウント",
        "계정",
    ),
)
_CUES: Final = tuple((cue, re.compile(rf"(?<!\w){cue}", re.IGNORECASE)) for cue in _LOGINS)


def around(text: str, at: int, allowance: Allowance) -> Iterator[Found]:
    """What is told in words around a word for a secret that begins at `at` or little before."""
    is_after = _TELLS.search(text, at, at + 80)
    if is_after or at + 80 > len(text) or _ODD.search(text, max(0, at - 64), at):
        start = max(0, at - 24)
        word = _word_in(text[start : at + 24], at - start)
        if word:
            allowance.spend(NAME_EFFORT)
            name, begins, ends = word
            yield from _told(text, name, start + begins, start + ends, is_after=is_after is not None)


@lru_cache(maxsize=2048)
def _word_in(text: str, at: int) -> tuple[str, int, int] | None:
    """The name of the secret that the word at `at` means, and where the word begins and ends."""
    for begins in _beginnings(text, at):
        word = _WORDS.match(text, begins)
        if word and word.end() > at:
            return word.lastgroup or "", *word.span()
    return None


def _beginnings(text: str, at: int) -> Iterator[int]:
    """Where the word around `at` may begin: two words before it, one, and where it stands."""
    words = _STARTS.search(text, 0, at)
    if words:
        yield from sorted({words.start(group) for group in (1, 2, 3) if words[group] is not None})
    if not text[at].isascii() or text[at - 1 : at] == "-":
        yield at


def _told(text: str, name: str, start: int, end: int, *, is_after: bool) -> Iterator[Found]:
    is_unspaced = name in _UNSPACED_NAMES
    name = _UNSPACED_NAMES.get(name, name)
    if is_after and not (text[end - 4 : end].lower() == "pass" and text.startswith((" to ", " on ", " in "), end)):
        for after in (_AFTER_UNSPACED,) if is_unspaced else (_AFTER, _FROM):
            if found := after.match(text, end):
                yield from _judged(text, name, found)
                if more := _MORE.match(text, found.end()):
                    yield from _judged(text, name, more)
    yield from _told_further(text, name, end)
    if name == "password" and (told := _quoted(text, start, end)):
        yield Found(name, told.start(told.lastgroup or 0), "said", end=told.end(told.lastgroup or 0))
    if told := _before(text, start, end, is_unspaced=is_unspaced):
        yield from _judged(text, name, told, max(0, start - 96))


def _told_further(text: str, name: str, end: int) -> Iterator[Found]:
    """What answers a question for the secret, and a word that many choose as their password."""
    is_asked = "?" in text[end : end + 40] or "sure" in text[end : end + 24]
    if is_asked and (answered := _ANSWERED.match(text, end)):
        yield from _judged(text, name, answered)
    if name == "password" and (chosen := _CHOSEN_WORD.match(text, end)) and chosen["value"].lower() in weak_words.WORDS:
        yield Found(name, chosen.start("value"), "said", end=chosen.end("value"))


def _quoted(text: str, start: int, end: int) -> re.Match[str] | None:
    """What is no more than words, but is quoted, or is told as a passphrase, or ends what is said."""
    if quoted := _QUOTED.match(text, end):
        is_opened = text[start - 1 : start] in tuple("\"'`") or text[end - 1] in "\"'`"
        return None if is_opened or text[start:end].lower() == "pass" else quoted
    if text[end - 6 : end].lower() == "phrase" and (told := _PASSPHRASE.match(text, end)):
        return told
    return None if text[start:end].lower() == "pass" else _LAST.match(text, end)


def _before(text: str, start: int, end: int, *, is_unspaced: bool) -> re.Match[str] | None:
    before = text[max(0, start - 96) : start]
    if not _ODD.search(before):
        return None
    if is_unspaced:
        return _UNSPACED_BEFORE.search(before) if _PARTICLE.search(before[-8:]) else None
    if before.endswith("to ") or not _ENDS_PHRASE.match(text, end):
        return None
    for word in [*_WORD.finditer(before)][-8:]:
        if _ODD.search(word[0]) and (told := _BEFORE.match(before, word.start())):
            return told if _LINKS_BEFORE.search(before, told.end("value")) else None
    return None


def _judged(text: str, name: str, found: re.Match[str], offset: int = 0) -> Iterator[Found]:
    at, end = found.start("value") + offset, found.end("value") + offset
    if name in ("otp", "pin"):
        if digits := _DIGITS.match(text, at):
            yield Found("otp" if " " in digits[0] else name, at, "said", end=at + len(digits[0].rstrip("#")))
        return
    value = text[at:end].rstrip("?.,:;)]}*_")
    if text[at - 1 : at] == "=" or (_UUID.fullmatch(value) and not _TELLS_API.search(text, max(0, at - 40), at)):
        return
    if len(value) >= _LEAST[name] and is_chosen(value) and text[at + len(value) : at + len(value) + 1] != "(":
        yield Found(name, at, "said", end=at + len(value))


def is_chosen(value: str) -> bool:
    """Whether a word among words looks as if it were a password: it has digits or other characters in it."""
    if _NO_SECRET.fullmatch(value) or not any(char.isalpha() for char in value):
        return False
    return any(char.isdigit() for char in value) or not _SPECIAL.isdisjoint(value[:-1])


def logins(text: str, lower: str, allowance: Allowance) -> Iterator[Found]:
    """Every password that follows a user's name: `log in as root / …`, `creds are bob:…`."""
    if not _ODD.search(text):
        return
    for cue, pattern in _CUES:
        if cue in lower:
            for one in pattern.finditer(lower):
                allowance.spend(NEEDLE_EFFORT)
                found = _LOGIN.match(text, one.end())
                if found and (found["between"] in (" / ", " | ") or _allows(one[0], found["between"])):
                    yield from _judged(text, "password", found)


def _allows(cue: str, between: str) -> bool:
    if between == "\n":
        return cue.startswith(("cred", "kred", "zugang"))
    return not cue.endswith(" ") and (
        between.strip() in ("/", "|", ":") or cue.startswith(("log", "sign", "entr", "acc", "conn", "anm", "einl"))
    )
