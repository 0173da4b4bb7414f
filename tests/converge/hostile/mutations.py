"""Documents for a node that are right, and ways to spoil them. The same seed gives the same ones."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

COMPLETE: dict[str, dict[str, Any]] = json.loads((Path(__file__).parents[1] / "documents.json").read_text())
"""One document of each kind with every field there is."""
HEADER = ("version", "fleet", "node", "incarnation", "role")
CHARACTERS = ["/", ".", "..", "-", "_", ":", "@", "\n", "\r", "\0", "\t", " ", "A", "z", "0", "\\", "'", '"', "%", "$"]
CHARACTERS += ["\x7f", "ü", "\u2028", "\ud800", "💡", "{", "}", "{{", "}}", "{{secret:x}}", "{{address:-}}", "{{a:b}}"]
TEXTS = ["", "x", "/", "/x", "//x", "/x/", "/x/.", "/../x", "x/y", "/proc/x", "/procx", "/sys", "/dev/null", "~", "/ü"]
TEXTS += ["/var/lib/sovereign-edge", "/var/lib/sovereign-edge/x", "/var/lib/sovereign-edges", "/run/sovereign-edge/x"]
TEXTS += ["/usr/local/lib/sovereign-edge/x", "/etc/systemd/system/sovereign-edge-recover.service"]
TEXTS += ["/etc/.sovereign-edge.new/x", "/etc/.sovereign-edge.old", "/etc/systemd/system/x.service.d/y"]
TEXTS += ["0644", "00644", "644", "888", "rw", "root", "root:root", "0:0", "4294967296:0", "1000000000:0", "x:y:z"]
TEXTS += ["x.service", "x@y.timer", "x", "-x.service", "sovereign-edge-job-x.service", "x.services", ".service"]
TEXTS += ["http://x", "https://", "ftp://x", "h:1", "h:0", "h:65535", "h:65536", "h:", ":1", "[::1]:443", "h x:1"]
TEXTS += ["debian-13", "debian", "amd64", "any", "config", "never", "binary", "before", "tar.gz", "zip", "127.0.0.1"]
TEXTS += ["256.1.1.1", "::1", "::", "1:2", "a.b", "a..b", "net/ipv4", "kernel/../x", "x" * 100, "x" * 101, "x" * 65]
TEXTS += ["/" + "x" * 200, "/" + "x" * 201, "/x" * 512, "/x" * 513, "{{secret:web-key}}", "{{wireguard:bob}}"]
NUMBERS = [-1, 0, 1, 2, 9, 10, 99, 100, 599, 600, 601, 4095, 4096, 86400, 86401, 1048576, 1048577, 2**31, 2**53 - 1]
NUMBERS += [2**53, 10**19, 10**20, 10**40]
OTHERS: list[Any] = [None, True, False, 1.5, -0.5, 1e30, [], {}, [[]], [{}], {"x": {}}, ["x"], ["x", 1], {"": ""}]

STRUCTS = ("requires", "backup", "confirm")
SETS = ("disk", "os", "groups", "reloadOn", "restartOn", "on")
LENGTHS = [31, 32, 33, 64, 65, 100, 101, 200, 201, 231, 250, 255, 256, 400, 401]


def neighbours(kind: str) -> Iterator[dict[str, Any]]:
    """Every field of the complete document, one at a time, with every value that might be just right or just wrong."""
    whole = COMPLETE[kind]
    header = {name: value for name, value in whole.items() if name in HEADER}
    sections = [{**header, name: value} for name, value in whole.items() if name not in HEADER]
    seen: set[tuple[str, ...]] = set()
    for part in [header, *sections] if kind == "desired" else [whole]:
        for number, (container, key) in enumerate(list(_sites(part))):
            field = _field(part, container, key)
            if field not in seen:
                seen.add(field)
                yield from _neighbours(part, number, container[key], key)


def _field(part: Any, container: Any, key: Any) -> tuple[str, ...]:
    """Where something stands, without the names that are the author's choice: two of one field are not both tried."""
    if container is part:
        return (key,)
    above = next((outer, name) for outer, name in _sites(part) if outer[name] is container)
    where = _field(part, *above)
    free = (
        isinstance(key, int)
        or (len(where) == 1 and where[0] not in STRUCTS)
        or any(name in SETS for name in where[-2:])
    )
    return (*where, "*" if free else key, type(container[key]).__name__)


