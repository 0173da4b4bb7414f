"""Small programs that change files, right ones and wrong ones, with what recovers each after a cut."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from typing import Callable, NamedTuple

OLD, NEW = b"the old text", b"the text that is new"


class Toy(NamedTuple):
    """A program. `judge` recovers and answers `old`, `new`, or what is wrong."""

    name: str
    prepare: Callable[[str], None]
    run: Callable[[str], None]
    judge: Callable[[str], str]


def put(name: str, data: bytes) -> None:
    """Writes a file without any care."""
    with open(name, "wb") as file:
        file.write(data)


def put_synced(name: str, data: bytes) -> None:
    """Writes a file and syncs it."""
    with open(name, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync(name: str) -> None:
    """Syncs a directory or a file."""
    descriptor = os.open(name, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def get(name: str) -> bytes:
    """Content of a file; nothing when there is none."""
    with contextlib.suppress(FileNotFoundError), open(name, "rb") as file:
        return file.read()
    return b""


def which(*found: bytes) -> str:
    """Which version some contents are of."""
    if all(text == OLD for text in found):
        return "old"
    return "new" if all(text == NEW for text in found) else f"a mixture: {found!r}"


# One file that is replaced


def one_file(root: str) -> None:
    """A file with the old text."""
    os.mkdir(root + "/etc")
    put(root + "/etc/file", OLD)


def judge_one(root: str) -> str:
    """Nothing to recover."""
    return which(get(root + "/etc/file"))


def replace(root: str) -> None:
    """Write, fsync, rename, fsync of the directory."""
    put_synced(root + "/etc/file.new", NEW)
    os.replace(root + "/etc/file.new", root + "/etc/file")
    sync(root + "/etc")


def replace_unsynced(root: str) -> None:
    """Forgets that a rename may be there before the text."""
    put(root + "/etc/file.new", NEW)
    os.replace(root + "/etc/file.new", root + "/etc/file")
    sync(root + "/etc")


def replace_and_go(root: str) -> None:
    """Says that it is done when only the page cache knows."""
    put_synced(root + "/etc/file.new", NEW)
    os.replace(root + "/etc/file.new", root + "/etc/file")


def overwrite(root: str) -> None:
    """Writes over what is there."""
    put_synced(root + "/etc/file", NEW)


def sync_too_late(root: str) -> None:
    """Syncs the file under its new name."""
    put(root + "/etc/file.new", NEW)
    os.replace(root + "/etc/file.new", root + "/etc/file")
    sync(root + "/etc/file")
    sync(root + "/etc")


def remove_first(root: str) -> None:
    """Leaves a moment with nothing."""
    put_synced(root + "/etc/file.new", NEW)
    os.unlink(root + "/etc/file")
    os.rename(root + "/etc/file.new", root + "/etc/file")
    sync(root + "/etc")


def replace_from_afar(root: str) -> None:
    """Fills a new directory beside the place and moves the file over. Right: the place itself changes at once."""
    os.mkdir(root + "/stage")
    put_synced(root + "/stage/file", NEW)
    os.replace(root + "/stage/file", root + "/etc/file")
    sync(root + "/etc")
    shutil.rmtree(root + "/stage")


# A file whose mode changes


def judge_mode(root: str) -> str:
    """By the mode."""
    return {0o644: "old", 0o600: "new"}.get(os.stat(root + "/etc/file").st_mode & 0o777, "another mode")


def change_mode(root: str) -> None:
    """chmod and fsync of the file."""
    os.chmod(root + "/etc/file", 0o600)
    sync(root + "/etc/file")


def change_mode_and_sync_directory(root: str) -> None:
    """Syncs the wrong thing."""
    os.chmod(root + "/etc/file", 0o600)
    sync(root + "/etc")


# A file that moves to another directory


def two_directories(root: str) -> None:
    """Two directories and a file in the first."""
    os.mkdir(root + "/a")
    os.mkdir(root + "/b")
    put(root + "/a/file", OLD)


def judge_move(root: str) -> str:
    """Both names are fine; recovery takes the old one away."""
    names = [os.path.exists(f"{root}/{directory}/file") for directory in "ab"]
    return {(True, False): "old", (False, True): "new", (True, True): "new"}.get((names[0], names[1]), "lost")


def move(root: str) -> None:
    """A second name first, and the old one goes when the second is there for good."""
    os.link(root + "/a/file", root + "/b/file")
    sync(root + "/b")
    os.unlink(root + "/a/file")


def move_by_rename(root: str) -> None:
    """Trusts a rename between directories to be one change."""
    os.rename(root + "/a/file", root + "/b/file")
    sync(root + "/b")
    sync(root + "/a")


# Two files that have to change together


def two_files(root: str) -> None:
    """Two files with the old text."""
    two_directories(root)
    put(root + "/a/file", OLD)
    put(root + "/b/file", OLD)


def undo(root: str) -> None:
    """Writes back what the journal says."""
    journal = get(root + "/journal")
    if journal:
        for name, text in json.loads(journal).items():
            put_synced(root + name + ".new", text.encode())
            os.replace(root + name + ".new", root + name)
            sync(os.path.dirname(root + name))
        os.unlink(root + "/journal")
        sync(root)


def judge_two(root: str) -> str:
    """Undoes, and undoes again, which has to change nothing."""
    undo(root)
    undo(root)
    return which(get(root + "/a/file"), get(root + "/b/file"))


def swap(root: str) -> None:
    """Replaces both files; in no order that could be relied on."""
    for name in ("/a/file", "/b/file"):
        put_synced(root + name + ".new", NEW)
        os.replace(root + name + ".new", root + name)


def journalled(root: str) -> None:
    """Old texts into a journal, both files, and only then the journal away."""
    put_synced(root + "/journal.new", json.dumps(dict.fromkeys(("/a/file", "/b/file"), OLD.decode())).encode())
    os.replace(root + "/journal.new", root + "/journal")
    sync(root)
    swap(root)
    sync(root + "/a")
    sync(root + "/b")
    os.unlink(root + "/journal")
    sync(root)


def without_journal(root: str) -> None:
    """Both files, one after the other."""
    swap(root)
    sync(root + "/a")
    sync(root + "/b")


def journal_goes_first(root: str) -> None:
    """The journal goes before the files are there for good."""
    put_synced(root + "/journal.new", json.dumps(dict.fromkeys(("/a/file", "/b/file"), OLD.decode())).encode())
    os.replace(root + "/journal.new", root + "/journal")
    sync(root)
    swap(root)
    os.unlink(root + "/journal")
    sync(root)
    sync(root + "/a")
    sync(root + "/b")


# A log that grows


def a_log(root: str) -> None:
    """One line."""
    put(root + "/log", OLD + b"\n")


def judge_log(root: str) -> str:
    """Takes away what is no whole line of ours."""
    lines = get(root + "/log").split(b"\n")[:-1]
    return {(OLD,): "old", (OLD, NEW): "new"}.get(tuple(line for line in lines if line in (OLD, NEW)), "lost lines")


def judge_log_bluntly(root: str) -> str:
    """Takes every line for a whole one."""
    return {OLD + b"\n": "old", OLD + b"\n" + NEW + b"\n": "new"}.get(get(root + "/log"), "a torn line")


def append(root: str) -> None:
    """Appends and syncs."""
    descriptor = os.open(root + "/log", os.O_WRONLY | os.O_APPEND)
    os.write(descriptor, NEW + b"\n")
    os.fsync(descriptor)
    os.close(descriptor)


def append_unsynced(root: str) -> None:
    """Appends."""
    with open(root + "/log", "ab") as file:
        file.write(NEW + b"\n")


# A file in a directory that is new


def judge_tree(root: str) -> str:
    """Nothing or all of it."""
    text = get(root + "/x/y/file")
    return "new" if text == NEW else "old" if not text else "torn"


def make_tree(root: str) -> None:
    """Each directory is synced into the one above."""
    os.makedirs(root + "/x/y")
    sync(root)
    sync(root + "/x")
    put_synced(root + "/x/y/file.new", NEW)
    os.replace(root + "/x/y/file.new", root + "/x/y/file")
    sync(root + "/x/y")


def make_tree_unsynced(root: str) -> None:
    """Syncs the file's directory, and nothing leads there."""
    os.makedirs(root + "/x/y")
    put_synced(root + "/x/y/file.new", NEW)
    os.replace(root + "/x/y/file.new", root + "/x/y/file")
    sync(root + "/x/y")


