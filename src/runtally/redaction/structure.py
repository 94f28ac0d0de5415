"""Finds the secrets in JSON by the names they stand under, and by what stands beside them."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol

from runtally.redaction import cookies, lists, marks, records
from runtally.redaction.allowance import KEY_EFFORT, OBJECT_EFFORT, SHAPE_EFFORT, VALUE_EFFORT, Allowance, measured
from runtally.redaction.names import Names, Rule
from runtally.redaction.records import Members


class RedactText(Protocol):
    """As `Redactor.text`."""

    def __call__(self, text: str, allowance: Allowance, *, is_named: bool = False) -> str: ...


_PROGRAM: Final = ("command", "program", "executable", "cmd")
_ARGUMENTS: Final = frozenset({"args", "arguments", "argv", "command", "cmd", "Args", "Cmd", "Command"})
_KNOWN_KEYS: Final = 40
_KNOWN_CHARS: Final = 40
"""What is known of an object from its keys is kept if there are no more and none is longer: most objects are alike."""
_NO_COLUMNS: Final[dict[int, Rule]] = {}


class Structure:
    """JSON, gone through box by box, however deep it is."""

    def __init__(self, redact_text: RedactText, names: Names) -> None:
        self._redact_text = redact_text
        self._names = names
        self._known = lru_cache(maxsize=512)(self._known_from)

    def without_secrets(self, value: Any, allowance: Allowance) -> Any:
        """A copy of `value` as `Redactor.json` promises it."""
        root = [value]
        walk = _Walk(self._redact_text, self._names, allowance, self._members)
        walk.put(root, 0, value, None)
        walk.go_on()
        return root[0]

    def _members(self, entries: dict[Any, Any], allowance: Allowance) -> Members | None:
        """What the keys say; None where one of them may hold a secret itself.

        The same keys again cost the call next to nothing, unless they are very many, and another call as much as this.
        """
        effort = OBJECT_EFFORT + KEY_EFFORT * len(entries)
        if len(entries) > _KNOWN_KEYS:
            allowance.spend(effort)
            return None
        keys = tuple(entries)
        if any(type(key) is not str or len(key) > _KNOWN_CHARS for key in keys):
            allowance.spend_once(keys, effort)
            return None
        known, more = self._known(keys)
        allowance.spend_once(keys, effort + more)
        return known

    def _known_from(self, keys: tuple[str, ...]) -> tuple[Members | None, float]:
        def look(allowance: Allowance) -> Members | None:
            if any(self._redact_text(key, allowance) != key for key in keys):
                return None
            return records.members(keys, self._names)

        return measured(look, otherwise=None)


class _Box(NamedTuple):
    """An object or a list that is to be gone through: `cover` is the rule of the name it stands under."""

    entries: Any
    cover: Rule | None = None
    members: Members | None = None
    program: str = ""
    columns: dict[int, Rule] = _NO_COLUMNS
    under: Any = None


class _Walk:
    def __init__(
        self,
        redact_text: RedactText,
        names: Names,
        allowance: Allowance,
        members: Callable[[dict[Any, Any], Allowance], Members | None],
    ) -> None:
        self._redact_text = redact_text
        self._names = names
        self._allowance = allowance
        self._members = members
        self._pending: list[_Box] = []

    def go_on(self) -> None:
        while self._pending:
            box = self._pending.pop()
            if isinstance(box.entries, dict):
                self._go_through_object(box)
            else:
                self._go_through_list(box)

    def put(self, entries: Any, slot: Any, child: Any, rule: Rule | None, program: str = "") -> None:
        """Redact one leaf in its place; a box is copied, and gone through later."""
        if isinstance(child, str):
            entries[slot] = self._redacted(child, rule)
        elif isinstance(child, dict):
            members = self._members(child, self._allowance)
            entries[slot] = copy = dict(child) if members else self._with_redacted_keys(child)
            cover = rule if rule and rule.covers_objects and not _is_path(slot) else None
            self._pending.append(_Box(copy, cover, members, under=slot))
        elif isinstance(child, list | tuple):
            entries[slot] = items = list(child)
            self._pending.append(_Box(items, None if _is_path(slot) else rule, None, program))
        elif rule and type(child) is int:
            self._allowance.spend(VALUE_EFFORT)
            if rule.gives_away_number(child):
                entries[slot] = marks.of_kind(rule.kind)

    def _go_through_object(self, box: _Box) -> None:
        entries, cover = box.entries, box.cover
        of = box.members or records.members((key for key in entries if isinstance(key, str)), self._names)
        of_value = records.rule_of_value(entries, of, cover, self._names) if of.valued else cover
        if cover and records.is_definition(entries, of):
            cover = None
        program = next((entries[key] for key in _PROGRAM if isinstance(entries.get(key), str)), "")
        for key, child in entries.items():
            if child is None or child is True or child is False:
                continue
            rule = of.rules.get(key) or (None if key in of.telling else of_value if key in of.valued else cover)
            if key == "key" and isinstance(box.under, str) and not of.valued:
                rule = records.key_within(box.under, self._names) or rule
            self.put(entries, key, child, rule, program if key in _ARGUMENTS else "")
        if of.table:
            self._go_through_table(entries, *of.table, cover)
        if of.is_resource:
            for key in records.secret_maps(entries):
                self._hide_all_in(entries[key])

    def _go_through_table(self, entries: dict[Any, Any], columns: str, rows: str, cover: Rule | None) -> None:
        rules = records.column_rules(entries[columns], self._names)
        if rules and isinstance(entries[rows], list):
            self._pending.append(_Box(entries[rows], cover, columns=rules))

    def _hide_all_in(self, entries: dict[Any, Any]) -> None:
        for key, child in entries.items():
            if isinstance(child, str):
                entries[key] = self._redacted(child, records.SECRET)

    def _go_through_list(self, box: _Box) -> None:
        items, cover = box.entries, box.cover
        is_text = bool(items) and isinstance(items[0], str)
        headers = lists.header_rules(items, self._names) if is_text and not cover else _NO_COLUMNS
        for at, child in enumerate(items):
            if child is None or child is True or child is False:
                continue
            if isinstance(child, list | tuple):
                self._put_row(items, at, box)
            elif not (cover and isinstance(child, str) and self._is_reference(child)):
                self.put(items, at, child, headers.get(at, cover))
        if is_text:
            self._go_through_lines(items, box.program)
        elif cover and lists.are_bytes(items):
            items[:] = [marks.of_kind(cover.kind)] * len(items)

    def _go_through_lines(self, items: list[Any], program: str) -> None:
        """What only several items tell together: the lines of a key, the words of a command."""
        lists.hide_key_lines(items)
        line, count = lists.command_line(program, items)
        if count:
            self._allowance.spend(VALUE_EFFORT)
            redacted = self._redact_text(line, self._allowance)
            if redacted != line:
                lists.take_marks(redacted, items, count)
        if count < len(items):
            for at, rule in lists.rules_after_flags(items, count, self._names):
                items[at] = self._redacted(items[at], rule)

    def _put_row(self, items: list[Any], at: int, box: _Box) -> None:
        """A list in a list: a row of a table, a name and its value, or any other."""
        row = items[at]
        if box.columns:
            items[at] = row = list(row)
            for column, cell in enumerate(row):
                self.put(row, column, cell, box.columns.get(column, box.cover))
            return
        if len(row) == 2 and isinstance(row[0], str):
            self._allowance.spend(SHAPE_EFFORT)
        if rule := lists.rule_of_pair(row, self._names):
            items[at] = pair = [self._redact_text(row[0], self._allowance), row[1]]
            self.put(pair, 1, pair[1], rule)
        else:
            self.put(items, at, row, box.cover)

    def _is_reference(self, text: str) -> bool:
        """Whether an item is the name of a secret, as in `secrets: ["db_password"]`."""
        return "_" in text and text.replace("_", "").isalpha() and self._names.rule_for(text) is not None

    def _redacted(self, text: str, rule: Rule | None) -> str:
        redacted = self._redact_text(text, self._allowance, is_named=rule is not None)
        if rule:
            self._allowance.spend(VALUE_EFFORT)
            if rule.kind == "cookie" and cookies.is_header(redacted):
                return cookies.hidden(redacted, marks.of_kind, self._allowance)
            if (rule.gives_away(text) or rule.gives_away(redacted)) and not records.is_message(redacted):
                return marks.of_kind(rule.kind)
        return redacted

    def _with_redacted_keys(self, entries: dict[Any, Any]) -> dict[Any, Any]:
        redacted: dict[Any, Any] = {}
        seen: dict[str, int] = {}
        for key, child in entries.items():
            unique = self._redact_text(key, self._allowance) if isinstance(key, str) else key
            name = unique if unique not in redacted or marks.MARK.fullmatch(unique) else marks.of_kind("key")
            while unique in redacted:
                seen[name] = seen.get(name, 1) + 1
                unique = f"{name}#{seen[name]}"
            redacted[unique] = child
        return redacted


def _is_path(slot: Any) -> bool:
    """Whether a key is the path of a file or a module: what is in it is no part of a secret."""
    return isinstance(slot, str) and ("/" in slot or "." in slot)
