"""The documents that come on standard input: their types, what is refused in them, and what an absent field means."""

from __future__ import annotations

import os
from _collections_abc import Mapping

from converge.checkers import canonical, parse_json
from converge.errors import Refused, shown
from converge.light import re, sha256
from converge.paths import UNITS, modules_path, parents, source_path, sysctl_path
from converge.shapes import DESIRED, INSTALL, ROSTER, SECRETS, is_name
from converge.typed import TYPE_CHECKING, TypedDict, cast

if TYPE_CHECKING:
    from typing import Any


class Requires(TypedDict):
    """What the machine has to be; 0, "" and empty ask for nothing. Sizes are in bytes."""

    disk: dict[str, int]
    memory: int
    pageSize: int
    os: dict[str, bool]
    arch: str


class SourceSpec(TypedDict):
    """A package source, in deb822's words; `key` is the armored key that signs it."""

    uris: str
    suites: str
    components: str
    architectures: str
    key: str


class PackageSpec(TypedDict):
    """A package: `version` is empty when apt may choose."""

    version: str
    hold: bool


class UserSpec(TypedDict):
    """A system user, or a person, and the groups it is in beside its own."""

    home: str
    shell: str
    groups: dict[str, bool]
    person: bool


class FileSpec(TypedDict):
    """A file: `text` has its references not yet filled in; `validate` is empty when there is no validator."""

    mode: str
    owner: str
    text: str
    validate: list[str]


class DirectorySpec(TypedDict):
    """A directory; `keep` marks data that survives the removal of the role."""

    mode: str
    owner: str
    keep: bool


class ArtifactSpec(TypedDict):
    """A download; with `unpack` a directory, otherwise a file."""

    url: str
    sha256: str
    bytes: int
    arch: str
    unpack: str
    mode: str


class UnitSpec(TypedDict):
    """A systemd unit and the paths whose change reloads or restarts it. `stays` is in seconds, 0 for the usual."""

    enabled: bool
    running: bool
    masked: bool
    reloadOn: dict[str, bool]
    restartOn: dict[str, bool]
    stays: int


class HttpCheck(TypedDict):
    """An answer that is waited for; `ca` is the path of a CA file, `host` the name sent and verified."""

    url: str
    status: int
    ca: str
    host: str


class CheckSpec(TypedDict, total=False):
    """Exactly one of `http`, `tcp` and `argv`; `within` seconds; `when` is before or healthy."""

    http: HttpCheck
    tcp: str
    argv: list[str]
    within: int
    when: str


class ActionSpec(TypedDict):
    """A command that runs when one of the paths in `on` changed; in `removal` `on` is empty."""

    argv: list[str]
    on: dict[str, bool]


class JobSpec(TypedDict):
    """Long work; `done` and `progress` are empty when there is no such command."""

    argv: list[str]
    done: list[str]
    progress: list[str]


class Desired(TypedDict):
    """Desired state of one role, every section filled in (an absent one is empty)."""

    version: int
    fleet: str
    node: str
    role: str
    incarnation: int
    requires: Requires
    sources: dict[str, SourceSpec]
    packages: dict[str, PackageSpec]
    secrets: dict[str, int]
    groups: dict[str, dict[str, str]]
    users: dict[str, UserSpec]
    directories: dict[str, DirectorySpec]
    artifacts: dict[str, ArtifactSpec]
    images: dict[str, dict[str, str]]
    files: dict[str, FileSpec]
    links: dict[str, dict[str, str]]
    units: dict[str, UnitSpec]
    actions: dict[str, ActionSpec]
    removal: dict[str, ActionSpec]
    sysctl: dict[str, str]
    modules: dict[str, dict[str, str]]
    checks: dict[str, CheckSpec]
    jobs: dict[str, JobSpec]
    rollback: str
    backup: dict[str, list[str]]
    """argv of what runs before a change that cannot be undone; empty when there is none"""
    confirm: dict[str, int]
    """window in seconds; empty when the role cannot cut the operator off"""


class Secret(TypedDict):
    """One generation of a secret."""

    generation: int
    value: str


