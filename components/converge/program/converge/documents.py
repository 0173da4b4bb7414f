"""The documents that come on standard input: their types, and what is refused in them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from typing import TypedDict, cast

from converge.checkers import Checker, argv, boolean, canonical, integer, parse_json, record, string, struct, true
from converge.errors import Refused, shown
from converge.paths import LIBRARY, OLD, OWN_STATE, STAGE, STATE, parents, sysctl_path


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
    """A systemd unit and the paths whose change reloads or restarts it."""

    enabled: bool
    running: bool
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
    """Exactly one of `http`, `tcp` and `argv`; `within` seconds."""

    http: HttpCheck
    tcp: str
    argv: list[str]
    within: int


class Desired(TypedDict):
    """Desired state of one role, every section filled in (an absent one is empty)."""

    version: int
    fleet: str
    node: str
    role: str
    incarnation: int
    packages: dict[str, dict[str, str]]
    secrets: dict[str, int]
    users: dict[str, dict[str, str]]
    directories: dict[str, DirectorySpec]
    artifacts: dict[str, ArtifactSpec]
    files: dict[str, FileSpec]
    links: dict[str, dict[str, str]]
    units: dict[str, UnitSpec]
    actions: dict[str, ActionSpec]
    removal: dict[str, ActionSpec]
    sysctl: dict[str, str]
    checks: dict[str, CheckSpec]
    rollback: str
    backup: dict[str, list[str]]
    """argv of what runs before a change that cannot be undone; empty when there is none"""
    confirm: dict[str, int]
    """window in seconds; empty when the role cannot cut the operator off"""


class ActionSpec(TypedDict):
    """A command that runs when one of the paths in `on` changed; in `removal` `on` is empty."""

    argv: list[str]
    on: dict[str, bool]


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


class Roster(TypedDict):
    """The roles of a node with the hashes of their desired states."""

    fleet: str
    node: str
    roles: dict[str, str]


def path(value: object, place: str) -> None:
    """An absolute path without `..` and the like, outside of what is ours or the kernel's."""
    if not isinstance(value, str) or not value.startswith("/") or len(value) > 1024:
        raise Refused(f"{place} has to be an absolute path")
    if any(part in ("", ".", "..") or len(part.encode("utf-8", "replace")) > 200 for part in value[1:].split("/")):
        raise Refused(f"{place} has to be a plain path, without '..', '.' or empty parts, none over 200 bytes")
    if not value.isprintable() or STAGE in value.split("/") or OLD in value.split("/"):
        raise Refused(f"{place} has characters or names that a path must not have")
    if _reserved.match(value):
        raise Refused(f"{place} belongs to converge.py or the kernel")


_reserved = re.compile(f"(/proc|/sys|/dev|{LIBRARY}|{STATE}/({'|'.join(map(re.escape, OWN_STATE))}))(/|$)|{STATE}$")


NAME = string(r"[a-z0-9][a-z0-9.-]{0,99}", "a name of lower-case letters, digits, dots and dashes")
SECRET_NAME = string(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,199}", "the name of a secret")
OWNER = string(r"[a-z0-9_][a-z0-9_.-]{0,31}:[a-z0-9_][a-z0-9_.-]{0,31}", 'an owner, "user:group"')
MODE = string(r"0?[0-7]{3,4}", 'an octal mode such as "0644"')
UNIT = string(r"[A-Za-z0-9:_.\\][A-Za-z0-9:_.@\\-]{0,250}", "the name of a systemd unit")
LINE = string(r"[^\0\r\n]*", "a text of one line")
HASH = string(r"[0-9a-f]{64}", "a SHA-256 in hex")
ACCOUNT = string(r"[a-z_][a-z0-9_-]{0,31}", "the name of a user")
PACKAGE = string(r"[a-z0-9][a-z0-9+.-]+(:[a-z0-9]+)?", "the name of a package")
WHOLE = integer(0, 2**53)
TRUES = record(path, true)

