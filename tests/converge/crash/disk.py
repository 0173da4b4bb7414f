"""A disk as POSIX promises it, and every state that a cut of the power may leave it in.

What is promised, and nothing beyond: `fsync` of a file makes its content, size, mode and owner durable; `fsync` of a
directory makes its entries, mode and owner durable; `sync` makes all durable. Everything since then may or may not be
there after a cut, each thing on its own:

- A write is missing, half there, there as zeros (the size arrived, the data did not: ext4 with data=writeback), or
  whole; several writes to one file in any combination. Truncation likewise, missing or there.
- An entry that was made, replaced or removed in a directory is as before or as after. Two changes of one name keep
  their order; changes of different names do not, also not in one directory.
- A rename inside one directory is atomic, and so touches both names at once. A rename from one directory to another is
  two changes, the new name and the old one, and each is on its own: both names, one of them, or none.
- Mode and owner go with the inode: a later change is not there without an earlier one.
- What has no durable name is gone, whatever was synced of it.

A symbolic link has its target with its entry. The opposite is left out, that the disk forgets what was synced.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import NamedTuple, Optional, Union

from forest import Directory, File, Forest, Link

ROOT = 0
"""Number of the inode of the tree's root."""
MOST_WRITES = 4
"""Writes to one file without fsync of which all combinations are tried; more are an error, not a sample."""
MOST_ENTRY_SETS = 1 << 14
"""The same for the sets of entries that one directory may have."""


class Access(NamedTuple):
    """Mode and owner."""

    mode: int
    owner: tuple[int, int]


class Make(NamedTuple):
    """A new inode that has no name yet; `kind` is file, directory or link."""

    inode: int
    kind: str
    access: Access
    target: str = ""


class Change(NamedTuple):
    """Entries of one directory that change at once: name → inode, or None for an entry that goes."""

    directory: int
    entries: tuple[tuple[str, Optional[int]], ...]


class Write(NamedTuple):
    """Bytes that are put into a file; `mtime` is its time afterwards in nanoseconds, 0 when that does not matter."""

    inode: int
    offset: int
    data: bytes
    mtime: int


class Resize(NamedTuple):
    """A file that gets another length."""

    inode: int
    size: int


class SetAccess(NamedTuple):
    """A new mode and owner."""

    inode: int
    access: Access


class Sync(NamedTuple):
    """fsync of an inode, or of all when it is None. `only_data`: fdatasync."""

    inode: Optional[int]
    only_data: bool = False


class Forgotten(NamedTuple):
    """New content of a file that nobody reads after a cut: all its states count as one."""

    inode: int
    content: bytes


Operation = Union[Make, Change, Write, Resize, SetAccess, Sync, Forgotten]


class TooMany(Exception):
    """More combinations than can be tried one by one."""


class Inode:
    """What is durable, and what came since."""

    def __init__(self, kind: str, access: Access, target: str = "") -> None:
        self.kind = kind
        self.access = [access]
        """the durable one, then those since"""
        self.target = target
        self.content = b""
        self.mtime = 0
        self.writes: list[Write | Resize] = []
        self.entries: dict[str, int] = {}
        self.changes: list[tuple[tuple[str, int | None], ...]] = []
        self.ready: list[Choice] = []
        """choices(), when nothing changed since"""


class Choice(NamedTuple):
    """One thing that an inode may be after a cut."""

    access: Access
    content: bytes
    mtime: int
    entries: dict[str, int]


