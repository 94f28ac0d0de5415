"""Finds what is said of a secret in words: `the password is …`, `IDENTIFIED BY '…'`, `mein Passwort lautet …`."""

import re
from collections.abc import Iterator
from typing import Final

from runtally.redaction import answers, languages, talk
from runtally.redaction.allowance import NAME_EFFORT, NEEDLE_EFFORT, UNLIMITED, Allowance
from runtally.redaction.found import Found
from runtally.redaction.needles import Needles

_STEMS: Final = (
    *(
        "pass",
        "pwd",
        "psw",
        "psk",
        "pasw",
        "pw",
        "secret",
        "token",
        "key",
        "code",
        "otp",
        "pin",
        "senha",
        "clave",
        "kennwort",
        "woord",
        "parola",
        "mdp",
    ),
    *("hesl", "salasana", "geheim", "jeton", "parol", "haslo", "hasle", "lozink", "gesl", "sifre", "passord"),
    *("contraseny", "jelsz", "adgangskode", "kodeord", "sandi", "laluan", "mk", "parool"),
)
_FOREIGN_STEMS: Final = (
    *(
        "contraseñ",
        "hasł",
        "şifre",
        "jelszó",
        "clé",
        "mật khẩu",
        "парол",
        "ключ",
        "токен",
        "κωδικό",
        "סיסמ",
        "lösen",
        "şifre",
        "slaptaž",
        "fjalëk",
        "lykilor",
        "лозинк",
        "шифр",
        "код",
        "пин",
        "пін",
        "пас",
        "šifr",
        "schlüssel",
    ),
    *(
        "密码",
        "密碼",
        "密钥",
        "密鑰",
        "口令",
        "令牌",
        "パスワード",
        "暗証番号",
        "비밀번호",
        "비밀",
        "암호",
        "كلمة",
        "पासवर्ड",
        "পাসওয়ার্ড",
        "கடவுச்சொல்",
        "باسورد",
        "رمز عبور",
        "پاس ورڈ",
        "パス",
        "キー",
        "验证码",
        "驗證碼",
        "認証コード",
        "確認コード",
        "인증번호",
        "비번",
        "키",
        "कूटशब्द",
        "รหัสผ่าน",
    ),
)
_ENDS_WORD: Final = {
    stem: re.compile(rf"{stem}\w{{0,20}}[\"'`*]{{0,3}}(?:[\s.,:;!?)\u2019\uff1a-]|'s|\Z)" if stem.isascii() else stem)
    for stem in (*_STEMS, *_FOREIGN_STEMS)
}
_BEFORE_BY: Final = frozenset({"ied by", "ied with"})
NEEDLES: Final = (*_STEMS, *filter(str.isascii, answers.NEEDLES), *sorted(_BEFORE_BY))
"""A text in ASCII without any of them, in lower case, says nothing of a secret."""
_NEEDLES: Final = Needles(NEEDLES)
_ALL_NEEDLES: Final = Needles((*_STEMS, *_FOREIGN_STEMS, *answers.NEEDLES, *sorted(_BEFORE_BY)))
_SAID: Final = re.compile(
    r"(?P<name>\w{0,24}(?!\w)(?: (?:phrase|code|word|api))?)[\"'`*]{0,3}"
    rf"(?P<of>(?: {languages.OF} (?!file\b)(?:[\w.@'\u2019`/-]{{1,80}}+ ?){{1,2}}?"
    r"|(?: d['\u2019][\w]{1,20})| (?:api|secr[eè]te)){1,3}?)?"
    rf"(?:\s{{1,3}}(?P<copula>{languages.COPULAS}):?|(?(of)\s?[:=]|(?!)))[ \t]{{1,4}}(?=\S)",
    re.IGNORECASE,
)
_OF: Final = re.compile(rf"\w{{0,24}}(?: \w{{3,6}})?[\"'`*]{{0,3}} {languages.OF} ", re.IGNORECASE)
_SAID_OF_ONE: Final = re.compile(
    r"(?P<name>[^\x00-\x7f]{1,12}?)(?:[:\uff1a]?[ ]{0,2}(?:是|为|為|は|が|을|를|은|는)[:\uff1a、]?[ ]{0,2})(?=\S)"
)
_SAYS_ON: Final = re.compile("salasana|parool|tunnussana|salasõna")
_QUOTES: Final = frozenset("\"'`«„“\u2018「『")
_WITH: Final = re.compile(r"\w{0,16}[\"'*]?[ \t]{1,24}(?=[^\s:=(),.;-])")
_SQL: Final = re.compile(r"[ \t]{1,4}(?=[NE]?['\"])")
_BY: Final = re.compile(r"identified (?:with [\w\"']{1,60} )?(?:by|as) (?:password )?(?:values )?(?=\\{0,15}['\"]|\w)")
_SPEAKS_SQL: Final = re.compile(r"\b(?:user|grant|role|connect to|encryption key|key management) ")
_GIVES: Final = re.compile(
    r"(?i:\b(?:with|using|use|and|mit|con|avec|com|z|met|med)(?: (?:the|his|her|my|das|el|le|la|a|o))?|\b(?:user"
    r"(?:name)?|login|usu\w{3,5}"
    r"|utente|utilis\w{3,6}|utilizator|benutzer|account|anv\w{5,7}|bruger|gebruiker|пользовател\w|логин)\b[ :=]"
    r"[^\n:=]{1,40}[ ,;\n])[ \t]*\Z"
)
_SETS: Final = re.compile(
    r"(?i:(?:\A|[\n;&|\"'`]|RUN |sudo )[ \t]*(?:ENV|setx|SetEnv|set(?: -[a-z]{1,3})?|export|fastcgi_param|putenv"
    r"|set_secret"
    r"|[\w-]{1,20} (?:config|(?:user-)?secrets?|env|variables?|kv)(?: --?[\w-]{1,20})? ?[: ]?(?:set|add|put)"
    r"(?: --?[\w-]{1,20})?)[ \t]{1,4}"
    r"[\"']?(?:[\w.-]{1,30}[:/]){0,3})\Z"
)
_BEGINS: Final = re.compile(  # a name alone begins a line of a language that needs no sign between it and its value
    r"(?:\A|\n)[ \t]{0,16}(?:@|:|\((?:def\w{0,12}|setq) [*:^\w ]{0,24})?\Z|#[ \t]{0,4}define[ \t]{1,8}\Z|[{ ]:\Z"
)
_ENDS: Final = re.compile(r"[@L(]{0,2}(?P<quote>[\"'])[^\"'\n]{1,200}(?P=quote)[)}\]]{0,3}[ \t]*(?:\r?\n|\Z)")
_MAY_BE_VALUE: Final = re.compile(r"[\"'`«„“]|[^\s\d]{0,24}\d|[^\s!@#$%^&*+~]{0,24}[!@#$%^&*+~]")
_WORDS_BEFORE: Final = re.compile(r"\b(?:[^\W\d_]{2,12} ){1,2}\Z")