class SecretsDocument(TypedDict):
    """What `secrets` stores."""

    fleet: str
    node: str
    secrets: dict[str, Secret]
    wireguard: dict[str, str]
    addresses: dict[str, str]


class Roster(TypedDict):
    """The roles of a node with the hashes of their desired states, and the addresses of nodes."""

    fleet: str
    node: str
    roles: dict[str, str]
    addresses: dict[str, str]


class InstallDocument(TypedDict):
    """Which program a machine should have (the SHA-256 of its bundle), and what it is said to be."""

    fleet: str
    node: str
    program: str
    claims: Claims


class MemoryClaim(TypedDict):
    """Bytes of memory; `exact` when a board of that name has no more."""

    bytes: int
    exact: bool


class DiskClaim(TypedDict):
    """Kind of the disk that `/` is on, as an inventory names it, and its size in bytes."""

    kind: str
    size: int


class Claims(TypedDict, total=False):
    """What the inventory says that a machine is; an absent field claims nothing."""

    profile: str
    """the value of `hardware:` or `droplet:`"""
    place: str
    """what an acceptance begins with: the code and the node's path"""
    arch: str
    memory: MemoryClaim
    boards: dict[str, bool]
    """beginnings of the names that the board may have"""
    os: str
    pageSize: int
    disk: DiskClaim
    npu: str
    accept: dict[str, bool]
    """claims that are known not to hold"""


SECTIONS = ["sources", "packages", "secrets", "groups", "users", "directories", "artifacts", "images", "files", "links"]
SECTIONS += ["units", "actions", "removal", "sysctl", "modules", "checks", "jobs", "backup", "confirm"]
_DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "sources": {"architectures": ""},
    "packages": {"version": "", "hold": False},
    "users": {"shell": "/usr/sbin/nologin", "groups": {}, "person": False},
    "directories": {"keep": False},
    "artifacts": {"unpack": "", "mode": "0644"},
    "files": {"validate": []},
    "units": {"masked": False, "reloadOn": {}, "restartOn": {}, "stays": 0},
    "removal": {"on": {}},
    "checks": {"when": "healthy"},
    "jobs": {"done": [], "progress": []},
}
_REQUIRES: Requires = {"disk": {}, "memory": 0, "pageSize": 0, "os": {}, "arch": ""}
WINDOW = 60
"""Seconds that a role with `confirm` waits for a fresh connection unless it says otherwise."""
REFERENCE = r"\{\{([a-z]+):([^{}]*)\}\}"


def parse_desired(data: bytes) -> tuple[Desired, str]:
    """A desired state with every section filled in, and its hash."""
    document = parse_json(data)
    DESIRED(document, "")
    assert isinstance(document, dict)
    digest = sha256(canonical(document)).hexdigest()
    if "confirm" in document:
        document["confirm"].setdefault("window", WINDOW)
    desired = filled(document)
    _check_paths(desired)
    _check_references(desired)
    _check_units(desired)
    _check_the_rest(desired)
    return desired, digest


def filled(document: dict[str, Any]) -> Desired:
    """A desired state with what an absent section or field means: also one that an older program recorded."""
    for section in SECTIONS:
        document.setdefault(section, {})
    document.setdefault("rollback", "config")
    document["requires"] = {**_REQUIRES, **document.get("requires", {})}
    for section, defaults in _DEFAULTS.items():
        document[section] = {key: {**defaults, **value} for key, value in document[section].items()}
    return cast(Desired, document)


def _check_paths(desired: Desired) -> None:
    places = _implied_paths(desired)
    for section in ("files", "links", "artifacts", "directories"):
        for name in cast("dict[str, object]", desired[section]):
            if name in places:
                raise Refused(f"{section}[{shown(name)}] is also in {places[name]}")
            places[name] = section
    things = {name for name, section in places.items() if section != "directories"}
    for name, section in places.items():
        for parent in parents(name):
            if parent in things:
                raise Refused(f"{section}[{shown(name)}] is below {places[parent]}[{shown(parent)}]")
    for unit, spec in desired["units"].items():
        for field, paths in (("reloadOn", spec["reloadOn"]), ("restartOn", spec["restartOn"])):
            _check_known(paths, things, f"units[{shown(unit)}].{field}")
    for name, action in desired["actions"].items():
        _check_known(action["on"], things, f"actions[{shown(name)}].on")


