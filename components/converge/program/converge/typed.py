"""What the program needs of `typing` when it runs. Loading the real one took a sixth of a run with nothing to do.

The type checker gets the real ones. `from __future__ import annotations` keeps annotations from being evaluated.
"""

from __future__ import annotations

from collections import namedtuple

__all__ = ["TYPE_CHECKING", "NamedTuple", "TypedDict", "cast"]

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import NamedTuple, TypedDict, cast
else:

    def cast(_type, value):
        """The value as it is."""
        return value

    class TypedDict(dict):
        """A dict; which keys it has is a matter for the type checker."""

        def __init_subclass__(cls, total=True):
            """Takes the argument that typing's takes."""

    class _Fields(type):
        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = tuple(body.pop("__annotations__"))
            named = namedtuple(name, fields, defaults=[body.pop(field) for field in fields if field in body])
            for key, value in body.items():
                setattr(named, key, value)
            return named

    class NamedTuple(metaclass=_Fields):
        """A tuple with a name for each of its places."""