def nothing(_root: str) -> None:
    """An empty directory to begin with."""


RIGHT = [
    Toy("replace", one_file, replace, judge_one),
    Toy("replace from afar", one_file, replace_from_afar, judge_one),
    Toy("change mode", one_file, change_mode, judge_mode),
    Toy("move", two_directories, move, judge_move),
    Toy("journal", two_files, journalled, judge_two),
    Toy("append", a_log, append, judge_log),
    Toy("make tree", nothing, make_tree, judge_tree),
]
WRONG = [
    Toy("no fsync of the file", one_file, replace_unsynced, judge_one),
    Toy("no fsync of the directory", one_file, replace_and_go, judge_one),
    Toy("overwrite", one_file, overwrite, judge_one),
    Toy("fsync after the rename", one_file, sync_too_late, judge_one),
    Toy("unlink before the rename", one_file, remove_first, judge_one),
    Toy("fsync of the directory for a mode", one_file, change_mode_and_sync_directory, judge_mode),
    Toy("rename between directories", two_directories, move_by_rename, judge_move),
    Toy("no journal", two_files, without_journal, judge_two),
    Toy("journal goes first", two_files, journal_goes_first, judge_two),
    Toy("no fsync of the log", a_log, append_unsynced, judge_log),
    Toy("torn lines are read", a_log, append, judge_log_bluntly),
    Toy("no fsync above", nothing, make_tree_unsynced, judge_tree),
]