class Disk:
    """Inodes, and the operations that were done to them."""

    def __init__(self, forest: Forest) -> None:
        self.forest = forest
        self.inodes: dict[int, Inode] = {}
        self._named: Counter[int] = Counter()
        """inode → how many entries were ever made for it"""

    def do(self, operation: Operation) -> None:
        """Applies one operation."""
        if isinstance(operation, Make):
            self.inodes[operation.inode] = Inode(operation.kind, operation.access, operation.target)
            return
        if isinstance(operation, Sync):
            self._sync(operation)
            return
        inode = self.inodes[operation.directory if isinstance(operation, Change) else operation.inode]
        inode.ready = []
        if isinstance(operation, Change):
            inode.changes.append(operation.entries)
            self._named.update(number for _, number in operation.entries if number is not None)
        elif isinstance(operation, SetAccess):
            inode.access.append(operation.access)
        elif isinstance(operation, Forgotten):
            inode.content = operation.content
        else:
            inode.writes.append(operation)

    def _sync(self, sync: Sync) -> None:
        for inode in self.inodes.values() if sync.inode is None else [self.inodes[sync.inode]]:
            latest = live(inode)
            inode.content, inode.mtime, inode.writes = latest.content, latest.mtime, []
            if not sync.only_data:
                inode.entries, inode.changes = latest.entries, []
                inode.access = [latest.access]
            inode.ready = []

    def live(self) -> int:
        """The tree as a running program sees it."""
        chosen = {number: live(inode) for number, inode in self.inodes.items()}
        return self._build(chosen, {}, ROOT)

    def states(self) -> Iterator[int]:
        """Every tree that a cut at this moment may leave, some more than once."""
        settled: dict[int, int] = {}
        self._settle(ROOT, settled)
        if ROOT in settled:
            yield settled[ROOT]
            return
        for chosen in self._choose([ROOT], {}, settled):
            yield self._build(chosen, settled, ROOT)

    def sample(self, dice: Random) -> int:
        """One of the trees that a cut at this moment may leave."""
        chosen: dict[int, Choice] = {}
        todo = [ROOT]
        while todo:
            number = todo.pop()
            if number not in chosen:
                chosen[number] = dice.choice(self.choices(number))
                todo.extend(chosen[number].entries.values())
        return self._build(chosen, {}, ROOT)

    def _settle(self, number: int, settled: dict[int, int]) -> bool:
        """Finds subtrees that have one state only, and numbers them once for all states of this moment."""
        inode = self.inodes[number]
        choices = self.choices(number)
        if len(choices) > 1:
            for choice in choices:
                for child in choice.entries.values():
                    if child not in settled:
                        self._settle(child, settled)
            return False
        children = [self._settle(child, settled) for child in choices[0].entries.values() if child not in settled]
        if not all(children) or (inode.kind == "file" and self._named[number] > 1):
            return False
        settled[number] = self._build({number: choices[0]}, settled, number)
        return True

    def _choose(
        self, todo: list[int], chosen: dict[int, Choice], settled: dict[int, int]
    ) -> Iterator[dict[int, Choice]]:
        """Every combination of choices for what can be reached from the root under these choices."""
        while todo:
            number = todo.pop()
            if number in chosen or number in settled:
                continue
            choices = self.choices(number)
            if len(choices) > 1:
                for choice in choices:
                    yield from self._choose([*todo, *choice.entries.values()], {**chosen, number: choice}, settled)
                return
            chosen[number] = choices[0]
            todo.extend(choices[0].entries.values())
        yield chosen

    def _build(self, chosen: dict[int, Choice], settled: dict[int, int], top: int) -> int:
        names: Counter[int] = Counter()
        for choice in chosen.values():
            names.update(number for number in choice.entries.values() if self._named[number] > 1)
        groups: dict[int, int] = {}

        def build(number: int) -> int:
            if number in settled:
                return settled[number]
            inode, choice = self.inodes[number], chosen[number]
            if inode.kind == "link":
                return self.forest.number(Link(inode.target))
            if inode.kind == "directory":
                entries = tuple((name, build(child)) for name, child in sorted(choice.entries.items()))
                return self.forest.number(Directory(*choice.access, entries))
            group = groups.setdefault(number, len(groups) + 1) if names[number] > 1 else 0
            return self.forest.number(File(*choice.access, choice.content, choice.mtime, group))

        return build(top)

    def choices(self, number: int) -> list[Choice]:
        """Everything that one inode may be after a cut."""
        inode = self.inodes[number]
        if not inode.ready:
            inode.ready = [
                Choice(access, content, mtime, entries)
                for access in dict.fromkeys(inode.access)
                for content, mtime in contents(inode)
                for entries in entry_sets(inode)
            ]
        return inode.ready


def live(inode: Inode) -> Choice:
    """An inode with all that was done to it."""
    content, mtime, entries = inode.content, inode.mtime, dict(inode.entries)
    for write in inode.writes:
        content, mtime = applied(content, mtime, write, "whole")
    for change in inode.changes:
        _enter(entries, change)
    return Choice(inode.access[-1], content, mtime, entries)


def contents(inode: Inode) -> list[tuple[bytes, int]]:
    """What a file may hold after a cut, and its time."""
    if len(inode.writes) > MOST_WRITES:
        raise TooMany(f"{len(inode.writes)} writes to one file without fsync; {MOST_WRITES} can be combined")
    ways = [("", "whole") if isinstance(write, Resize) else ("", "half", "zeros", "whole") for write in inode.writes]
    found: dict[tuple[bytes, int], bool] = {}
    for combination in itertools.product(*ways):
        content, mtime = inode.content, inode.mtime
        for write, way in zip(inode.writes, combination):
            content, mtime = applied(content, mtime, write, way)
        found[content, mtime] = True
    return list(found)


def applied(content: bytes, mtime: int, write: Write | Resize, way: str) -> tuple[bytes, int]:
    """A file after a write arrived on the disk as `way` says; "" is not at all."""
    if way == "":
        return content, mtime
    if isinstance(write, Resize):
        return content[: write.size].ljust(write.size, b"\0"), mtime
    data = write.data
    if way == "half":
        data = data[: len(data) // 2]
    elif way == "zeros":
        there = content[write.offset : write.offset + len(data)]
        data = there.ljust(len(data), b"\0")
    padded = content.ljust(write.offset, b"\0")
    merged = padded[: write.offset] + data + padded[write.offset + len(data) :]
    return merged, write.mtime if way == "whole" else 0


def entry_sets(inode: Inode) -> list[dict[str, int]]:
    """What a directory may hold after a cut: any of its changes, none without the earlier ones of the same name."""
    found: list[tuple[dict[str, int], frozenset[str]]] = [(dict(inode.entries), frozenset())]
    for change in inode.changes:
        names = {name for name, _ in change}
        further = []
        for entries, missing in found:
            if not names & missing:
                entered = dict(entries)
                _enter(entered, change)
                further.append((entered, missing))
            further.append((entries, missing | names))
        found = further
        if len(found) > MOST_ENTRY_SETS:
            raise TooMany(f"{len(inode.changes)} changes of one directory without fsync")
    distinct = {tuple(sorted(entries.items())): entries for entries, _ in found}
    return list(distinct.values())


def _enter(entries: dict[str, int], change: tuple[tuple[str, int | None], ...]) -> None:
    for name, number in change:
        if number is None:
            entries.pop(name, None)
        else:
            entries[name] = number
