"""What differs between the machine and a desired state."""

from __future__ import annotations

import os
import stat
from _collections_abc import Mapping

from converge.accounts import missing_groups, user_differs
from converge.artifacts import load_stamps, stamp_holds
from converge.documents import Desired, DirectorySpec, FileSpec, UnitSpec
from converge.errors import Failed
from converge.images import missing_images
from converge.machine import Machine, Manifest, UnitState
from converge.modules import missing_modules
from converge.packages import holds_to_change, interrupted, missing_among, package_states
from converge.sysctl import read_sysctl
from converge.typed import NamedTuple
from converge.wanted import Wanted


class Plan(NamedTuple):
    """What differs between the machine and the desired state; all empty when there is nothing to do."""

    packages: list[str]
    holds: list[str]
    interrupted: bool
    """dpkg was cut off in something."""
    groups: list[str]
    users: list[str]
    directories: list[str]
    artifacts: list[str]
    images: list[str]
    files: list[str]
    links: list[str]
    modules: list[str]
    sysctl: list[str]
    units: list[str]
    changed: set[str]
    """Files, links and artifacts other than on the machine or last applied: what units and actions react to."""

    @property
    def names(self) -> set[str]:
        """Paths that get something new."""
        return {*self.artifacts, *self.files, *self.links}

    @property
    def empty(self) -> bool:
        """Nothing to do."""
        return not any(self)


def compare(machine: Machine, wanted: Wanted, manifest: Manifest, states: Mapping[str, UnitState]) -> Plan:
    """Looks at the machine itself, not only at what is recorded: what was changed by hand is found too."""
    desired = wanted.desired
    stamps = load_stamps(machine)
    rendered = {} if manifest["dirty"] else manifest["rendered"]
    artifacts = [name for name, spec in desired["artifacts"].items() if not stamp_holds(machine, stamps, name, spec)]
    files = [name for name, spec in wanted.files.items() if file_differs(machine, name, spec, wanted.content[name])]
    links = [name for name, spec in desired["links"].items() if link_target(machine.at(name)) != spec["target"]]
    recorded = {name for name, digest in wanted.hashes.items() if rendered.get(name) != digest}
    packages = package_states(machine, sorted(desired["packages"])) if desired["packages"] else {}
    previous = manifest["desired"]
    return Plan(
        packages=missing_among(desired["packages"], packages),
        holds=holds_to_change(desired["packages"], packages, manifest["touched"]["holds"]),
        interrupted=bool(desired["packages"]) and interrupted(machine),
        groups=missing_groups(machine, desired["groups"]),
        users=[name for name, spec in sorted(desired["users"].items()) if user_differs(machine, name, spec)],
        directories=[name for name, spec in desired["directories"].items() if directory_differs(machine, name, spec)],
        artifacts=artifacts,
        images=missing_images(machine, desired["images"]),
        files=files,
        links=links,
        modules=missing_modules(machine, desired["modules"]),
        sysctl=[
            key for key, value in desired["sysctl"].items() if read_sysctl(machine, key) != " ".join(value.split())
        ],
        units=[
            name
            for name, spec in desired["units"].items()
            if unit_differs(spec, states[name]) or mask_verb(name, spec, states[name], previous)
        ],
        changed=recorded | set(artifacts) | set(files) | set(links),
    )


def file_differs(machine: Machine, name: str, spec: FileSpec, content: bytes) -> bool:
    """Whether a file is not there with this content, mode and owner."""
    try:
        found = os.lstat(machine.at(name))
        if stat.S_ISDIR(found.st_mode):
            raise Failed(f"compare: {name} is a directory, and a file is wanted there")
        if not stat.S_ISREG(found.st_mode) or found.st_size != len(content) or access_differs(machine, found, spec):
            return True
        with open(machine.at(name), "rb") as file:
            return file.read() != content
    except (FileNotFoundError, NotADirectoryError):
        return True


def access_differs(machine: Machine, found: os.stat_result, spec: FileSpec | DirectorySpec) -> bool:
    """Whether mode or owner are not as wanted."""
    if stat.S_IMODE(found.st_mode) != int(spec["mode"], 8):
        return True
    return machine.chowns and (found.st_uid, found.st_gid) != machine.owner(spec["owner"])


def directory_differs(machine: Machine, name: str, spec: DirectorySpec) -> bool:
    """Whether a directory is not there with this mode and owner."""
    try:
        found = os.stat(machine.at(name))
    except (FileNotFoundError, NotADirectoryError):
        return True
    return not stat.S_ISDIR(found.st_mode) or access_differs(machine, found, spec)


def link_target(name: str) -> str | None:
    """Target of a symbolic link; None when it is none."""
    try:
        return os.readlink(name)
    except OSError:
        return None


def unit_differs(spec: UnitSpec, state: UnitState) -> bool:
    """Whether a unit is not as enabled or as running as wanted."""
    if not state["known"]:
        return spec["enabled"] or spec["running"]
    return (state["installable"] and state["enabled"] != spec["enabled"]) or state["running"] != spec["running"]


def mask_verb(unit: str, spec: UnitSpec, state: UnitState, previous: Desired | None) -> str:
    """Whether a unit has to be masked or unmasked: "mask", "unmask" or "". A mask that is not ours stays on a unit that
    does not have to run; `previous` is what was applied last."""
    if spec["masked"]:
        return "" if state["masked"] else "mask"
    ours = previous is not None and unit in previous["units"] and previous["units"][unit]["masked"]
    return "unmask" if state["masked"] and (ours or spec["enabled"] or spec["running"]) else ""
