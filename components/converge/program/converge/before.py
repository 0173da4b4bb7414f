"""What stood in a place before our first touch, so that removal puts it back."""

from __future__ import annotations

import os
import stat
from _collections_abc import Mapping

from converge.durable import remove, write_durably, write_new
from converge.errors import Failed
from converge.light import sha256
from converge.machine import Machine, Manifest, Touched, no_touch
from converge.paths import OLD
from converge.places import make_directory
from converge.typed import TypedDict, cast


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
    return sha256(name.encode()).hexdigest()[:32]


def keep_before(machine: Machine, name: str) -> None:
    """Records what stands in a path, durably; nothing there needs no record, and an older one must not stay."""
    try:
        found = os.lstat(machine.at(name))
    except (FileNotFoundError, NotADirectoryError):
        remove(machine.state(f"before/{before_name(name)}.json"))
        return
    kinds = {stat.S_IFLNK: "link", stat.S_IFDIR: "directory", stat.S_IFREG: "file"}
    kind = kinds.get(stat.S_IFMT(found.st_mode))
    if kind is None:
        # Nothing that could be put back, and to look into a pipe would be to wait for ever.
        raise Failed(f"{name} is a device, a pipe or a socket; move it away")
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
    """Gives a path what stood there before our first touch, or nothing. The caller syncs the directory it is in.

    The record stays, because this may have to be done again; `forget_before` takes it away.
    """
    entry = cast("Before | None", machine.load(f"before/{before_name(name)}.json"))
    target = machine.at(name)
    if entry is None:
        remove(target)
        return
    owner = (entry["uid"], entry["gid"]) if machine.chowns else None
    if entry["kind"] == "directory":
        make_directory(machine, name, entry["mode"], owner)
        return
    make_directory(machine, os.path.dirname(name))
    remove(target + OLD)
    if entry["kind"] == "link":
        os.symlink(entry["target"], target + OLD)
    else:
        with open(machine.state(f"before/{before_name(name)}.data"), "rb") as file:
            write_new(target + OLD, file.read(), entry["mode"], owner)
    if os.path.isdir(target) and not os.path.islink(target):
        remove(target)
    os.replace(target + OLD, target)


def forget_before(machine: Machine, touched: Touched) -> None:
    """Removes the records of all paths that nothing of ours touches any more."""
    needed = {before_name(name) for section in (touched["paths"], touched["directories"]) for name in section}
    for record in os.listdir(machine.state("before")):
        if record.partition(".")[0] not in needed:
            remove(machine.state(f"before/{record}"))


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
