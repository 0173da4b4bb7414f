"""What nearly every run needs of the standard library, without what its usual modules load beside it.

`json`, `re`, `contextlib` and `signal` load enum, functools and collections, and `hashlib` loads OpenSSL: together two
fifths of a run that changes one file. CPython's own halves of them, which the public modules are made from, are there
at once. A Python without them gets the public ones.

The modules here are the real ones, loaded when something of them is used. What a run may load is held by
`tests/converge/test_start.py`.
"""

from __future__ import annotations

from converge.typed import TYPE_CHECKING

__all__ = ["SIGHUP", "SIGINT", "SIGTERM", "contextmanager", "dumps", "handle_signal", "hashlib", "json", "loads"]
__all__ += ["re", "sha256", "signal", "struct", "suppress"]

if TYPE_CHECKING:
    import hashlib
    import json
    import re
    import signal
    import struct
    from collections.abc import Callable
    from contextlib import contextmanager, suppress
    from hashlib import sha256
    from signal import SIGHUP, SIGINT, SIGTERM
    from signal import signal as handle_signal

    def loads(text: str | bytes, pairs: Callable[[list[tuple[str, object]]], object] = dict) -> object:
        """The value of a JSON text; raises ValueError. `pairs` makes an object of its keys and values."""

    def dumps(value: object, ascii_only: bool = True) -> str:
        """A value as JSON with sorted keys and no white space."""

else:

    class _Later:
        """A module that is loaded when something of it is used."""

        def __init__(self, name):
            self._name = name

        def __getattr__(self, attribute):
            return getattr(__import__(self._name), attribute)

    hashlib, json, re, signal, struct = map(_Later, ("hashlib", "json", "re", "signal", "struct"))

    def _first(name, *modules):
        """What is called so in the first of these modules that has it; None when none has."""
        for module in modules:
            try:
                return getattr(__import__(module), name)
            except (ImportError, AttributeError):
                continue
        return None

    SIGHUP, SIGINT, SIGTERM = (_first(name, "_signal", "signal") for name in ("SIGHUP", "SIGINT", "SIGTERM"))
    handle_signal = _first("signal", "_signal", "signal")
    sha256 = _first("sha256", "_sha2", "_sha256", "hashlib")
    make_scanner, make_encoder = _first("make_scanner", "_json"), _first("make_encoder", "_json")
    escaped, escaped_to_ascii = _first("encode_basestring", "_json"), _first("encode_basestring_ascii", "_json")

    def _whole(text):
        # A number that no field can hold may have millions of digits: it stays a fraction, which no checker takes.
        return int(text) if len(text) <= 20 else float(text)

    class _Reading:
        """What json.JSONDecoder has for its scanner."""

        strict, object_hook, object_pairs_hook, memo = True, None, None, None
        parse_float, parse_int, parse_constant = float, staticmethod(_whole), float

    def loads(text, pairs=None):
        """The value of a JSON text."""
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        if make_scanner:
            reading = _Reading()
            reading.object_pairs_hook = pairs
            try:
                value, end = make_scanner(reading)(text, len(text) - len(text.lstrip(" \t\n\r")))
                if not text[end:].strip(" \t\n\r"):
                    return value
            except StopIteration:
                pass
        # Also what is wrong with a text is said by the public module.
        return json.loads(text, object_pairs_hook=pairs, parse_int=_whole)

    def _unknown(value):
        raise TypeError(f"{type(value).__name__} is nothing that JSON has")

    def dumps(value, ascii_only=True):
        """A value as JSON with sorted keys and no white space."""
        if not make_encoder:
            return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=ascii_only)
        string = escaped_to_ascii if ascii_only else escaped
        return "".join(make_encoder({}, _unknown, string, None, ":", ",", True, False, True)(value, 0))

    class suppress:
        """contextlib.suppress."""

        def __init__(self, *kinds):
            self.kinds = kinds

        def __enter__(self):
            """Nothing to do."""

        def __exit__(self, kind, _error, _trace):
            """Whether that is one of them."""
            return kind is not None and issubclass(kind, self.kinds)

    class _Managed:
        """A context from a generator that yields once."""

        def __init__(self, generator):
            self.generator = generator

        def __enter__(self):
            return next(self.generator)

        def __exit__(self, kind, error, _trace):
            if kind is None:
                for _ in self.generator:
                    raise RuntimeError("the generator of a context yielded twice")
                return False
            try:
                self.generator.throw(error)
            except StopIteration:
                return True
            raise RuntimeError("the generator of a context yielded twice")

    def contextmanager(function):
        """contextlib.contextmanager."""

        def managed(*arguments, **named):
            return _Managed(function(*arguments, **named))

        managed.__doc__ = function.__doc__
        return managed
