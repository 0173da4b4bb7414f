"""Reading JSON, and small functions that say whether a value is what it should be."""

from __future__ import annotations

import sys
from _collections_abc import Callable, Mapping

from converge.errors import Refused, shown
from converge.light import dumps, json, loads, re

LIMIT = 8 * 1024 * 1024
"""The largest document or program read from standard input, in bytes."""


Checker = Callable[[object, str], None]
"""Raises Refused naming the place (second argument) when the value (first argument) is not what it should be."""


def read_input(limit: int = LIMIT) -> bytes:
    """Standard input, up to `limit` bytes; more is refused."""
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        raise Refused(f"standard input is larger than {limit // 1024 // 1024} MB")
    return data


def parse_json(data: bytes) -> object:
    """JSON with unique keys. No value ever appears in an error: it may be secret."""
    try:
        return loads(data, _unique)
    except UnicodeDecodeError as error:
        raise Refused(f"standard input is not UTF-8 text (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise Refused(f"standard input is not JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise Refused("standard input is not JSON that can be read: it is nested too deep") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise Refused(f"the key {shown(key)} stands twice in one object")
            seen.add(key)
    return result


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no white space, as canonical.ts writes it."""
    return dumps(value, ascii_only=False).encode("utf-8")


def whole_characters(value: str, place: str) -> None:
    """A text that UTF-8 can hold."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise Refused(f"{place} has half of a surrogate pair in it, which is no character") from None


def string(pattern: str = "", what: str = "a text", limit: int = LIMIT) -> Checker:
    """A string that the whole of `pattern` matches. Compiled at first use: a run uses few of them."""

    def check(value: object, place: str) -> None:
        if not isinstance(value, str) or len(value) > limit or (pattern and not re.fullmatch(pattern, value)):
            raise Refused(f"{place} has to be {what}")
        whole_characters(value, place)

    return check


def word(first: str, rest: str, longest: int, what: str, shortest: int = 1) -> Checker:
    """A string of one character of `first` and others of `rest`, `shortest` to `longest` in all.

    A role of files alone has no other patterns: its runs load no regular expressions.
    """
    begins, goes_on = frozenset(first), frozenset(rest)

    def check(value: object, place: str) -> None:
        if (
            not isinstance(value, str)
            or not shortest <= len(value) <= longest
            or value[0] not in begins
            or not goes_on.issuperset(value[1:])
        ):
            raise Refused(f"{place} has to be {what}")

    return check


def integer(low: int, high: int) -> Checker:
    """A whole number from `low` to `high`."""

    def check(value: object, place: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise Refused(f"{place} has to be a whole number from {low} to {high}")

    return check


def boolean(value: object, place: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise Refused(f"{place} has to be true or false")


def literal(wanted: bool) -> Checker:
    """True, the value of a set's members, or false."""

    def check(value: object, place: str) -> None:
        if value is not wanted:
            raise Refused(f"{place} has to be {dumps(wanted)}")

    return check


def choice(*words: str) -> Checker:
    """One of these words."""
    shown_words = " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))

    def check(value: object, place: str) -> None:
        if not isinstance(value, str) or value not in words:
            raise Refused(f"{place} has to be {shown_words}")

    return check


def argv(value: object, place: str) -> None:
    """A command: at least one string, none of them with a NUL."""
    if not isinstance(value, list) or not value:
        raise Refused(f"{place} has to be a list of at least one string")
    for index, word in enumerate(value):
        if not isinstance(word, str) or "\0" in word:
            raise Refused(f"{place}[{index}] has to be a string without a NUL")
        whole_characters(word, f"{place}[{index}]")


def record(key: Checker, value: Checker) -> Checker:
    """An object whose keys and values pass."""

    def check(found: object, place: str) -> None:
        if not isinstance(found, dict):
            raise Refused(f"{place} has to be an object")
        for name, inner in found.items():
            inside = f"{place}[{shown(name)}]"
            key(name, inside)
            value(inner, inside)

    return check


def struct(required: Mapping[str, Checker], optional: Mapping[str, Checker]) -> Checker:
    """An object with these fields and no others."""

    def check(found: object, place: str) -> None:
        if not isinstance(found, dict):
            raise Refused(f"{place or 'the document'} has to be an object")
        for name in required:
            if name not in found:
                raise Refused(f"{_inside(place, name)} is missing")
        for name, inner in found.items():
            checker = required.get(name) or optional.get(name)
            if checker is None:
                raise Refused(f"{_inside(place, shown(name)[1:-1])} is an unknown field")
            checker(inner, _inside(place, name))

    return check


def either(field: str, then: Checker, otherwise: Checker) -> Checker:
    """An object of one of two shapes: of the first when `field` is true in it."""

    def check(found: object, place: str) -> None:
        chosen = then if isinstance(found, dict) and found.get(field) is True else otherwise
        chosen(found, place)

    return check


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