def named(text: str, allowance: Allowance = UNLIMITED) -> Iterator[Found]:
    """Every name in `text` that is followed by words that give its value.

    Raises:
        LimitExceeded: the allowance is spent; a name is charged though nothing is told of it.
    """
    lower = text.lower()
    if len(lower) != len(text):
        lower = text.replace("\u0130", "i").lower()
    needles = (_NEEDLES if text.isascii() else _ALL_NEEDLES).within(lower)
    for needle in needles:
        yield from _around(text, lower, needle, allowance)
    yield from talk.logins(text, lower, allowance)
    if not _BEFORE_BY.isdisjoint(needles):
        for one in _BY.finditer(lower):
            if text[one.start()].isupper() or _SPEAKS_SQL.search(lower, max(0, one.start() - 80), one.start()):
                yield Found("password", one.end(), "by")


def _around(text: str, lower: str, needle: str, allowance: Allowance) -> Iterator[Found]:
    if ends_word := _ENDS_WORD.get(needle):
        for one in ends_word.finditer(lower):
            allowance.spend(NEEDLE_EFFORT if needle.isascii() else NAME_EFFORT)
            yield from _said(text, one.start(), needle, allowance)
    elif needle not in _BEFORE_BY:
        yield from answers.told(text, lower, needle, allowance)


def _said(text: str, at: int, stem: str, allowance: Allowance) -> Iterator[Found]:
    if not stem.isascii() and (found := _SAID_OF_ONE.match(text, at)) and text[found.end()] in _QUOTES:
        yield Found(_name_at(text, at, found.end("name")), found.end(), "is")
    else:
        if _OF.match(text, at):
            allowance.spend(NAME_EFFORT)  # whose secret it is may be told in many ways
        yield from _given(text, at, allowance)
    yield from talk.around(text, at, allowance)


def _given(text: str, at: int, allowance: Allowance) -> Iterator[Found]:
    if (found := _SAID.match(text, at)) and not _is_comment(text, at, found):
        name = _name_at(text, at, found.end("name"))
        copula = found["copula"]
        if copula == "on" and not _SAYS_ON.search(name.lower()):
            return
        yield Found(name, found.end(), "said" if copula == "lautet" or (copula or "").endswith(" to") else "is")
    elif found := _WITH.match(text, at):
        name_end = found.start() + len(found[0].rstrip(" \t\"'"))
        start = _word_start(text, at)
        name, before = text[start:name_end], text[max(0, start - 64) : start]
        if not (name.isupper() or _MAY_BE_VALUE.match(text, found.end())):
            return
        allowance.spend(2 * NAME_EFFORT)  # what stands before the name is gone through
        if _SETS.search(before) or (_BEGINS.search(before) and _ENDS.match(text, found.end())):
            yield Found(name, found.end(), "--")
        elif _GIVES.search(before):
            yield Found(name, found.end(), "is")
        elif _SQL.match(text, name_end) and text[found.end()] in "'NE":
            yield Found(name, found.end(), "by")


def _is_comment(text: str, at: int, said: re.Match[str]) -> bool:
    """SQL's `COMMENT ON COLUMN users.password IS '…'`."""
    return said["copula"] == "IS" and "COMMENT ON" in text[max(0, at - 200) : at]


def _name_at(text: str, at: int, end: int) -> str:
    """The word that goes on to `end`, and the one before it: `API key`."""
    start = _word_start(text, at)
    if start > 1 and text[start - 1] == " " and text[start - 2].isalpha():
        words = _WORDS_BEFORE.search(text, max(0, start - 24), start)
        start = words.start() if words else start
    return text[start:end]


def _word_start(text: str, at: int) -> int:
    start = at
    while start > max(0, at - 48) and (text[start - 1].isalnum() or text[start - 1] in "_-."):
        start -= 1
    return start
