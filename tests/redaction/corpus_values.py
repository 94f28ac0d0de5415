"""The random values that stand in the corpora as `⟦kind:size⟧`, the same ones each time.

⟦base62:36⟧ ⟦hex:32⟧ …   so many characters of an alphabet (see `ALPHABETS`)
⟦uuid⟧                    a UUID
⟦bytes:48⟧                so many random bytes in base64, padded
⟦b64!text⟧                that text in base64
⟦jwt⟧                     a signed JSON web token; ⟦jwtpart:30⟧ so many bytes of JSON-like text in base64url
⟦pem:6⟧ ⟦pem:6,4⟧         so many lines of 64 characters of base64, all but the first indented by 4
⟦pemline:6⟧               the same, between them a backslash and an n
⟦words:12⟧                so many words of a wallet's seed phrase
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from itertools import count
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits
from typing import Final

ALPHABETS: Final = {
    "base62": digits + ascii_letters,
    "alnum": digits + ascii_lowercase,
    "ALNUM": digits + ascii_uppercase,
    "lower": ascii_lowercase,
    "UPPER": ascii_uppercase,
    "digits": digits,
    "hex": digits + "abcdef",
    "HEX": digits + "ABCDEF",
    "base32": ascii_uppercase + "234567",
    "bech32": "023456789acdefghjklmnpqrstuvwxyz",
    "BECH32": "023456789ACDEFGHJKLMNPQRSTUVWXYZ",
    "base58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "base64": digits + ascii_letters + "+/",
    "base64url": digits + ascii_letters + "-_",
    "typed": digits + ascii_letters + "!#%*+-.=?@^_~",
}

_WORDS: Final = """
abandon ability absorb abstract accident acoustic adjust advance airport alcohol amateur anchor animal antenna
apple arctic armor arrow artist asset athlete autumn avocado awkward bacon balance banana barrel basket beach
bicycle blanket blossom bottle bounce brave breeze brick bronze bubble buffalo cactus camera candy carbon castle
cattle ceiling cereal cherry circle clarify cliff coconut copper coral cousin cradle cricket crystal curtain
decade denial diamond dinosaur dolphin donkey dragon drama eagle echo elbow elephant embrace emerge enact engine
""".split()  # noqa: SIM905
"""Of the list of BIP 39; a phrase of them has no valid checksum."""

_VALUE: Final = re.compile(r"⟦(\w+)(?:([:!])(.*?))?⟧")


def expanded(template: str, seed: str) -> str:
    """The template with a value for each `⟦…⟧`; the same seed gives the same values.

    Raises:
        ValueError: there is no such kind.
    """
    numbers = count()
    return _VALUE.sub(lambda found: _value(found[1], found[3] or "", f"{seed}/{next(numbers)}"), template)


def _value(kind: str, size: str, seed: str) -> str:
    if kind in ALPHABETS:
        return _letters(ALPHABETS[kind], int(size), seed)
    if kind not in _KINDS:
        raise ValueError(f"no kind of value is named {kind!r}")
    return _KINDS[kind](size, seed)


def _uuid(_: str, seed: str) -> str:
    return "-".join(_letters(ALPHABETS["hex"], part, f"{seed}.{at}") for at, part in enumerate((8, 4, 4, 4, 12)))


def _padded(size: str, seed: str) -> str:
    picked = _stream(seed)
    return base64.b64encode(bytes(next(picked) for _ in range(int(size)))).decode()


def _jwt(_: str, seed: str) -> str:
    return f"{_jwt_part('27', seed)}.{_jwt_part('48', seed + 'p')}.{_letters(ALPHABETS['base64url'], 43, seed)}"


def _jwt_part(size: str, seed: str) -> str:
    """Base64url of text that begins as a JSON object does."""
    text = '{"' + _letters(ALPHABETS["base62"], int(size) - 3, seed) + "}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _letters(alphabet: str, size: int, seed: str) -> str:
    picked = _stream(seed)
    return "".join(alphabet[next(picked) % len(alphabet)] for _ in range(size))


def _pem(size: str, seed: str) -> str:
    lines, _, indent = size.partition(",")
    between = "\n" + " " * int(indent or 0)
    return between.join(_letters(ALPHABETS["base64"], 64, f"{seed}.{at}") for at in range(int(lines)))


def _words(size: str, seed: str) -> str:
    picked = _stream(seed)
    return " ".join(_WORDS[next(picked) % len(_WORDS)] for _ in range(int(size)))


def _stream(seed: str) -> Iterator[int]:
    """Bytes without end, the same ones for a seed on every machine and Python."""
    for block in count():
        yield from hashlib.sha256(f"{seed}#{block}".encode()).digest()


_KINDS: Final[dict[str, Callable[[str, str], str]]] = {
    "uuid": _uuid,
    "bytes": _padded,
    "b64": lambda text, _: base64.b64encode(text.encode()).decode(),
    "jwt": _jwt,
    "jwtpart": _jwt_part,
    "pem": _pem,
    "pemline": lambda size, seed: _pem(size, seed).replace("\n", "\\n"),
    "words": _words,
}
