"""Directories and backups beside the places of files."""

from __future__ import annotations

import contextlib
import os
import stat

from converge.durable import fsync_directory
from converge.errors import Failed
from converge.machine import Machine
from converge.paths import parents


def check_parents(machine: Machine, name: str) -> None:
    """Fails when a link that is not root's stands in the way: whoever owns it could send our files elsewhere."""
    for parent in parents(name):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            found = os.lstat(machine.at(parent))
            if stat.S_ISLNK(found.st_mode) and machine.chowns and found.st_uid != 0:
                raise Failed(f"{name}: {parent} is a link that belongs to user {found.st_uid}; it is not followed")


def make_directory(machine: Machine, name: str, mode: int = -1, owner: tuple[int, int] | None = None) -> None:
    """Makes a directory and those above it, root's and 0755; `mode` and `owner` are for an existing one too."""
    for directory in (*parents(name), name):
        with contextlib.suppress(FileExistsError):
            os.mkdir(machine.at(directory), 0o755)
            fsync_directory(os.path.dirname(machine.at(directory)) or "/")
    if mode >= 0:
        if owner:
            os.chown(machine.at(name), *owner)
        os.chmod(machine.at(name), mode)
        fsync_directory(machine.at(name))


def keep_aside(target: str, backup: str) -> None:
    """Keeps what a path has under a second name; a directory has to move, a file stays readable all the time."""
    if os.path.isdir(target) and not os.path.islink(target):
        os.rename(target, backup)
        return
    try:
        os.link(target, backup, follow_symlinks=False)
    except OSError:
        # A file system without hard links, as a Raspberry Pi's boot partition.
        import shutil

        shutil.copy2(target, backup, follow_symlinks=False)
