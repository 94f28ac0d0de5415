"""How others spell a name, and how a value is refused under the name it was sent by."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from itertools import count as numbers
from typing import Any, Final, NoReturn

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from runtally.domain.limits import COUNT_MAX
from runtally.domain.written import whole_number

_WORD_BEGINS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NAME_MAX: Final = 64
"""No name that is looked up is longer."""

Path = tuple[str, ...]
"""Where a value was sent: names from the outside in."""


def folded(name: str) -> str:
    """The name in snake case: `promptTokenCount`, `prompt-token-count` and `PROMPT_TOKEN_COUNT` are one name."""
    if len(name) > _NAME_MAX or (name.islower() and "-" not in name):
        return name
    return _in_snake_case(name)


@lru_cache(maxsize=4096)
def _in_snake_case(name: str) -> str:
    return _WORD_BEGINS.sub("_", name).replace("-", "_").lower()


def free_name(name: str, value: Any, *taken: Mapping[str, Any]) -> str:
    """The name, or with a number the first under which nothing but that value stands."""
    names = chain([name], (f"{name}#{number}" for number in numbers(2)))
    return next(one for one in names if all(one not in known or known[one] == value for known in taken))


def refuse(path: Sequence[str], told: str, kind: str) -> NoReturn:
    """Refuse the value at that place; `told` goes on after its name."""
    error: InitErrorDetails = {"type": PydanticCustomError(kind, told), "loc": tuple(path), "input": None}
    raise ValidationError.from_exception_data("dialects", [error])


class Problems:
    """What is refused of one object, to be told together."""

    def __init__(self) -> None:
        self._details: list[InitErrorDetails] = []

    def note(self, refused: ValidationError) -> None:
        """Keep why something is refused."""
        for detail in refused.errors(include_url=False):
            told = PydanticCustomError(detail["type"], detail["msg"])
            self._details.append({"type": told, "loc": detail["loc"], "input": None})

    def refuse_all(self) -> None:
        """Refuse whatever was noted.

        Raises:
            ValidationError: something was.
        """
        if self._details:
            raise ValidationError.from_exception_data("dialects", self._details)


def count(path: Path, value: Any) -> int:
    """The count that a number or its text are; anything else is refused under its name."""
    number = whole_number(value)
    whole = int(number) if isinstance(number, float) and number.is_integer() else number
    if type(whole) is not int:
        refuse(path, "is not an integer", "number")
    if whole < 0:
        refuse(path, "is less than 0", "number")
    if whole > COUNT_MAX:
        refuse(path, f"is more than {COUNT_MAX:,}", "too_many_tokens")
    return whole
