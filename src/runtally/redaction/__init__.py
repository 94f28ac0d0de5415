"""Secrets leave what is said before it is stored: each becomes `[REDACTED:kind]`, and what stands around it stays.

Three ideas find them. A shape (`shapes`, `tokens`, `vendors`, `seed_phrases`) is a credential that gives itself away
wherever it stands, such as `ghp_…` or a JWT. A name (`names`) gives away the value under it, such as `password=…` in a
text (`assignments`) or in JSON (`structure`). A grammar (`formats`) puts a secret where nothing else says it is one,
such as `mysql -p…`. Counting tokens is what this product is for: `max_tokens`, `token_count` and the like stay.
What a user adds comes from a file of one's own (`further`).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runtally.redaction.allowance import Allowance
    from runtally.redaction.redactor import Redactor

__all__ = ["Allowance", "Redactor"]


def __getattr__(name: str) -> Any:
    # Patterns are compiled where these are imported: `further` is read at the start of a process, and needs none.
    if name not in __all__:
        raise AttributeError(name)
    from runtally.redaction import allowance, redactor  # noqa: PLC0415

    return allowance.Allowance if name == "Allowance" else redactor.Redactor