HEADER: Mapping[str, Checker] = {"version": integer(1, 1), "fleet": NAME, "node": NAME}
DESIRED = struct(
    {**HEADER, "role": NAME, "incarnation": WHOLE},
    {
        "packages": record(PACKAGE, struct({}, {"version": string(r"[A-Za-z0-9.+:~-]+", "a version")})),
        "secrets": record(SECRET_NAME, WHOLE),
        "users": record(ACCOUNT, struct({"home": path}, {"shell": path})),
        "directories": record(path, struct({"mode": MODE, "owner": OWNER}, {"keep": boolean})),
        "artifacts": record(
            path,
            struct(
                {
                    "url": string(r"https?://[!-~]+", "an http or https URL"),
                    "sha256": HASH,
                    "bytes": WHOLE,
                    "arch": string("amd64|arm64|any", "amd64, arm64 or any"),
                },
                {"unpack": string(r"tar\.gz", "tar.gz"), "mode": MODE},
            ),
        ),
        "files": record(path, struct({"mode": MODE, "owner": OWNER, "text": string()}, {"validate": argv})),
        "links": record(path, struct({"target": string(r"[^\0\r\n]+", "a path")}, {})),
        "units": record(
            UNIT,
            struct(
                {"enabled": boolean, "running": boolean},
                {"reloadOn": TRUES, "restartOn": TRUES, "stays": integer(0, 600)},
            ),
        ),
        "actions": record(NAME, struct({"argv": argv, "on": TRUES}, {})),
        "removal": record(NAME, struct({"argv": argv}, {})),
        "sysctl": record(string(r"[a-z][A-Za-z0-9_./-]*", "the name of a kernel setting"), LINE),
        "checks": record(
            NAME,
            struct(
                {"within": integer(1, 86400)},
                {
                    "http": struct(
                        {"url": string(r"https?://[!-~]+", "an http or https URL"), "status": integer(100, 599)},
                        {"ca": path, "host": LINE},
                    ),
                    "tcp": string(r"\S+:[0-9]{1,5}", "host:port"),
                    "argv": argv,
                },
            ),
        ),
        "rollback": string("config|binary|never", "config, binary or never"),
        "backup": struct({"argv": argv}, {}),
        "confirm": struct({"window": integer(10, 600)}, {}),
    },
)
SECRETS = struct(
    {**HEADER, "secrets": record(SECRET_NAME, struct({"generation": WHOLE, "value": string()}, {}))},
    {"incarnation": WHOLE, "wireguard": record(NAME, string(r"[A-Za-z0-9+/]{43}=", "a WireGuard public key"))},
)
ROSTER = struct({**HEADER, "incarnation": WHOLE, "roles": record(NAME, HASH)}, {})

SECTIONS = ["packages", "secrets", "users", "directories", "artifacts", "files", "links"]
SECTIONS += ["units", "actions", "removal", "sysctl", "checks"]
REFERENCE = re.compile(r"\{\{([a-z]+):([^{}]*)\}\}")


def parse_desired(data: bytes) -> tuple[Desired, str]:
    """A desired state with every section filled in, and its hash."""
    document = parse_json(data)
    DESIRED(document, "")
    assert isinstance(document, dict)
    digest = hashlib.sha256(canonical(document)).hexdigest()
    for section in SECTIONS:
        document.setdefault(section, {})
    document.setdefault("rollback", "config")
    document.setdefault("backup", {})
    document.setdefault("confirm", {})
    for section, defaults in _DEFAULTS.items():
        document[section] = {key: {**defaults, **value} for key, value in document[section].items()}
    desired = cast(Desired, document)
    _check_paths(desired)
    _check_references(desired)
    _check_commands(desired)
    return desired, digest


_DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "files": {"validate": []},
    "directories": {"keep": False},
    "artifacts": {"unpack": "", "mode": "0644"},
    "units": {"reloadOn": {}, "restartOn": {}, "stays": 0},
    "users": {"shell": "/usr/sbin/nologin"},
    "packages": {"version": ""},
    "removal": {"on": {}},
}


def _check_paths(desired: Desired) -> None:
    places: dict[str, str] = {sysctl_path(desired["role"]): "sysctl"} if desired["sysctl"] else {}
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


def _check_known(paths: Mapping[str, bool], things: set[str], place: str) -> None:
    for name in paths:
        if name not in things:
            raise Refused(f"{place} names {shown(name)}, which is no file, link or artifact of this role")


def _check_references(desired: Desired) -> None:
    for name, spec in desired["files"].items():
        place = f"files[{shown(name)}]"
        for kind, target in REFERENCE.findall(spec["text"]):
            if kind not in ("secret", "wireguard"):
                raise Refused(
                    f"{place}.text refers to {shown(kind + ':' + target)}, which is an unknown kind of reference"
                )
            if kind == "secret" and target not in desired["secrets"]:
                raise Refused(f"{place}.text refers to the secret {shown(target)}, which `secrets` does not name")
            if kind == "secret" and int(spec["mode"], 8) & 0o007:
                raise Refused(f"{place} holds a secret, so its mode must give others nothing (it is {spec['mode']})")


def _check_commands(desired: Desired) -> None:
    for name, check in desired["checks"].items():
        if sum(kind in check for kind in ("http", "tcp", "argv")) != 1:
            raise Refused(f"checks[{shown(name)}] has to have one of http, tcp and argv")
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    for name, spec in desired["artifacts"].items():
        if spec["arch"] not in ("any", machine):
            raise Refused(f"artifacts[{shown(name)}] is for {spec['arch']}; this machine is {machine}")


def parse_secrets(data: bytes) -> SecretsDocument:
    """A secrets document."""
    document = parse_json(data)
    SECRETS(document, "")
    assert isinstance(document, dict)
    canonical(document)
    document.setdefault("wireguard", {})
    return cast(SecretsDocument, document)


def parse_roster(data: bytes) -> Roster:
    """A roster."""
    document = parse_json(data)
    ROSTER(document, "")
    return cast(Roster, document)


class InstallDocument(TypedDict):
    """Which program a machine should have: the SHA-256 of its bundle."""

    fleet: str
    node: str
    program: str


INSTALL = struct({**HEADER, "incarnation": WHOLE, "program": HASH}, {})


def parse_install(data: bytes) -> InstallDocument:
    """An install document."""
    document = parse_json(data)
    INSTALL(document, "")
    return cast(InstallDocument, document)
