"""Finds values that have no shape of their own by the vendor's word in their name: `DATADOG_APP: 3f78…`."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Final

from runtally.redaction.allowance import VALUE_EFFORT, Allowance
from runtally.redaction.gitleaks import Vendor
from runtally.redaction.names import in_snake_case
from runtally.redaction.token_search import Found, entropy

_NAME_CHARS: Final = 70
_BETWEEN: Final = " \t\"'`\\=>:"
_OPERATOR: Final = re.compile(r"[=:]|=>")
_NAME_BACKWARDS: Final = re.compile(r"[A-Za-z0-9_. -]+")
_VALUE: Final = re.compile(r"[\w=+/.:%~-]{14,200}", re.ASCII)
_HAS_DIGIT: Final = re.compile(r"\d")

NOT_SECRET: Final = frozenset(
    "id ids uuid guid sha sha1 sha256 md5 hash digest checksum commit ref rev revision etag version tag build release"  # noqa: SIM905
    " event trace span issue ticket task channel message url uri path file host user username account org team project"
    " public pub site zone page client run job session request image name slug fingerprint integrity number dsn app"
    " environment model workspace board space folder region bucket index dataset package".split()
)
"""Last words of names of what anyone may see."""


_SAYS_SECRET: Final = frozenset({"key", "token", "secret", "pat", "password", "apikey", "credential"})

_MORE_WORDS: Final = (
    "adyen amplitude assemblyai binance bitfinex braze bugsnag bunny bybit calendly circleci clickup cloudinary"
    " datadog deepgram deepseek elevenlabs etherscan exa fireworks freshdesk geniekey groq heap helius honeybadger"
    " honeycomb infura jotform linode loggly logzio looker mailchimp mailjet mandrill mistral mixpanel moralis newsapi"
    " openweathermap opsgenie pagerduty papertrail pinecone pipedrive postmark pusher pushover railway recurly rollbar"
    " segment sendgrid serpapi serper shortcut sparkpost splunk statsig tavily telnyx todoist together trello twilio"
    " upstash vercel vonage vultr zoom"
)
MORE: Final[Vendor] = {
    "kind": "api_key",
    "words": _MORE_WORDS.split(),
    "pattern": (
        r"[0-9a-f]{32,64}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
        r"|(?=[A-Za-z]{0,40}\d)(?=\d{0,40}[A-Za-z])[A-Za-z0-9]{20,64}"
    ),
    "entropy": 3.0,
}
"""Vendors that gitleaks lacks. Many of them have more than one shape, so one for all."""


class Vendors:
    """Rows of vendors, ready to be looked up."""

    def __init__(self, vendors: Iterable[Vendor]) -> None:
        self._by_word: dict[str, list[_Row]] = {}
        for vendor in vendors:
            row = _Row(vendor)
            for word in vendor["words"]:
                self._by_word.setdefault(word, []).append(row)
        self._rows_of = lru_cache(maxsize=1024)(self._rows_behind)

    def found(self, text: str, runs: Sequence[tuple[int, int]], allowance: Allowance) -> Iterator[Found]:
        """The vendors' values among the runs."""
        for start, end in runs:
            if not start or text[start - 1] not in _BETWEEN or not _HAS_DIGIT.search(text, start, end):
                continue
            before = text[max(0, start - _NAME_CHARS) : start]
            named = before.rstrip(_BETWEEN)
            name = _NAME_BACKWARDS.match(named[::-1])
            is_assigned = _OPERATOR.search(before, len(named)) is not None
            if name and (rows := self._rows_of(name[0][::-1], is_assigned)):
                allowance.spend(VALUE_EFFORT)
                if (value := _VALUE.match(text, start)) and (row := _first(rows, value[0])):
                    yield Found(*value.span(), row.kind)

    def _rows_behind(self, name: str, is_assigned: bool) -> list["_Row"]:  # noqa: FBT001 - it is cached
        words = in_snake_case(name).split("_")
        if words[-1] in NOT_SECRET or not (is_assigned or words[-1] in _SAYS_SECRET):
            return []
        near = words[-6:]
        pairs = [first + second for first, second in pairwise(near)]
        return [row for word in (*near, *pairs) for row in self._by_word.get(word, ())]


def _first(rows: Iterable["_Row"], value: str) -> "_Row | None":
    return next((row for row in rows if row.is_value(value)), None)


class _Row:
    """A row, whose pattern is compiled when a text first holds one of its words."""

    def __init__(self, vendor: Vendor) -> None:
        self.kind = vendor["kind"]
        self._source = vendor["pattern"]
        self._entropy = vendor["entropy"]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self._source, re.ASCII)

    def is_value(self, value: str) -> bool:
        return self._pattern.fullmatch(value) is not None and entropy(value) >= self._entropy
