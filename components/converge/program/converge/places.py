"""Directories and backups beside the places of files."""

from __future__ import annotations

import os
import stat

from converge.durable import fsync_directory, remove, sync_tree
from converge.errors import Failed
from converge.light import suppress
from converge.machine import Machine
from converge.paths import LIBRARY, LOG, RUN, STAGE, STATE, UNITS, parents


def check_parents(machine: Machine, name: str, itself: bool = False) -> None:
    """Fails when a link that is not root's stands in the way: whoever owns it could send our files elsewhere.

    `itself` is for a directory, which is worked on through a link in its own place, too.
    """
    for parent in (*parents(name), *([name] if itself else [])):
        try:
            found = os.lstat(machine.at(parent))
        except (FileNotFoundError, NotADirectoryError):
            return
        if stat.S_ISLNK(found.st_mode) and machine.chowns and found.st_uid != 0:
            raise Failed(f"{name}: {parent} is a link that belongs to user {found.st_uid}; it is not followed")
        if stat.S_ISLNK(found.st_mode) and machine.root and not _is_inside(machine, parent):
            raise Failed(f"{name}: {parent} is a link that leads out of {machine.root}")


def _is_inside(machine: Machine, name: str) -> bool:
    root = os.path.realpath(machine.root)
    return f"{os.path.realpath(machine.at(name))}/".startswith(root + "/")


def check_own(machine: Machine) -> None:
    """Fails when something of ours would be outside of the machine's root."""
    for name in (STATE, RUN, LIBRARY, os.path.dirname(LOG), UNITS.rstrip("/")):
        check_parents(machine, name, itself=True)


def make_directory(machine: Machine, name: str, mode: int = -1, owner: tuple[int, int] | None = None) -> None:
    """Makes a directory and those above it, root's and 0755; `mode` and `owner` are for an existing one too."""
    for directory in (*parents(name), name):
        with suppress(FileExistsError):
            os.mkdir(machine.at(directory), 0o755)
            fsync_directory(os.path.dirname(machine.at(directory)) or "/")
    if mode >= 0:
        if owner:
            os.chown(machine.at(name), *owner)
        os.chmod(machine.at(name), mode)
        fsync_directory(machine.at(name))


def keep_aside(target: str, backup: str) -> None:
    """Keeps the file or link in a path under a second name; it stays readable all the time."""
    try:
        os.link(target, backup, follow_symlinks=False)
    except OSError:
        # A file system without hard links, as a Raspberry Pi's boot partition.
        import shutil

        shutil.copy2(target, backup, follow_symlinks=False)
        sync_tree(backup)


def put_back(backup: str, target: str) -> None:
    """Gives a path what was kept aside, in one rename. The backup stays: a power cut may leave the path as it was."""
    stage = os.path.join(os.path.dirname(target), STAGE)
    new = os.path.join(stage, os.path.basename(target))
    os.makedirs(stage, exist_ok=True)
    remove(new)
    keep_aside(backup, new)
    if os.path.isdir(target) and not os.path.islink(target):
        remove(target)
    os.replace(new, target)
