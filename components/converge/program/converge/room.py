"""Room on the machine's file systems."""

from __future__ import annotations

import os

from converge.machine import Machine


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
