"""What the program needs of `typing` when it runs. Loading the real one took a sixth of a run with nothing to do.

The type checker gets the real ones. `from __future__ import annotations` keeps annotations from being evaluated.
"""

from __future__ import annotations

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
            defaults = {field: body.pop(field) for field in fields if field in body}
            places = {field: property(lambda self, at=at: self[at]) for at, field in enumerate(fields)}
            return type(name, (_Named,), {**body, **places, "__slots__": (), "fields": fields, "defaults": defaults})

    class _Named(tuple):
        __slots__ = ()

        def __new__(cls, *values, **named):
            given = {**cls.defaults, **dict(zip(cls.fields, values)), **named}
            return super().__new__(cls, [given[field] for field in cls.fields])

        def _replace(self, **named):
            return type(self)(*self, **named)

        def _asdict(self):
            return dict(zip(self.fields, self))

    class NamedTuple(metaclass=_Fields):
        """A tuple with a name for each of its places."""
