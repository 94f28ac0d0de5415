"""Finds what is said of a secret in words: `the password is …`, `IDENTIFIED BY '…'`, `mein Passwort lautet …`."""

import re
from collections.abc import Iterator
from typing import Final

from runtally.redaction.found import Found

_STEMS: Final = ("pass", "pwd", "secret", "token", "key", "code", "otp", "pin", "senha", "clave", "kennwort", "woord", "parola", "heslo", "salasana")
# From its first letter that is not ASCII, which is rare.
_FOREIGN: Final = re.compile(
    r"ñ(?<=ontraseñ)|ł(?<=[hH]asł)|[şŞ](?=ifre)|ö(?=senord)|ó(?<=elszó)|ậ(?=t khẩu)|[пП](?=арол)|[кК](?=люч)|[тТ](?=окен)"
    r"|密(?=[码碼钥鑰])|口(?=令)|令(?=牌)|金(?=鑰)|秘(?=[钥密])|パ(?=スワード)|暗(?=証番号)|비(?=밀)|암(?=호)|패(?=스워드)|ك(?=لمة)"
    r"|ס(?=יסמ)|प(?=ासवर्ड)|क(?=ूटशब्द)|ร(?=หัสผ่าน)|κ(?=ωδικό)"
)
GATES: Final = tuple({part for stem in (*_STEMS, "ied by") for part in (stem[1:], stem[1:].upper())})
"""What a text that says nothing of a secret lacks."""
_ENDS_WORD: Final = tuple((stem, re.compile(rf"{stem}\w{{0,20}}[\"'`*]{{0,3}}[ \t\n]")) for stem in _STEMS)
_COPULAS: Final = (
    r"is(?: now)?(?: still)?(?: set to)?|are|was|will be|should be|=|(?:has been |was |is )?(?:set|changed|reset) to|ist|lautet"
    r"|es|est|é|eh|è|är|er|on|jest|to|je|az|bude|это|такой|adalah|là|olarak|είναι|है|هي|هو|היא|הוא"
)
_SAID: Final = re.compile(
    r"(?P<name>\w{0,24}(?: (?:phrase|code|word))?)[\"'`*]{0,3}"
    r"(?P<of> (?:for|of|to|on|von|für|de|del|pour|para|на|для|от|från|do) (?:the |our |my |la |le |el |der |die |das )?"
    r"[\w.@'`/-]{1,40}(?: (?:account|server|user|box|db|database|api))?)?"
    rf"(?:\s{{1,3}}(?P<copula>{_COPULAS}):?|(?(of):|(?!)))[ \t]{{1,4}}(?=\S)"
)
_SAID_OF_ONE: Final = re.compile(r"(?P<name>[^\x00-\x7f]{1,12}?)(?:[:：]?[ ]{0,2}(?:是|为|為|は|が|을|를|은|는)[:：、]?[ ]{0,2})(?=\S)")
_WITH: Final = re.compile(r"\w{0,16}[ \t]{1,4}(?=[^\s:=(),.;-])")
_SQL: Final = re.compile(r"[ \t]{1,4}(?=[NE]?['\"])")
_BY: Final = re.compile(r"IDENTIFIED (?:WITH [\w\"']{1,60} )?(?:BY|AS) (?:PASSWORD )?(?i:VALUES )?(?=['\"\w])", re.IGNORECASE)
_GIVES: Final = re.compile(r"(?i:\b(?:with|using|use|and|mit|con|avec|com|z|met|med)(?: (?:the|his|her|my|das|el|le|la|a|o))?(?: (?:user )?))\Z")
_SETS: Final = re.compile(
    r"(?i:(?:\A|[\n;&|\"'`]|RUN |sudo )[ \t]*(?:ENV|setx|SetEnv|set(?: -[a-z]{1,3})?|export|fastcgi_param|putenv|set_secret"
    r"|[\w-]{1,20} (?:config|secrets?|env|variables?)(?: --?[\w-]{1,20})? ?[: ]?(?:set|add|put)?(?: --?[\w-]{1,20})?)[ \t]{1,4})\Z"
)
_WORDS_BEFORE: Final = re.compile(r"\b(?:[^\W\d_]{2,12} ){1,2}\Z")


def named(text: str) -> Iterator[Found]:
    """Every name in `text` that is followed by words that give its value."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = text.replace("\u0130", "i").lower()
    for stem, pattern in _ENDS_WORD:
        if stem in lower:
            for one in pattern.finditer(lower):
                yield from _said(text, one.start(), stem)
    if not text.isascii():
        for one in _FOREIGN.finditer(text):
            yield from _said(text, one.start(), one[0])
    if "ied by" in lower or "ied with" in lower:
        yield from (Found("password", one.end(), "by") for one in _BY.finditer(text))


def _said(text: str, at: int, stem: str) -> Iterator[Found]:
    if found := _SAID.match(text, at):
        name = _name_at(text, at, found.end("name"))
        copula = found["copula"]
        yield Found(name, found.end(), "said" if copula in ("lautet", "=") or (copula or "").endswith(" to") else "is")
    elif not stem.isascii() and (found := _SAID_OF_ONE.match(text, at)):
        yield Found(_name_at(text, at, found.end("name")), found.end(), "is")
    elif found := _WITH.match(text, at):
        name_end = found.start() + len(text[found.start() : found.end()].rstrip())
        start = _word_start(text, at)
        name, before = text[start:name_end], text[max(0, start - 64) : start]
        if _SETS.search(before):
            yield Found(name, found.end(), "--")
        elif _GIVES.search(before):
            yield Found(name, found.end(), "is")
        elif _SQL.match(text, name_end) and text[found.end()] in "'NE":
            yield Found(name, found.end(), "by")


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
