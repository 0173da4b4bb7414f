"""What stood in a place before our first touch, so that removal puts it back."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from typing import TypedDict, cast

from converge.durable import fsync_directory, remove, write_durably, write_new
from converge.machine import Machine, Manifest, Touched, no_touch
from converge.paths import OLD


class Before(TypedDict):
    """What stood in a path before our first touch; a file's content is in NAME.data beside this record."""

    path: str
    kind: str
    mode: int
    uid: int
    gid: int
    target: str


def before_name(name: str) -> str:
    """Name of the record of a path."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def keep_before(machine: Machine, name: str) -> None:
    """Records what stands in a path, durably; nothing there needs no record."""
    try:
        found = os.lstat(machine.at(name))
    except (FileNotFoundError, NotADirectoryError):
        return
    kind = "link" if stat.S_ISLNK(found.st_mode) else "directory" if stat.S_ISDIR(found.st_mode) else "file"
    if kind == "file":
        with open(machine.at(name), "rb") as file:
            write_durably(machine.state(f"before/{before_name(name)}.data"), file.read())
    entry: Before = {
        "path": name,
        "kind": kind,
        "mode": stat.S_IMODE(found.st_mode),
        "uid": found.st_uid,
        "gid": found.st_gid,
        "target": os.readlink(machine.at(name)) if kind == "link" else "",
    }
    machine.save(f"before/{before_name(name)}.json", entry)


def put_back_before(machine: Machine, name: str) -> None:
    """Gives a path what stood there before our first touch, or nothing, and forgets the record."""
    entry = cast("Before | None", machine.load(f"before/{before_name(name)}.json"))
    target = machine.at(name)
    data = machine.state(f"before/{before_name(name)}.data")
    if entry is None:
        remove(target)
        return
    owner = (entry["uid"], entry["gid"]) if machine.chowns else None
    if entry["kind"] == "directory":
        os.makedirs(target, exist_ok=True)
        os.chmod(target, entry["mode"])
        if owner:
            os.chown(target, *owner)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        remove(target + OLD)
        if entry["kind"] == "link":
            os.symlink(entry["target"], target + OLD)
        else:
            with open(data, "rb") as file:
                write_new(target + OLD, file.read(), entry["mode"], owner)
        if os.path.isdir(target) and not os.path.islink(target):
            remove(target)
        os.replace(target + OLD, target)
        fsync_directory(os.path.dirname(target))
    os.unlink(machine.state(f"before/{before_name(name)}.json"))
    remove(data)


def history(manifests: Mapping[str, Manifest]) -> Touched:
    """Everything that any role touched; of two records of one thing the first is the older."""
    result = cast("dict[str, dict[str, object]]", no_touch())
    for manifest in manifests.values():
        for section, entries in cast("dict[str, dict[str, object]]", manifest["touched"]).items():
            for name, entry in entries.items():
                result[section].setdefault(name, entry)
    return cast(Touched, result)


def put_back_directory(machine: Machine, name: str) -> None:
    """Gives a directory that was there before us its mode and owner back."""
    if machine.load(f"before/{before_name(name)}.json"):
        put_back_before(machine, name)
