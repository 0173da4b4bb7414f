"""Preflight: whether the machine is what a role requires and has room for it. Looks only; all problems come at once."""

from __future__ import annotations

import os
from _collections_abc import Collection, Mapping

from converge.documents import ArtifactSpec, Desired, Requires
from converge.errors import Failed
from converge.machine import Machine
from converge.paths import STATE
from converge.room import is_read_only, room_at
from converge.wanted import Wanted


def preflight(machine: Machine, desired: Desired, previous: Desired | None, sizes: Mapping[str, int]) -> None:
    """Raises Failed with everything that stands against this role on this machine.

    `previous` is what was applied last: disk that was asked for then may be in use by the role by now, and is not asked
    for again. `sizes` are the bytes that this run will put at or beside each path.
    """
    requires = desired["requires"]
    problems = [*machine_problems(machine, requires), *disk_problems(machine, _disk(requires, previous), sizes)]
    if problems:
        raise Failed("preflight: " + "; ".join(problems))


def staged_sizes(machine: Machine, wanted: Wanted, names: Collection[str]) -> dict[str, int]:
    """Bytes that this run will put beside each of these paths: texts, and what downloads still bring or unpack."""
    texts = {name: len(wanted.content.get(name, b"")) for name in names}
    return {**texts, **download_sizes(machine, wanted.desired["artifacts"], names)}


def download_sizes(machine: Machine, artifacts: Mapping[str, ArtifactSpec], names: Collection[str]) -> dict[str, int]:
    """Bytes that each of these artifacts will still bring, unpacked ones included."""
    if not artifacts:
        return {}
    from converge.downloads import UNPACKED, is_obtained

    sizes = {}
    for name in names:
        if name in artifacts:
            spec = artifacts[name]
            unpacked = spec["bytes"] * (UNPACKED - 1) if spec["unpack"] else 0
            sizes[name] = unpacked + (0 if is_obtained(machine, name, spec) else spec["bytes"])
    return sizes


def machine_problems(machine: Machine, requires: Requires) -> list[str]:
    """What the machine is not: its memory, pages, system and processor, each with what it has."""
    if not any(requires[what] for what in ("memory", "pageSize", "os", "arch")):
        return []
    from converge.facts import architecture, memory_total, system_name

    problems = []
    memory = memory_total(machine)
    if memory < requires["memory"]:
        problems.append(f"{requires['memory']:,} bytes of memory are required, and there are {memory:,}")
    page = os.sysconf("SC_PAGE_SIZE")
    if 0 < requires["pageSize"] < page:
        problems.append(f"pages of at most {requires['pageSize']} bytes are required, and this kernel's have {page}")
    system = system_name(machine)
    if requires["os"] and system not in requires["os"]:
        problems.append(f"the system has to be {' or '.join(sorted(requires['os']))}, and it is {system}")
    if requires["arch"] not in ("", architecture()):
        problems.append(f"the processor has to be {requires['arch']}, and it is {architecture()}")
    return problems


def disk_problems(machine: Machine, wanted: Mapping[str, int], sizes: Mapping[str, int]) -> list[str]:
    """File systems that have too little room for what a role asks for (`wanted`) and for what is staged, or none."""
    problems = [f"{name} is on a read-only file system" for name in _one_a_place(machine, [STATE, *sorted(sizes)])]
    staged: dict[int, int] = {}
    for name, size in sizes.items():
        device, _ = room_at(machine, name)
        staged[device] = staged.get(device, 0) + size
    told = set()
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))
    for name, size in [*sorted(wanted.items()), *((name, 0) for name in largest)]:
        device, free = room_at(machine, name)
        needed = size + staged.get(device, 0)
        if needed > free and device not in told:
            told.add(device)
            problems.append(f"{needed:,} bytes of disk are needed for {name}, and {free:,} are free")
    return problems


def _one_a_place(machine: Machine, names: list[str]) -> list[str]:
    """Of the paths on read-only file systems one for each of these."""
    return list({room_at(machine, name)[0]: name for name in reversed(names) if is_read_only(machine, name)}.values())


def _disk(requires: Requires, previous: Desired | None) -> dict[str, int]:
    before = previous["requires"]["disk"] if previous else {}
    return {name: size for name, size in requires["disk"].items() if size > before.get(name, 0)}