def _implied_paths(desired: Desired) -> dict[str, str]:
    """Files that come from other sections, with the name of the section."""
    places = {source_path(name): "sources" for name in desired["sources"]}
    if desired["sysctl"]:
        places[sysctl_path(desired["role"])] = "sysctl"
    if desired["modules"]:
        places[modules_path(desired["role"])] = "modules"
    return places


def _check_known(paths: Mapping[str, bool], things: set[str], place: str) -> None:
    for name in paths:
        if name not in things:
            raise Refused(f"{place} names {shown(name)}, which is no file, link or artifact of this role")


def _check_references(desired: Desired) -> None:
    for name, spec in desired["files"].items():
        place = f"files[{shown(name)}]"
        for kind, target in re.findall(REFERENCE, spec["text"]) if "{{" in spec["text"] else ():
            reference = shown(f"{kind}:{target}")
            if kind not in ("secret", "wireguard", "address"):
                raise Refused(f"{place}.text refers to {reference}, which is an unknown kind of reference")
            if kind != "secret" and not is_name(target):
                raise Refused(f"{place}.text refers to {reference}, which is not the name of a node")
            if kind == "secret" and target not in desired["secrets"]:
                raise Refused(f"{place}.text refers to the secret {shown(target)}, which `secrets` does not name")
            if kind == "secret" and int(spec["mode"], 8) & 0o007:
                raise Refused(f"{place} holds a secret, so its mode must give others nothing (it is {spec['mode']})")


def _check_units(desired: Desired) -> None:
    places = dict.fromkeys(desired["artifacts"], "artifacts")
    places |= dict.fromkeys(desired["links"], "links") | dict.fromkeys(desired["files"], "files")
    for unit, spec in desired["units"].items():
        if spec["masked"] and UNITS + unit in places:
            raise Refused(
                f"units[{shown(unit)}] is masked, and {UNITS + unit} is a file of this role: it can be one only"
            )
    for name, kind in places.items():
        directory, _, base = name.rpartition("/")
        if directory.startswith(UNITS) and directory.endswith(".d") and not base.endswith(".conf"):
            raise Refused(f"{kind}[{shown(name)}] is no drop-in that systemd reads: its name has to end in .conf")


def _check_the_rest(desired: Desired) -> None:
    for name, check in desired["checks"].items():
        if sum(kind in check for kind in ("http", "tcp", "argv")) != 1:
            raise Refused(f"checks[{shown(name)}] has to have one of http, tcp and argv")
    for name, source in desired["sources"].items():
        flat = [suite.endswith("/") for suite in source["suites"].split()]
        if any(flat) != (source["components"] == "") or any(flat) != all(flat):
            raise Refused(
                f"sources[{shown(name)}].components has to be empty when the suites end in '/' (a flat repository),"
                " and only then"
            )
    if desired["backup"] and desired["rollback"] == "config":
        raise Refused("backup is for a role whose rollback is binary or never; this one goes back by itself")
    if desired["confirm"] and desired["rollback"] == "never":
        raise Refused("confirm needs a role that can be undone, and its rollback is never")
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    for name, spec in desired["artifacts"].items():
        if spec["arch"] not in ("any", machine):
            raise Refused(f"artifacts[{shown(name)}] is for {spec['arch']}; this machine is {machine}")


def parse_secrets(data: bytes) -> SecretsDocument:
    """A secrets document; without addresses it has none."""
    document = parse_json(data)
    SECRETS(document, "")
    assert isinstance(document, dict)
    document.setdefault("addresses", {})
    return cast(SecretsDocument, document)


def parse_roster(data: bytes) -> Roster:
    """A roster; without addresses it has none."""
    document = parse_json(data)
    ROSTER(document, "")
    assert isinstance(document, dict)
    document.setdefault("addresses", {})
    return cast(Roster, document)


def parse_install(data: bytes) -> InstallDocument:
    """An install document; without claims nothing is claimed."""
    document = parse_json(data)
    INSTALL(document, "")
    assert isinstance(document, dict)
    document.setdefault("claims", {})
    return cast(InstallDocument, document)