def _neighbours(part: dict[str, Any], number: int, value: Any, key: Any) -> Iterator[dict[str, Any]]:
    others = [*_texts(value)] if isinstance(value, str) else NUMBERS if isinstance(value, int) else OTHERS
    for other in (*others, *OTHERS[:6]):
        document = copy.deepcopy(part)
        container, place = list(_sites(document))[number]
        container[place] = copy.deepcopy(other)
        yield document
    for name in _texts(key) if isinstance(key, str) else ():
        document = copy.deepcopy(part)
        container, place = list(_sites(document))[number]
        container[name] = container.pop(place)
        yield document


def _texts(value: str) -> list[str]:
    """Other texts: all that might be right, this one with every odd character, and this one in other lengths."""
    places = [0, len(value) // 2, len(value)]
    odd = [value[:at] + character + value[at:] for character, at in zip(CHARACTERS, places * len(CHARACTERS))]
    long = [value[:1] * (length - len(value)) + value for length in LENGTHS if length > len(value) > 0]
    return [*TEXTS, *odd, *long, *(value + value[-1] * (len(other) - len(value)) for other in long)]


class Spoiler:
    """Makes documents."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311

    def right(self, kind: str) -> dict[str, Any]:
        """A document that is as it should be, but for references between sections: some parts of the complete one."""
        whole = COMPLETE[kind]
        if kind != "desired":
            return copy.deepcopy(whole)
        sections = [name for name in whole if name not in HEADER]
        chosen = set(self.random.sample(sections, self.random.randint(0, 3)))
        return copy.deepcopy({name: value for name, value in whole.items() if name in HEADER or name in chosen})

    def spoiled(self, kind: str) -> dict[str, Any]:
        """A document with one to three changes, which need not all be for the worse."""
        document = self.right(kind)
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            self._change(document)
        return document

    def _change(self, document: dict[str, Any]) -> None:
        sites = list(_sites(document))
        if not sites:
            return
        container, key = self.random.choice(sites)
        value = container[key]
        way = self.random.randrange(10)
        if way == 0:
            del container[key]
        elif way == 1 and isinstance(container, dict):
            container[self.text(str(key))] = container.pop(key)
        elif way == 2 and isinstance(container, dict):
            container[self.text(str(key))] = copy.deepcopy(value)
        elif way == 3:
            other, place = self.random.choice(sites)
            container[key] = copy.deepcopy(other[place])
        elif way == 4:
            container[key] = copy.deepcopy(self.random.choice(OTHERS))
        elif isinstance(value, bool):
            container[key] = not value
        elif isinstance(value, int):
            container[key] = self.random.choice([*NUMBERS, value + 1, value - 1, -value])
        elif isinstance(value, str):
            container[key] = self.text(value)
        elif isinstance(value, dict):
            value[self.random.choice(TEXTS)] = copy.deepcopy(self.random.choice([*OTHERS, *NUMBERS, *TEXTS]))
        elif isinstance(value, list):
            value.insert(self.random.randint(0, len(value)), copy.deepcopy(self.random.choice([*TEXTS, *OTHERS])))

    def text(self, value: str) -> str:
        """Another text, often close to this one."""
        at = self.random.randint(0, len(value))
        way = self.random.randrange(6)
        if way == 0:
            return self.random.choice(TEXTS)
        if way == 1:
            return value[:at]
        if way == 2:
            return value[:at] + value[at + 1 :]
        if way == 3:
            return value[:at] + self.random.choice(CHARACTERS) + value[at + 1 :]
        if way == 4 and value:
            return value * self.random.choice((2, 3, 50))
        return value[:at] + self.random.choice(CHARACTERS) + value[at:]


def _sites(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a document, as container and key."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, found in inner:
        yield value, key
        yield from _sites(found)
