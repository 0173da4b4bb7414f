"""What is seen of a machine after a cut."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

STATE = "var/lib/sovereign-edge"
LOG = "var/log/sovereign-edge/history.jsonl"
WANTS = "etc/systemd/system/multi-user.target.wants"

View = Mapping[str, Mapping[str, str]]
"""What a machine is in: group → thing → what is seen of it. A group changes at once or not at all."""
HALF = {"record": "half"}
"""A group of which the machine's own record says that it is being removed: the next run goes on with that."""


def looks(root: Path, names: Sequence[str]) -> dict[str, str]:
    """What stands in some paths: kind, mode, owner, text."""
    return {name: look(root / name.lstrip("/")) for name in names}


def look(place: Path) -> str:
    """What stands in a path."""
    if place.is_symlink():
        return f"-> {os.readlink(place)}"
    if not place.exists():
        return "nothing"
    found = place.stat()
    access = f"{found.st_mode:o} {found.st_uid}:{found.st_gid}"
    return access if place.is_dir() else f"{access} {place.read_bytes()!r}"


def looks_below(root: Path, name: str) -> dict[str, str]:
    """What stands in a directory and below it."""
    top = root / name.lstrip("/")
    return {f"/{place.relative_to(root)}": look(place) for place in (top, *sorted(top.rglob("*")))}


def enabled(root: Path, *units: str) -> dict[str, str]:
    """Which units start at boot."""
    return {f"enabled {name}": look(root / WANTS / name) for name in units}


def manifest(root: Path, role: str) -> dict[str, Any] | None:
    """What the machine recorded of a role."""
    name = root / STATE / "roles" / f"{role}.json"
    return json.loads(name.read_bytes()) if name.exists() else None


def record(root: Path, role: str) -> dict[str, str]:
    """Which desired state of a role the machine's record says that it is in."""
    found = manifest(root, role)
    return {"record": "" if not found or not found["hash"] else found["hash"] + (" dirty" if found["dirty"] else "")}


def lines(root: Path) -> list[bytes]:
    """The whole lines of the log; fails when they are no chain."""
    name = root / LOG
    found = name.read_bytes().split(b"\n")[:-1] if name.exists() else []
    before = "0" * 64
    for number, line in enumerate(found):
        entry = json.loads(line)
        assert (entry["n"], entry["prev"]) == (number + 1, before), f"line {number + 1} of the log does not follow"
        before = hashlib.sha256(line).hexdigest()
    return found


def left_behind(root: Path) -> str:
    """Names temporary files that nobody removed; "" when there are none."""
    found = [str(name.relative_to(root)) for name in root.rglob("*") if ".sovereign-edge." in name.name]
    found += [str(name.relative_to(root)) for name in root.rglob("*.new")]
    return f"; left behind: {sorted(found)}" if found else ""


def unlike(found: View, wanted: View) -> str:
    """What is other than wanted; "" when nothing is."""
    return "; ".join(
        f"{group} {name}: {found.get(group, {}).get(name)} instead of {wanted.get(group, {}).get(name)}"
        for group in sorted(found.keys() | wanted.keys())
        for name in sorted(found.get(group, {}).keys() | wanted.get(group, {}).keys())
        if found.get(group, {}).get(name) != wanted.get(group, {}).get(name)
    )
