"""What can go wrong, and how it is put into words."""

from __future__ import annotations

import os
from _collections_abc import Sequence

from converge.light import dumps


class Refused(Exception):
    """The document cannot be meant for this machine as it is; exit 64."""


class Failed(Exception):
    """A step did not work out; exit 1. `detail` is the tail of the output of what failed."""

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class Stopped(Failed):
    """A failed apply, with the state that the machine is in now."""

    def __init__(self, failure: Exception, state: str) -> None:
        super().__init__(reason(failure), getattr(failure, "detail", ""))
        self.state = state


class Interrupted(Exception):
    """SIGTERM, SIGHUP or SIGINT came while it was still possible to stop."""


def shown(text: str) -> str:
    """A string for a message: quoted, escaped and not long."""
    return dumps(text if len(text) <= 80 else text[:77] + "...")


def enumerate_some(names: Sequence[str], limit: int = 8) -> str:
    """A list for one line: the first few and how many more."""
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")


def tail(text: str, lines: int = 5) -> str:
    """The last lines of an output that say something, none of them long."""
    meant = [line.strip() for line in text.splitlines() if line.strip()]
    return "\n".join(line[:300] for line in meant[-lines:])


def program_name(command: Sequence[str]) -> str:
    """The part of a command that names it to a reader: for a Python program that program and its verb."""
    words = [os.path.basename(word) for word in command if not word.startswith("-")]
    return " ".join(words[1:3]) if words[0].startswith("python") else words[0]


def reason(error: Exception) -> str:
    """An exception in words, without a file's content."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    if isinstance(error, (Failed, Refused, Interrupted, OSError)):
        return str(error)
    if isinstance(error, MemoryError):
        return "no memory is left on this machine"
    # A KeyError or the like is a mistake of this program; its text might hold anything.
    return f"{type(error).__name__} in converge.py, line {_line(error)}"


def _line(error: Exception) -> int:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return trace.tb_lineno if trace else 0


class Armed(Exception):
    """A change that could cut the operator off is in place and goes back by itself unless it is confirmed; exit 75."""
