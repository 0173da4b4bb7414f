"""Package sources that came with the system's image and have to stay: its kernel and firmware are updated from there.

They are not ours to write: a second source with another key makes apt refuse both. What is looked at is that a source
is there, and that the key that signs it is the one that its vendor is known by.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator

from converge.durable import content, text_of
from converge.errors import Failed
from converge.machine import Machine
from converge.typed import TypedDict, cast

LIST, PARTS = "/etc/apt/sources.list", "/etc/apt/sources.list.d"


class Base(TypedDict):
    """A vendor's source."""

    uri: str
    keyrings: list[str]
    """Where its key may be; one is enough."""
    fingerprint: str
    """Of the key; "" when it is not known here, and the image is trusted with it."""
    source: list[str]
    """What its image has in a file of PARTS."""


def check_bases(machine: Machine, file: str) -> list[str]:
    """The verb `apt-bases`: raises Failed for the first source in the file that is missing or signed by another key."""
    bases = cast("dict[str, Base]", json.loads(text_of(machine.at(file)) or "{}"))
    sources = list(enabled_sources(machine))
    for name, base in sorted(bases.items()):
        there = [path for path in base["keyrings"] if os.path.isfile(machine.at(path))]
        if not there:
            wanted = " or ".join(base["keyrings"])
            raise Failed(f"the key of the package source {name} is gone: there is no {wanted}, as its image has")
        prints = {one for path in there for one in fingerprints(content(machine.at(path)))}
        if base["fingerprint"] and base["fingerprint"] not in prints:
            raise Failed(f"{there[0]} does not hold the key of {name}, {base['fingerprint']}")
        if not any(word in source for source in sources for word in (*there, base["uri"].rstrip("/"))):
            words = "\n".join([f"Put it back into a file {PARTS}/NAME.sources:", *base["source"]])
            raise Failed(f"no package source of {name} is enabled: kernel and firmware get no updates", words)
    return ["done"]


def enabled_sources(machine: Machine) -> Iterator[str]:
    """Every source that apt reads, see sources.list(5)."""
    folder = machine.at(PARTS)
    parts = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    for name in [LIST, *(f"{PARTS}/{part}" for part in parts)]:
        text = re.sub(r"^\s*#.*\n?", "", text_of(machine.at(name)), flags=re.MULTILINE)
        if name.endswith(".list"):
            yield from (line for line in text.splitlines() if line.strip())
        elif name.endswith(".sources"):
            stanzas = re.split(r"\n\s*\n", text)
            off = re.compile(r"^Enabled:\s*(no|false|without|off|disable)\s*$", re.MULTILINE | re.IGNORECASE)
            yield from (stanza for stanza in stanzas if not off.search(stanza))


def fingerprints(keyring: bytes) -> Iterator[str]:
    """Of the primary keys (version 4) in a binary keyring, RFC 9580 §4.2 and §5.5.4.2."""
    at = 0
    while at + 2 < len(keyring) and keyring[at] & 0x80:
        tag, body, at = _packet(keyring, at)
        if tag == 6 and body[:1] == b"\x04":
            yield hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body, usedforsecurity=False).hexdigest().upper()


def _packet(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Tag and body of the packet at a place, and where the next one begins. None of keys has a partial length."""
    head, first = data[at], data[at + 1]
    if head & 0x40:
        tag, wide = head & 0x3F, 1 if first < 192 else 2 if first < 224 else 5
        raw = data[at + 1 : at + 1 + wide]
        size = (
            first if wide == 1 else ((first - 192) << 8) + raw[1] + 192 if wide == 2 else int.from_bytes(raw[1:], "big")
        )
    else:
        tag, wide = (head >> 2) & 0x0F, 1 << (head & 3)
        size = int.from_bytes(data[at + 1 : at + 1 + wide], "big")
    start = at + 1 + wide
    return tag, data[start : start + size], start + size
