"""Trees of files as numbers: equal trees have the same number, so that a disk state is compared and counted at once."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from typing import NamedTuple, Union


class File(NamedTuple):
    """A file. `mtime` is 0 when its time does not matter. `group` is 0 when it has one name, else the same number for
    all its names in this tree."""

    mode: int
    owner: tuple[int, int]
    content: bytes
    mtime: int
    group: int


class Link(NamedTuple):
    """A symbolic link."""

    target: str


class Directory(NamedTuple):
    """A directory; `entries` are names and the numbers of what stands there, sorted."""

    mode: int
    owner: tuple[int, int]
    entries: tuple[tuple[str, int], ...]


Node = Union[File, Link, Directory]


class Forest:
    """Gives every tree a number, reads trees from a disk and writes them to one."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._numbers: dict[Node, int] = {}
        self._digests: dict[int, bytes] = {}

    def number(self, node: Node) -> int:
        """Number of a tree whose subtrees have theirs."""
        found = self._numbers.get(node)
        if found is None:
            found = self._numbers[node] = len(self.nodes)
            self.nodes.append(node)
        return found

    def digest(self, number: int) -> bytes:
        """What is the same for equal trees of any forest, also in another process."""
        found = self._digests.get(number)
        if found is None:
            node: object = self.nodes[number]
            if isinstance(node, Directory):
                node = (*node[:2], [(name, self.digest(inner)) for name, inner in node.entries])
            found = self._digests[number] = hashlib.sha256(repr(node).encode()).digest()
        return found

    def read(self, place: str) -> int:
        """The tree that stands in a directory. Times are left out."""
        return self._read(place, os.lstat(place), {})

    def _read(self, place: str, found: os.stat_result, groups: dict[int, int]) -> int:
        access = (stat.S_IMODE(found.st_mode), (found.st_uid, found.st_gid))
        if stat.S_ISLNK(found.st_mode):
            return self.number(Link(os.readlink(place)))
        if stat.S_ISDIR(found.st_mode):
            with os.scandir(place) as listing:
                inside = sorted(listing, key=lambda entry: entry.name)
            entries = [
                (entry.name, self._read(entry.path, entry.stat(follow_symlinks=False), groups)) for entry in inside
            ]
            return self.number(Directory(*access, tuple(entries)))
        group = groups.setdefault(found.st_ino, len(groups) + 1) if found.st_nlink > 1 else 0
        descriptor = os.open(place, os.O_RDONLY)
        content = os.read(descriptor, found.st_size + 1)
        os.close(descriptor)
        return self.number(File(*access, content, 0, group))

    def plant(self, number: int, place: str) -> None:
        """Makes a tree in a place that is empty."""
        self._plant(self.nodes[number], place, {})

    def _plant(self, node: Node, place: str, groups: dict[int, str]) -> None:
        if isinstance(node, Link):
            os.symlink(node.target, place)
            return
        if isinstance(node, Directory):
            os.mkdir(place, 0o700)
            for name, number in node.entries:
                self._plant(self.nodes[number], f"{place}/{name}", groups)
        elif node.group in groups:
            os.link(groups[node.group], place)
            return
        else:
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(descriptor, node.content)
            os.close(descriptor)
            if node.mtime:
                os.utime(place, ns=(node.mtime, node.mtime))
            if node.group:
                groups[node.group] = place
        if os.geteuid() == 0 and node.owner != (0, 0):
            os.chown(place, *node.owner)
        os.chmod(place, node.mode)

    def flat(self, number: int) -> dict[str, str]:
        """A tree as path → description, for messages and comparisons."""
        return dict(self._flat(self.nodes[number], ""))

    def _flat(self, node: Node, place: str) -> Iterator[tuple[str, str]]:
        if isinstance(node, Link):
            yield place, f"-> {node.target}"
        elif isinstance(node, File):
            yield place, f"{node.mode:04o} {node.owner} {node.content!r}"
        else:
            yield place + "/", f"{node.mode:04o} {node.owner}"
            for name, inner in node.entries:
                yield from self._flat(self.nodes[inner], f"{place}/{name}")
