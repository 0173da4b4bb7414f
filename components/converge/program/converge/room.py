"""Room on the machine's file systems."""

from __future__ import annotations

import os

from converge.errors import Failed
from converge.machine import Machine
from converge.paths import STATE


def existing(machine: Machine, name: str) -> str:
    """The nearest directory at or above a path of the machine that is there, as it is really called."""
    found = machine.at(name) or "/"
    while not os.path.isdir(found):
        found = os.path.dirname(found)
    return found


def room_at(machine: Machine, name: str) -> tuple[int, int]:
    """The file system that a path is or will be on, and the bytes that are free there."""
    place = existing(machine, name)
    room = os.statvfs(place)
    return os.stat(place).st_dev, room.f_bavail * room.f_frsize


def is_read_only(machine: Machine, name: str) -> bool:
    """Whether the file system that a path is or will be on takes no changes."""
    return bool(os.statvfs(existing(machine, name)).f_flag & os.ST_RDONLY)


def require_writable_state(machine: Machine) -> None:
    """Raises Failed when what converge.py keeps is on a read-only file system: then nothing can be changed safely."""
    if is_read_only(machine, STATE):
        raise Failed(
            f"{STATE} is on a read-only file system; a disk that fails is often made so by the kernel: see `dmesg`,"
            " then `mount -o remount,rw /`"
        )
