"""Files that are whole or not there, also after a power cut."""

from __future__ import annotations

import os
import time
from _collections_abc import Iterator

from converge.light import suppress


def fsync_directory(name: str) -> None:
    """Makes renames in a directory durable."""
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(name: str) -> None:
    """Makes a file durable, or a directory with everything below it; its own name is not part of that."""
    for entry in tree(name):
        if not os.path.islink(entry):
            descriptor = os.open(entry, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def make_durably(name: str, mode: int) -> None:
    """Makes a directory, and those above it that are missing; one that is there stays as it is."""
    if not os.path.isdir(name):
        make_durably(os.path.dirname(name), 0o755)
        with suppress(FileExistsError):
            os.mkdir(name, mode)
        fsync_directory(os.path.dirname(name))


def write_durably(name: str, data: bytes, mode: int = 0o600, owner: tuple[int, int] | None = None) -> None:
    """Replaces a file at once: whoever reads sees the old or the new content. `name.new` is the temporary name."""
    write_new(name + ".new", data, mode, owner)
    os.replace(name + ".new", name)
    fsync_directory(os.path.dirname(name))


def write_new(name: str, data: bytes, mode: int, owner: tuple[int, int] | None) -> None:
    """Writes a file that nobody else has under this name; mode and owner are right before the first byte."""
    with suppress(FileNotFoundError):
        os.unlink(name)
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        if owner is not None:
            os.fchown(descriptor, *owner)
        os.fchmod(descriptor, mode)
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(name: str) -> None:
    """Removes a file, a link or a whole directory; nothing there is fine."""
    if os.path.isdir(name) and not os.path.islink(name):
        with suppress(OSError):
            os.rmdir(name)
            return
        import shutil

        shutil.rmtree(name)
    else:
        with suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(name)


def now() -> str:
    """The time in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def content(name: str) -> bytes:
    """Content of a file; nothing when there is none."""
    with suppress(FileNotFoundError), open(name, "rb") as file:
        return file.read()
    return b""


def tree(name: str) -> Iterator[str]:
    """A path and, when it is a directory, everything below it."""
    if not os.path.lexists(name):
        return
    yield name
    if os.path.isdir(name) and not os.path.islink(name):
        for inner in sorted(os.listdir(name)):
            yield from tree(os.path.join(name, inner))


def text_of(name: str) -> str:
    try:
        with open(name, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
