"""Every limit, once. Tool schemas are made from these; the database CHECKs and the README are tested against them."""

from typing import Final

PROJECT_KEY_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
PROJECT_KEY_CHARS: Final = 64
NAME_CHARS: Final = 128
"""`agent`, `agent_id`, `label`, `tool`, `server`, `error_type`: what something is called."""
TICKET_CHARS: Final = 64
IDENTIFIER_CHARS: Final = 256
"""`user_id`, `conversation_id`, `session_id`, `model`, `provider`, act ids, span names, idempotency keys."""
TEXT_CHARS: Final = 2_000
"""`summary`, `prompt_preview`, `query`."""
ERROR_CHARS: Final = 8_000
TRACES_PER_CALL: Final = 200

JSON_BYTES: Final = 16 * 1024
"""`meta_json`, `context`, `meta`, `attributes`, as UTF-8 JSON."""
JSON_DEPTH: Final = 16
PAYLOAD_BYTES: Final = 64 * 1024
"""`input`, `output`, as UTF-8 JSON; a longer one is cut on a character boundary and its original size is kept."""

COUNT_MAX: Final = 2**53 - 1
"""Tokens, calls and milliseconds stay exact in every JSON reader (RFC 8259 section 6)."""
COST_USD_MAX: Final = COUNT_MAX / 1_000_000_000
"""Costs are kept as nano-dollars within the same bound: about nine million dollars a run."""

LIST_LIMIT_DEFAULT: Final = 20
LIST_LIMIT_MAX: Final = 200
ANSWER_CHARS_DEFAULT: Final = 8_000
ANSWER_CHARS_MIN: Final = 2_500
"""Less does not hold a run of which every field is told, however much its texts are cut."""
ANSWER_CHARS_MAX: Final = 100_000
STRING_CHARS: Final = 500
"""Of a longer text an answer shows the beginning, unless it was asked for."""
ROW_TEXT_CHARS: Final = 200
"""The same of a text in a list."""

MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""One HTTP body or one line on stdin."""
MESSAGE_CONTAINERS: Final = 100_000
"""Lists and objects in one message: what parsing it costs others, more than its bytes do."""
MESSAGE_VALUES: Final = 600_000
"""Values and the names of fields in one message, as far as commas, colons and opening brackets tell."""
REDACTION_EFFORT: Final = 300_000
"""What looks like secrets in one call, weighed by how long it takes to tell: about a microsecond each."""
