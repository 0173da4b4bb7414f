"""The log: who changed what on this machine, one line a change, each with the hash of the line before.

A line belongs to its change. `append` puts it on the disk and raises Failed when that cannot be: it is called when all
is done and checked, right before the commit point (a manifest, the switch to a program, the first secret of a run), and
its failure is treated as any other before that point: undo. So there is no change without a line; a line whose change
was cut off after it is followed by the one that `recovered` or `reverted` it. `note` is for what has to go on anyway,
a failure or an undo: a disk that is full then loses the line, and nothing else.

The engine keeps the number and the hash of the newest line in the stack's state (`anchor`), so a line that was changed,
left out or cut off later is found by `./fleet history`. A line counts from its line feed on: what a power cut left of
one is cut off by the next `append`.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from _collections_abc import Iterator, Sequence

from converge.checkers import canonical
from converge.durable import fsync_directory, now
from converge.errors import Failed, Refused, reason
from converge.light import contextmanager, loads, sha256, suppress
from converge.machine import Machine
from converge.paths import LOG
from converge.places import make_directory
from converge.typed import NamedTuple

NOTHING = "0" * 64
"""The hash before the first line."""
BLOCK = 1 << 16
LONGEST = 300
"""Characters of one text in a line."""
MOST = 200
"""Texts in one list of a line."""


class Event(NamedTuple):
    """What a line says, beside when, where and who. `hash` is that of the document, never of one with secrets."""

    verb: str
    result: str
    role: str = ""
    hash: str = ""
    changed: Sequence[str] = ()
    found: Sequence[str] = ()
    """What was changed by hand, and was put right."""


class Head(NamedTuple):
    """The newest line: its number and hash."""

    number: int
    hash: str


def append(machine: Machine, event: Event) -> None:
    """Adds the line of a change, durably. Raises Failed when that cannot be; the log is then as it was before."""
    try:
        with _opened(machine) as descriptor:
            number, digest, end = _newest(descriptor)
            if not number:
                # Before the first line, so that wherever there is one its directories are on the disk.
                fsync_directory(os.path.dirname(machine.at(LOG)))
                fsync_directory(os.path.dirname(os.path.dirname(machine.at(LOG))))
            torn = end < os.fstat(descriptor).st_size
            if torn:
                os.ftruncate(descriptor, end)
            data = b""
            for part in (Event("recover", "recovered: a line was cut off"), event) if torn else (event,):
                number += 1
                line = _line(machine, part, number, digest)
                digest = sha256(line).hexdigest()
                data += line + b"\n"
            _write(descriptor, data, end)
    except OSError as error:
        raise Failed(f"the log of changes cannot be written ({reason(error)})") from None


def note(machine: Machine, event: Event) -> None:
    """Adds the line of something that is over and cannot wait for the log; without it when that cannot be."""
    with suppress(Failed):
        append(machine, event)


@contextmanager
def logged(machine: Machine, event: Event) -> Iterator[None]:
    """The line of a change, before the change; and another one when that fails."""
    append(machine, event)
    try:
        yield
    except Exception as error:
        note(machine, event._replace(result=f"failed: {reason(error)}", changed=(), found=()))
        raise


def require_room(machine: Machine) -> None:
    """Raises Failed when the log could not take a line: to be found out before anything is touched."""
    try:
        with _opened(machine):
            room = os.statvfs(os.path.dirname(machine.at(LOG)))
    except OSError as error:
        raise Failed(f"the log of changes cannot be written ({reason(error)})") from None
    if room.f_bavail * room.f_frsize < BLOCK:
        raise Failed(f"the log of changes cannot be written: the disk of {os.path.dirname(LOG)} is full")


def head(machine: Machine) -> Head:
    """The newest line, on the disk for sure. Reads the end of the log only."""
    with _opened_to_read(machine) as descriptor:
        if descriptor < 0:
            return Head(0, NOTHING)
        # A run that was killed may have left a line that is not on the disk yet; what the state knows has to be.
        os.fsync(descriptor)
        number, digest, _ = _newest(descriptor)
        return Head(number, digest)


def anchor(machine: Machine) -> str:
    """What the engine keeps of the log: the last line of an answer."""
    number, digest = head(machine)
    return f"log {number} {digest}"


def print_lines(machine: Machine, words: Sequence[str]) -> list[str]:
    """The verb `history [N]`: the lines as they are, those after the first N. Reads only."""
    if words and not words[0].isdecimal():
        raise Refused("history takes the number of lines to pass over")
    skip = int(words[0]) if words else 0
    with _opened_to_read(machine) as descriptor:
        if descriptor >= 0:
            with os.fdopen(os.dup(descriptor), "rb") as file:
                for number, line in enumerate(file):
                    if number >= skip:
                        sys.stdout.buffer.write(line)
    sys.stdout.flush()
    return []


def _line(machine: Machine, event: Event, number: int, prev: str) -> bytes:
    # Not before a line is written: a run that changes nothing needs none of it.
    from converge.store import Redactor

    redact = Redactor(machine)

    def clean(text: str) -> str:
        shown = "".join(character if character.isprintable() else " " for character in redact(text))
        return " ".join(shown.split())[:LONGEST]

    def some(texts: Sequence[str]) -> list[str]:
        more = [f"and {len(texts) - MOST} more"] if len(texts) > MOST else []
        return [clean(text) for text in texts[:MOST]] + more

    known = machine.load("node.json")
    line = {
        "n": number,
        "prev": prev,
        "time": now(),
        "node": str(known.get("node", "")) if isinstance(known, dict) else "",
        "who": {field: clean(text) for field, text in machine.who().items()},
        "verb": event.verb,
        "role": event.role,
        "hash": event.hash,
        "changed": some(event.changed),
        "result": clean(event.result),
        "ms": int((time.monotonic() - machine.started) * 1000),
        "found": some(event.found),
    }
    return canonical(line)


def _write(descriptor: int, data: bytes, end: int) -> None:
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, end)
        raise


@contextmanager
def _opened(machine: Machine) -> Iterator[int]:
    """The log, for whoever writes it alone; made when there is none."""
    name = machine.at(LOG)
    directory = os.path.dirname(name)
    make_directory(machine, os.path.dirname(os.path.dirname(LOG)))
    with suppress(FileExistsError):
        os.mkdir(directory, 0o700)
    if os.path.islink(directory):
        raise OSError(f"{directory} is a link")
    descriptor = os.open(name, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _opened_to_read(machine: Machine) -> Iterator[int]:
    """The log while nobody writes it; -1 when there is none."""
    try:
        descriptor = os.open(machine.at(LOG), os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        yield -1
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield descriptor
    finally:
        os.close(descriptor)


def _newest(descriptor: int) -> tuple[int, str, int]:
    """Number and hash of the newest whole line, and where it ends; read from the end on, in blocks that grow."""
    start = limit = os.fstat(descriptor).st_size
    block, data = BLOCK, b""
    while start:
        size = min(block, start)
        start, block = start - size, block * 2
        data = os.pread(descriptor, size, start) + data
        while True:
            end = data.rfind(b"\n", 0, limit - start) + 1
            begin = data.rfind(b"\n", 0, end - 1) + 1 if end else 0
            if not end or (start and not begin):
                break
            number = _number(data[begin : end - 1])
            if number:
                return number, sha256(data[begin : end - 1]).hexdigest(), start + end
            limit = start + begin
    return 0, NOTHING, 0


def _number(line: bytes) -> int:
    """The number of a line; 0 for what is none, such as the zeros that a power cut may leave."""
    try:
        found = loads(line)
    except ValueError:
        return 0
    number = found.get("n") if isinstance(found, dict) else None
    return number if type(number) is int and number > 0 else 0
