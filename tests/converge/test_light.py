"""The short ways to what the standard library has do what the standard library does."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import re
import signal
from collections.abc import Callable, Iterator

import pytest
from converge import light, shapes
from converge.errors import Refused
from converge.typed import NamedTuple

VALUES: list[object] = [None, True, 0, -7, 2**53, 1.5, "", 'quote " \\ \n \x00 \x7f é \u2028 \U0001f600', [], {}]
VALUES += [{"b": [1, {"a": None}], "a": {"é": "\ud800"}}, [VALUES[:7]], {str(number): number for number in range(200)}]
TEXTS = ["", " ", "[1,]", "{'a':1}", '{"a" 1}', "[1] x", '"\n"', "nul", "[1e999, -0, 1E3, Infinity, NaN]", "\ufeff1"]
TEXTS += ["[" * 100_000, "1" * 5_000, ' \t\r\n{"a": [1, 2.50, "\\ud83d\\ude00"]}\n', '{"a": 1, "a": 2}']


def outcome(read: Callable[[str], object], text: str) -> tuple[str, str]:
    """What comes of it; the words for NaN, which is not even itself."""
    try:
        return "is", repr(read(text))
    except (ValueError, RecursionError) as error:
        return type(error).__name__, str(error)[:40]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_json_is_written_as_the_library_writes_it(value: object) -> None:
    compact = {"sort_keys": True, "separators": (",", ":")}
    assert light.dumps(value) == json.dumps(value, **compact)  # type: ignore[arg-type]
    assert light.dumps(value, ascii_only=False) == json.dumps(value, ensure_ascii=False, **compact)  # type: ignore[arg-type]
    assert light.loads(light.dumps(value)) == value
    with pytest.raises(TypeError, match="set"):
        light.dumps({"a": {"x"}})


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_json_is_read_as_the_library_reads_it(text: str) -> None:
    def read(text: str) -> object:
        return json.loads(text, parse_int=lambda digits: int(digits) if len(digits) <= 20 else float(digits))

    assert outcome(light.loads, text) == outcome(read, text)
    assert outcome(lambda text: light.loads(text.encode()), text) == outcome(read, text)


def test_json_that_is_no_utf8_is_a_value_error_and_pairs_are_passed_on() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        light.loads(b'"\xff"')
    assert light.loads('{"a": {"b": 1}}', list) == [("a", [("b", 1)])]


def test_without_cpythons_own_half_the_library_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(light, "make_scanner", None)
    monkeypatch.setattr(light, "make_encoder", None)
    value = {"b": ["é", 1.5, None], "a": {}}
    assert light.dumps(value, ascii_only=False) == '{"a":{},"b":["é",1.5,null]}'
    assert light.loads(light.dumps(value)) == value
    assert light._first("sha256", "no_such_module", "os", "hashlib") is hashlib.sha256  # type: ignore[attr-defined]


def test_hashes_and_signals_are_the_librarys() -> None:
    assert light.sha256(b"x").hexdigest() == hashlib.sha256(b"x").hexdigest()
    assert (light.SIGHUP, light.SIGINT, light.SIGTERM) == (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def test_suppress_passes_over_what_it_names_and_nothing_else() -> None:
    with light.suppress(FileNotFoundError, ValueError):
        raise UnicodeError
    with pytest.raises(OSError, match="other"), light.suppress(FileNotFoundError):
        raise OSError("other")


@pytest.mark.parametrize("library", [contextlib.contextmanager, light.contextmanager], ids=["contextlib", "light"])
def test_a_context_from_a_generator_ends_as_with_the_library(library: Callable[..., Callable[..., object]]) -> None:
    said: list[str] = []

    @library
    def context(how: str) -> Iterator[str]:
        """What it is for."""
        try:
            yield how
            if how == "twice":
                yield how
        except KeyError:
            said.append("caught")
            if how == "twice":
                yield how
            if how == "other":
                raise OSError("other") from None
            if how != "passes over":
                raise
        finally:
            said.append("ended")

    def run(how: str, raised: Exception | None) -> str:
        try:
            with context(how) as value:  # type: ignore[attr-defined]
                assert value == how
                if raised:
                    raise raised
        except Exception as error:
            return f"{type(error).__name__} {error is raised}"
        return "nothing"

    assert context.__doc__ == "What it is for."
    assert run("", None) == "nothing"
    assert run("", KeyError()) == "KeyError True"
    assert run("", ZeroDivisionError()) == "ZeroDivisionError True"
    assert run("passes over", KeyError()) == "nothing"
    assert run("other", KeyError()) == "OSError False"
    assert run("twice", None) == "RuntimeError False"
    assert run("twice", KeyError()) == "RuntimeError False"
    assert said.count("ended") == 7


class Pair(NamedTuple):
    """Two places, one with a default."""

    left: str
    right: int = 7

    def both(self) -> str:
        """A method."""
        return f"{self.left} {self.right}"


def test_a_tuple_with_names_is_one() -> None:
    pair = Pair("a")
    left, right = pair
    assert (left, right, pair.left, pair[1], pair.both(), pair == ("a", 7)) == ("a", 7, "a", 7, "a 7", True)
    assert pair._replace(right=1) == Pair(right=1, left="a") == ("a", 1)
    assert pair._asdict() == {"left": "a", "right": 7}
    with pytest.raises(AttributeError):
        pair.left = "b"  # type: ignore[misc]


OWNER = r"([a-z_][a-z0-9_.-]{0,31}|[0-9]{1,9})"


@pytest.mark.parametrize(
    ("checker", "pattern"),
    [
        (shapes.NAME, r"[a-z0-9][a-z0-9.-]{0,99}"),
        (shapes.SECRET_NAME, r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,199}"),
        (shapes.ACCOUNT, r"[a-z_][a-z0-9_-]{0,31}"),
        (shapes.HASH, r"[0-9a-f]{64}"),
        (shapes.mode, r"0?[0-7]{3,4}"),
        (shapes.owner, f"{OWNER}:{OWNER}"),
    ],
)
def test_what_is_checked_without_patterns_is_what_the_pattern_says(
    checker: Callable[[object, str], None], pattern: str
) -> None:
    def passes(text: str) -> bool:
        try:
            checker(text, "")
        except Refused:
            return False
        return True

    short = ("".join(found) for length in range(5) for found in itertools.product("az08_:.-@AZ é\n²", repeat=length))
    long = (begin + rest * length for begin in ("", "a", "0", "a:", "0:") for rest in "a0" for length in range(205))
    hexes = (digit * length for digit in "09afg" for length in (63, 64, 65))
    octals = map("".join, itertools.product("0178", repeat=5))
    for text in (*short, *long, *hexes, *octals):
        assert passes(text) == bool(re.fullmatch(pattern, text)), text
    for other in (None, 7, ["a"], True):
        with pytest.raises(Refused):
            checker(other, "")
