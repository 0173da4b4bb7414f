#!/usr/bin/python3 -I
"""converge.py: brings one machine to the desired state of one role, or says why not. Python 3.9 to 3.13, nothing else.

    converge.py install            stdin = this program: checks Python and puts it in its place, compiled
    converge.py secrets            stdin = secrets document: stores the values, generation n and the one before
    converge.py apply              stdin = desired state of one role
    converge.py finish             stdin = roster: sweeps what no role of the roster names any more
    converge.py release            sweeps everything, removes the program; data directories stay and are listed
    converge.py status             prints JSON; takes no lock
    converge.py zone-check DOMAIN FILE    loads a zone into a scratch database and checks it (PowerDNS on SQLite)
    converge.py zone-load  DOMAIN FILE    serves the zone under a raised serial, when its records are others than now
    converge.py zone-drop  DOMAIN         stops serving the zone
    converge.py zone-init                 creates PowerDNS's database when there is none

`--root DIR` before the verb puts all paths below DIR (tests, images). The first install on a machine:
    python3 -I -c "import sys;s=sys.stdin.buffer.read();
        exec(compile(s,'converge.py','exec'),{'__name__':'__main__','SOURCE':s})" install

Exit codes: 0 done (the first line starts with `unchanged` or `changed:`), 1 failed, 64 the document is refused and
nothing was touched, 75 reserved. The documents' types stand in desired.ts beside this file. The hash of a desired
state is the SHA-256 of its JSON with sorted keys and no white space, as canonical.ts writes it.

An apply runs lock → compare → claim → packages, users, directories → stage → validate → swap → actions → units →
checks → record. A failure before the swap leaves the configuration as it was; one after it puts the previous files,
links and units back. What has no validator and whose place is empty (a binary, a certificate) is put there before the
validators run, which may need it; when they fail it is taken away again, downloads excepted.

What the machine keeps, all below /var/lib/sovereign-edge (0700):
    node.json          fleet and node, from the first document that came
    roles/ROLE.json    what was applied, the hashes of the rendered texts, and everything the role ever touched
    secrets/NAME.json  a secret's values (0600)
    wireguard.json     public keys of the mesh
    before/            what stood in a path before our first touch, so that removal puts it back
    artifacts.json     stamps of verified downloads
    pending.json       where a running apply has temporary files
"""

from __future__ import annotations

import sys

# Before the imports: an older Python does not have all of them.
if sys.version_info < (3, 9):  # noqa: UP036
    sys.exit("converge.py needs Python 3.9 or newer; this machine has " + sys.version.split()[0] + ".")

import contextlib
import fcntl
import hashlib
import json
import os
import re
import signal
import stat
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Callable, NamedTuple, TextIO, TypedDict, cast

if TYPE_CHECKING:
    import tarfile

PROGRAM = "/usr/local/lib/sovereign-edge/converge.py"
MODULE = "/usr/local/lib/sovereign-edge/converge_program.py"
LAUNCHER = b"""#!/usr/bin/python3 -I
# Python keeps the module compiled, and compiles a script each time: that would be half of a run with nothing to do.
import sys
sys.path.insert(0, __file__.rpartition("/")[0] or ".")
import converge_program
sys.exit(converge_program.main(sys.argv[1:]))
"""
STATE = "/var/lib/sovereign-edge"
LIMIT = 8 * 1024 * 1024
"""The largest document or program read from standard input, in bytes."""
LOCK_PATIENCE = 15 * 60.0
"""Seconds one run waits for another: the roles of a node queue behind each other."""
LOCK_QUIET = 2.0
"""Seconds after which a waiting run says whom it waits for."""
SETTLE = 0.3
"""Seconds after which the checks have to pass once more when a unit was touched."""
LISTS_FRESH = 24 * 3600.0
"""Age in seconds up to which apt's package lists are taken as they are."""


class Refused(Exception):
    """The document cannot be meant for this machine as it is; exit 64."""


class Failed(Exception):
    """A step did not work out; exit 1. `detail` is the tail of the output of what failed."""

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class Interrupted(Exception):
    """SIGTERM, SIGHUP or SIGINT came while it was still possible to stop."""


# Documents: types.


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


# Documents: reading and checking.

Checker = Callable[[object, str], None]
"""Raises Refused naming the place (second argument) when the value (first argument) is not what it should be."""


def read_input(limit: int = LIMIT) -> bytes:
    """Standard input, up to `limit` bytes; more is refused."""
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        raise Refused(f"standard input is larger than {limit // 1024 // 1024} MB")
    return data


def parse_json(data: bytes) -> object:
    """JSON with unique keys and whole numbers. The text never appears in an error: it may be secret."""
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_whole, parse_float=_whole)
    except UnicodeDecodeError as error:
        raise Refused(f"standard input is not UTF-8 text (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise Refused(f"standard input is not JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except (RecursionError, ValueError):
        raise Refused("standard input is not JSON that can be read: nested too deep, or a number too long") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise Refused(f"the key {shown(twice)} stands twice in one object")
    return result


def _whole(text: str) -> object:
    raise Refused(f"{text[:20]} is not a whole number")


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no white space, as canonical.ts writes it."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise Refused("a text holds half of a surrogate pair, which is no character") from None


def shown(text: str) -> str:
    """A string for a message: quoted, escaped and not long."""
    return json.dumps(text if len(text) <= 80 else text[:77] + "...")


def string(pattern: str = "", what: str = "a text", limit: int = LIMIT) -> Checker:
    """A string that the whole of `pattern` matches. Compiled at first use: a run uses few of them."""

    def check(value: object, place: str) -> None:
        if not isinstance(value, str) or len(value) > limit or (pattern and not re.fullmatch(pattern, value)):
            raise Refused(f"{place} has to be {what}")

    return check


def integer(low: int, high: int) -> Checker:
    """A whole number from `low` to `high`."""

    def check(value: object, place: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise Refused(f"{place} has to be a whole number from {low} to {high}")

    return check


def boolean(value: object, place: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise Refused(f"{place} has to be true or false")


def true(value: object, place: str) -> None:
    """True: the value of a set's members."""
    if value is not True:
        raise Refused(f"{place} has to be true")


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


STAGE = ".sovereign-edge.new"
OLD = ".sovereign-edge.old"
OWN_STATE = ["roles", "secrets", "before", "lock", "node.json"]
OWN_STATE += ["wireguard.json", "artifacts.json", "apt-lists", "pending.json"]
_reserved = re.compile(
    f"(/proc|/sys|/dev|{os.path.dirname(PROGRAM)}|{STATE}/({'|'.join(map(re.escape, OWN_STATE))}))(/|$)|{STATE}$"
)


def argv(value: object, place: str) -> None:
    """A command: at least one string, none of them with a NUL."""
    if not isinstance(value, list) or not value:
        raise Refused(f"{place} has to be a list of at least one string")
    for index, word in enumerate(value):
        if not isinstance(word, str) or "\0" in word:
            raise Refused(f"{place}[{index}] has to be a string without a NUL")


def record(key: Checker, value: Checker) -> Checker:
    """An object whose keys and values pass."""

    def check(found: object, place: str) -> None:
        if not isinstance(found, dict):
            raise Refused(f"{place} has to be an object")
        for name, inner in found.items():
            inside = f"{place}[{shown(name)}]"
            key(name, inside)
            value(inner, inside)

    return check


def struct(required: Mapping[str, Checker], optional: Mapping[str, Checker]) -> Checker:
    """An object with these fields and no others."""

    def check(found: object, place: str) -> None:
        if not isinstance(found, dict):
            raise Refused(f"{place or 'the document'} has to be an object")
        for name in required:
            if name not in found:
                raise Refused(f"{_inside(place, name)} is missing")
        for name, inner in found.items():
            checker = required.get(name) or optional.get(name)
            if checker is None:
                raise Refused(f"{_inside(place, shown(name)[1:-1])} is an unknown field")
            checker(inner, _inside(place, name))

    return check


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


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
            UNIT, struct({"enabled": boolean, "running": boolean}, {"reloadOn": TRUES, "restartOn": TRUES})
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
        "rollback": string("config|never", "config or never"),
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
    "units": {"reloadOn": {}, "restartOn": {}},
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


def sysctl_path(role: str) -> str:
    """Where a role's kernel settings stand."""
    return f"/etc/sysctl.d/60-sovereign-edge-{role}.conf"


def parents(name: str) -> list[str]:
    """The directories above a path, the outermost first, without `/`."""
    parts = name.split("/")
    return ["/".join(parts[:end]) for end in range(2, len(parts))]


# The machine: commands, paths, durable files.


class Result(NamedTuple):
    """What a command answered: exit code, and standard output and error in one text."""

    code: int
    output: str


class System:
    """Every command that converge.py runs goes through here; tests put another one in its place."""

    def __init__(self, inherit_path: bool = False) -> None:
        usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        search = os.environ.get("PATH", usual) if inherit_path else usual
        self.environment = {"PATH": search, "HOME": "/root", "LC_ALL": "C.UTF-8"}

    def run(self, command: Sequence[str], timeout: float = 120, **environment: str) -> Result:
        """Runs a command without terminal and input; 127 when there is no such command, 124 after `timeout` s."""
        # A session of its own: a signal for converge.py must not stop apt or systemctl half-way.
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                env={**self.environment, **environment},
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            words = (late.stdout or b"").decode("utf-8", "replace")
            return Result(124, f"{words}\n{command[0]} did not end within {timeout:g} s")
        except OSError as error:
            return Result(127, f"{command[0]}: {error.strerror}")
        return Result(done.returncode, done.stdout.decode("utf-8", "replace"))


class UnitState(TypedDict):
    """What systemd says of a unit. `known` is false for a unit that it has no file of."""

    known: bool
    installable: bool
    """Can be enabled and disabled; a static or generated unit cannot."""
    enabled: bool
    running: bool
    failed: bool


class TouchedDirectory(TypedDict):
    """Whether a directory was made by us, and whether it holds data that outlives its role."""

    made: bool
    keep: bool


class Touched(TypedDict):
    """Everything a role ever put on the machine, with what removal has to know about it."""

    paths: dict[str, str]
    """path → file, link or artifact"""
    directories: dict[str, TouchedDirectory]
    parents: dict[str, bool]
    """path → made by us because something below it was wanted; goes when it is empty"""
    units: dict[str, UnitState]
    """unit → its state before our first touch"""
    users: dict[str, bool]
    """user → made by us"""
    packages: dict[str, bool]
    """package → brought by us"""
    dependencies: dict[str, bool]
    """package → came along with one of ours"""
    sysctl: dict[str, str]
    """key → value before our first touch"""


class Manifest(TypedDict):
    """What is known of a role. `hash`, `desired` and `rendered` are of the last apply that succeeded."""

    role: str
    hash: str
    incarnation: int
    applied: str
    result: str
    dirty: bool
    """An apply was cut off or could not be undone: everything counts as changed."""
    desired: Desired | None
    rendered: dict[str, str]
    """path → hash of what was put there"""
    touched: Touched


TOUCHED_SECTIONS = ["paths", "directories", "parents", "units", "users", "packages", "dependencies", "sysctl"]


def no_touch() -> Touched:
    """An empty Touched."""
    return cast(Touched, {section: {} for section in TOUCHED_SECTIONS})


def fsync_directory(name: str) -> None:
    """Makes renames in a directory durable."""
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(name: str, data: bytes, mode: int = 0o600, owner: tuple[int, int] | None = None) -> None:
    """Replaces a file at once: whoever reads sees the old or the new content. `name.new` is the temporary name."""
    write_new(name + ".new", data, mode, owner)
    os.replace(name + ".new", name)
    fsync_directory(os.path.dirname(name))


def write_new(name: str, data: bytes, mode: int, owner: tuple[int, int] | None) -> None:
    """Writes a file that nobody else has under this name; mode and owner are right before the first byte."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name)
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        if owner is not None:
            os.fchown(descriptor, *owner)
        os.fchmod(descriptor, mode)
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(name: str) -> None:
    """Removes a file, a link or a whole directory; nothing there is fine."""
    if os.path.isdir(name) and not os.path.islink(name):
        import shutil

        shutil.rmtree(name)
    else:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(name)


def now() -> str:
    """The time in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Machine:
    """The machine as converge.py sees it: paths below `root`, commands through `system`, and the files it keeps."""

    def __init__(self, root: str = "", system: System | None = None) -> None:
        self.root = root.rstrip("/")
        self.system = system or System(inherit_path=bool(root))
        self.chowns = os.geteuid() == 0
        """Without root (tests) owners are neither set nor compared."""
        self.held = False
        """Signals wait: the machine is between two configurations."""
        self._accounts: tuple[dict[str, list[str]], dict[str, int]] | None = None

    def at(self, name: str) -> str:
        """Where a path of the machine really is."""
        return self.root + name

    def state(self, name: str) -> str:
        """A file of converge.py's own."""
        return f"{self.root}{STATE}/{name}"

    def run(self, what: str, command: Sequence[str], timeout: float = 120, **environment: str) -> str:
        """Runs a command that has to succeed. `what` begins the message of the failure."""
        result = self.system.run(command, timeout, **environment)
        if result.code != 0:
            raise Failed(f"{what}: {os.path.basename(command[0])} failed (exit {result.code})", result.output)
        return result.output

    def prepare(self) -> None:
        """Makes the directories of our own."""
        for name in ("", "roles", "secrets", "before"):
            os.makedirs(self.state(name), mode=0o700, exist_ok=True)

    def on_signal(self, number: int, _frame: object) -> None:
        """Stops the run where that is safe. Not SIG_IGN while it is not: children would inherit that."""
        if not self.held:
            raise Interrupted(f"stopped by {signal.Signals(number).name}")

    # Small JSON files

    def load(self, name: str) -> object:
        """Content of a state file; None when there is none. A file that cannot be read is a failure that names it."""
        try:
            with open(self.state(name), "rb") as file:
                return json.loads(file.read())
        except FileNotFoundError:
            return None
        except ValueError:
            raise Failed(f"{self.state(name)} is damaged; remove it and apply every role again") from None

    def save(self, name: str, value: object) -> None:
        """Replaces a state file durably, 0600."""
        write_durably(self.state(name), json.dumps(value, sort_keys=True).encode() + b"\n")

    def names(self, directory: str) -> list[str]:
        """Names of the JSON files in a directory of ours, without the ending."""
        try:
            found = os.listdir(self.state(directory))
        except FileNotFoundError:
            return []
        return sorted(name[: -len(".json")] for name in found if name.endswith(".json"))

    # Identity

    def check_identity(self, document: Mapping[str, object]) -> bool:
        """Whether no identity is recorded yet. Refuses a document for another fleet or node."""
        known = self.load("node.json")
        if not isinstance(known, dict):
            return True
        for field in ("fleet", "node"):
            if known.get(field) != document[field]:
                raise Refused(
                    f"{field} is {shown(str(document[field]))}, but this machine is"
                    f" {known.get('node')} of fleet {known.get('fleet')}"
                )
        return False

    def record_identity(self, document: Mapping[str, object]) -> None:
        """Records fleet and node when no document did so far."""
        if self.check_identity(document):
            self.save("node.json", {"fleet": document["fleet"], "node": document["node"], "since": now()})

    # Manifests

    def manifest(self, role: str) -> Manifest:
        """What is known of a role; an empty manifest when it was never here."""
        found = self.load(f"roles/{role}.json")
        if found is not None:
            return cast(Manifest, found)
        return {
            "role": role,
            "hash": "",
            "incarnation": 0,
            "applied": "",
            "result": "never applied",
            "dirty": False,
            "desired": None,
            "rendered": {},
            "touched": no_touch(),
        }

    def manifests(self) -> dict[str, Manifest]:
        """All roles."""
        return {role: self.manifest(role) for role in self.names("roles")}

    # Accounts

    def owner(self, owner: str) -> tuple[int, int] | None:
        """uid and gid of `user:group`; None when there is no such user or group."""
        if self._accounts is None:
            users = {line[0]: line for line in self._colons("/etc/passwd")}
            groups = {line[0]: int(line[2]) for line in self._colons("/etc/group")}
            self._accounts = users, groups
        users, groups = self._accounts
        user, _, group = owner.partition(":")
        uid = int(user) if user.isdigit() else int(users[user][2]) if user in users else None
        gid = int(group) if group.isdigit() else groups.get(group)
        return None if uid is None or gid is None else (uid, gid)

    def account(self, user: str) -> list[str] | None:
        """The line of /etc/passwd of a user, split."""
        self.owner("0:0")
        assert self._accounts is not None
        return self._accounts[0].get(user)

    def forget_accounts(self) -> None:
        """To be called when users may have been made."""
        self._accounts = None

    def _colons(self, name: str) -> list[list[str]]:
        try:
            with open(self.at(name), encoding="utf-8", errors="replace") as file:
                return [line.rstrip("\n").split(":") for line in file if line.count(":") >= 3]
        except FileNotFoundError:
            return []

    # systemd

    def unit_states(self, units: Sequence[str]) -> dict[str, UnitState]:
        """States of units, in one call."""
        if not units:
            return {}
        properties = "--property=LoadState,ActiveState,UnitFileState"
        output = self.run("units", ["systemctl", "show", properties, "--", *units])
        blocks = [
            dict(line.partition("=")[::2] for line in block.splitlines())
            for block in re.split(r"\n\n+", output.strip())
        ]
        if len(blocks) != len(units):
            raise Failed("units: systemctl show did not answer for every unit", output)
        return {unit: _unit_state(block) for unit, block in zip(units, blocks)}


def _unit_state(properties: Mapping[str, str]) -> UnitState:
    file_state = properties.get("UnitFileState", "")
    return {
        "known": properties.get("LoadState") != "not-found",
        "installable": file_state.startswith(("enabled", "disabled", "linked", "masked")),
        "enabled": file_state.startswith("enabled"),
        "running": properties.get("ActiveState") in ("active", "reloading", "refreshing"),
        "failed": properties.get("ActiveState") == "failed",
    }


# Lock and recovery.


@contextlib.contextmanager
def locked(machine: Machine, what: str) -> Iterator[None]:
    """Holds the machine's lock: one run at a time. Then clears what an earlier run that was cut off left behind."""
    machine.prepare()
    descriptor = os.open(machine.state("lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait_for_lock(descriptor)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"pid {os.getpid()} ({what}, since {now()})".encode(), 0)
        recover(machine)
        yield
    finally:
        os.close(descriptor)


def _wait_for_lock(descriptor: int) -> None:
    start = time.monotonic()
    told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            waited = time.monotonic() - start
        holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace") or "another run"
        if waited > LOCK_PATIENCE:
            raise Failed(
                f"the machine is busy: {holder} still holds its lock after {LOCK_PATIENCE / 60:.0f} min"
            ) from None
        if waited > LOCK_QUIET and not told:
            print(f"waiting for {holder}", file=sys.stderr, flush=True)
            told = True
        time.sleep(0.05)


def recover(machine: Machine) -> None:
    """Clears the temporary files of a run that was cut off, and has its role looked at as if all had changed."""
    for directory in ("", "roles", "secrets", "before"):
        for name in os.listdir(machine.state(directory)):
            if name.endswith(".new"):
                os.unlink(os.path.join(machine.state(directory), name))
    pending = machine.load("pending.json")
    if not isinstance(pending, dict):
        return
    for directory in pending["directories"]:
        remove(os.path.join(machine.at(directory), STAGE))
        remove(os.path.join(machine.at(directory), OLD))
    restore_policy(machine)
    if pending["role"] in machine.names("roles"):
        manifest = machine.manifest(pending["role"])
        manifest["dirty"] = True
        manifest["result"] = "was cut off"
        machine.save(f"roles/{pending['role']}.json", manifest)
    os.unlink(machine.state("pending.json"))


# Secrets and rendering.


class StoredSecret(TypedDict):
    """A secret on the machine: this generation and the one before."""

    current: Secret
    previous: Secret | None


def store_secrets(machine: Machine, data: bytes) -> list[str]:
    """The verb `secrets`. Names and generations are all that is ever printed."""
    document = parse_secrets(data)
    machine.check_identity(cast("Mapping[str, object]", document))
    with locked(machine, "secrets"):
        machine.record_identity(cast("Mapping[str, object]", document))
        changed = []
        for name, secret in sorted(document["secrets"].items()):
            stored = cast("StoredSecret | None", machine.load(f"secrets/{name}.json"))
            if stored and stored["current"] == secret:
                continue
            previous = stored["current"] if stored else None
            if previous and stored and previous["generation"] == secret["generation"]:
                previous = stored["previous"]
            machine.save(f"secrets/{name}.json", {"current": secret, "previous": previous})
            changed.append(f"{name} (generation {secret['generation']})")
        if (machine.load("wireguard.json") or {}) != document["wireguard"]:
            machine.save("wireguard.json", document["wireguard"])
            changed.append("public keys")
    return ["changed: " + enumerate_some(changed)] if changed else ["unchanged"]


def enumerate_some(names: Sequence[str], limit: int = 8) -> str:
    """A list for one line: the first few and how many more."""
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")


def secret_value(machine: Machine, name: str, generation: int) -> str:
    """The value of one generation; refused when the machine does not have it."""
    stored = cast("StoredSecret | None", machine.load(f"secrets/{name}.json"))
    kept = [secret for secret in (stored["current"], stored["previous"]) if secret] if stored else []
    for secret in kept:
        if secret["generation"] == generation:
            if not secret["value"]:
                raise Refused(
                    f"the secret {shown(name)} is empty on this machine: give it a value and send the secrets again"
                )
            return secret["value"]
    has = "has generation " + " and ".join(str(secret["generation"]) for secret in kept) if kept else "never got it"
    raise Refused(f"the secret {shown(name)} is wanted in generation {generation}, but this machine {has}")


class Wanted:
    """A desired state with its texts rendered: the bytes of every file, and a hash for every path."""

    def __init__(self, machine: Machine, desired: Desired) -> None:
        self.desired = desired
        self.files = dict(desired["files"])
        if desired["sysctl"]:
            text = "".join(f"{key} = {value}\n" for key, value in sorted(desired["sysctl"].items()))
            name = sysctl_path(desired["role"])
            self.files[name] = {"mode": "0644", "owner": "root:root", "text": text, "validate": []}
        self.content = {name: self._render(machine, name, spec["text"]) for name, spec in self.files.items()}
        self.hashes = {name: hashlib.sha256(content).hexdigest() for name, content in self.content.items()}
        for name, artifact in desired["artifacts"].items():
            self.hashes[name] = artifact["sha256"]
        for name, link in desired["links"].items():
            self.hashes[name] = hashlib.sha256(link["target"].encode()).hexdigest()

    def _render(self, machine: Machine, name: str, text: str) -> bytes:
        def value(match: re.Match[str]) -> str:
            kind, target = match.groups()
            if kind == "secret":
                return secret_value(machine, target, self.desired["secrets"][target])
            keys = machine.load("wireguard.json")
            if not isinstance(keys, dict) or target not in keys:
                raise Refused(
                    f"files[{shown(name)}].text refers to the public key of {shown(target)},"
                    " which this machine does not have"
                )
            return str(keys[target])

        return REFERENCE.sub(value, text).encode("utf-8")


class Redactor:
    """Takes every known secret out of a text, however it is spelled."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._spellings: list[str] | None = None

    def __call__(self, text: str) -> str:
        if self._spellings is None:
            self._spellings = self._all_spellings()
        for spelling in self._spellings:
            text = text.replace(spelling, "***")
        return text

    def _all_spellings(self) -> list[str]:
        spellings: set[str] = set()
        for name in self.machine.names("secrets"):
            with contextlib.suppress(Failed):
                stored = cast(StoredSecret, self.machine.load(f"secrets/{name}.json"))
                for secret in (stored["current"], stored["previous"]):
                    spellings |= spelled(secret["value"]) if secret else set()
        return sorted(spellings, key=len, reverse=True)


def spelled(value: str) -> set[str]:
    """A secret, and each of its longer lines, as it may stand in a text: plain, JSON, base64, base64url, hex, URL."""
    import base64
    from urllib.parse import quote

    result: set[str] = set()
    for part in {value, value.strip(), *(line for line in value.splitlines() if len(line) >= 8)}:
        raw = part.encode("utf-8")
        encoded = [base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()]
        result |= {
            part,
            json.dumps(part)[1:-1],
            json.dumps(part, ensure_ascii=False)[1:-1],
            raw.hex(),
            quote(part, safe=""),
        }
        result |= {text.rstrip("=") for text in encoded}
    return result - {""}


# Compare.


class Plan(NamedTuple):
    """What differs between the machine and the desired state; all empty when there is nothing to do."""

    packages: list[str]
    users: list[str]
    directories: list[str]
    artifacts: list[str]
    files: list[str]
    links: list[str]
    sysctl: list[str]
    units: list[str]
    changed: set[str]
    """Files, links and artifacts other than on the machine or last applied: what units and actions react to."""

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
    return Plan(
        packages=missing_packages(machine, desired["packages"]),
        users=[name for name, spec in desired["users"].items() if user_differs(machine, name, spec)],
        directories=[name for name, spec in desired["directories"].items() if directory_differs(machine, name, spec)],
        artifacts=artifacts,
        files=files,
        links=links,
        sysctl=[
            key for key, value in desired["sysctl"].items() if read_sysctl(machine, key) != " ".join(value.split())
        ],
        units=[name for name, spec in desired["units"].items() if unit_differs(spec, states[name])],
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


def user_differs(machine: Machine, user: str, spec: Mapping[str, str]) -> bool:
    """Whether a user is missing or has another home or shell."""
    line = machine.account(user)
    return line is None or line[5:7] != [spec["home"], spec["shell"]]


def unit_differs(spec: UnitSpec, state: UnitState) -> bool:
    """Whether a unit is not as enabled or as running as wanted."""
    if not state["known"]:
        return spec["enabled"] or spec["running"]
    return (state["installable"] and state["enabled"] != spec["enabled"]) or state["running"] != spec["running"]


def sysctl_file(machine: Machine, key: str) -> str:
    """The file of a kernel setting; dots and slashes trade places as in sysctl.d(5)."""
    first = re.search(r"[./]", key)
    swapped = key.translate({ord("."): "/", ord("/"): "."}) if first and first.group() == "." else key
    return machine.at("/proc/sys/" + swapped)


def read_sysctl(machine: Machine, key: str) -> str:
    """Value of a kernel setting with single spaces; empty when this kernel has none of that name."""
    try:
        with open(sysctl_file(machine, key), encoding="utf-8", errors="replace") as file:
            return " ".join(file.read().split())
    except OSError:
        return ""


def write_sysctl(machine: Machine, key: str, value: str) -> None:
    """Sets a kernel setting."""
    try:
        with open(sysctl_file(machine, key), "w", encoding="utf-8") as file:
            file.write(value + "\n")
    except OSError as error:
        raise Failed(f"sysctl: {key} cannot be set: {error.strerror}") from None


# Packages.


def missing_packages(machine: Machine, packages: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Packages that are not installed, or not in the version wanted."""
    if not packages:
        return []
    form = "${Package}\t${Version}\t${db:Status-Status}\n"
    output = machine.system.run(["dpkg-query", "-W", "-f", form, "--", *sorted(packages)]).output
    there = dict(re.findall(r"^(\S+)\t(\S+)\tinstalled$", output, re.MULTILINE))
    bare = {name: name.partition(":")[0] for name in packages}
    return sorted(
        name
        for name, spec in packages.items()
        if bare[name] not in there or spec["version"] not in ("", there[bare[name]])
    )


def installed_packages(machine: Machine) -> set[str]:
    """Names of all installed packages."""
    output = machine.run("packages", ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n"])
    return {line.partition(" ")[2] for line in output.splitlines() if line.startswith("installed ")}


def apt(machine: Machine, *arguments: str, timeout: float = 3600) -> Result:
    """apt-get without questions; waits up to 5 min for whoever holds apt's locks."""
    options = ["-y", "-q", "-o", "DPkg::Lock::Timeout=300"]
    options += ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"]
    deadline = time.monotonic() + 300
    while True:
        result = machine.system.run(
            ["apt-get", *options, *arguments],
            timeout,
            DEBIAN_FRONTEND="noninteractive",
            NEEDRESTART_SUSPEND="1",
        )
        # The timeout above is for dpkg's lock; the one on the package lists is not waited for by apt itself.
        busy = result.code != 0 and "/var/lib/apt/lists/lock" in result.output
        if not busy or time.monotonic() > deadline:
            return result
        time.sleep(2)


def install_packages(machine: Machine, packages: Mapping[str, Mapping[str, str]], names: Sequence[str]) -> list[str]:
    """Installs packages without starting their daemons. Returns what came along with them."""
    wanted = [f"{name}={packages[name]['version']}" if packages[name]["version"] else name for name in names]
    before = installed_packages(machine)
    updated = not lists_fresh(machine)
    if updated:
        update_lists(machine)
    with daemons_kept_from_starting(machine):
        result = apt(machine, "install", "--no-install-recommends", "--", *wanted)
        if result.code != 0 and not updated and _lists_outdated(result.output):
            update_lists(machine)
            result = apt(machine, "install", "--no-install-recommends", "--", *wanted)
    if result.code != 0:
        raise Failed(f"packages: apt-get install failed (exit {result.code})", apt_words(result.output))
    return sorted(installed_packages(machine) - before - {name.partition(":")[0] for name in names})


def _lists_outdated(output: str) -> bool:
    signs = r"Unable to locate|has no installation candidate|was not found|404 +Not Found|Hash Sum mismatch"
    return re.search(signs, output) is not None


def apt_words(output: str) -> str:
    """The lines of apt's output that say what is wrong."""
    lines = [line for line in output.splitlines() if re.match(r"(E|W|Err|dpkg):", line)]
    return "\n".join(lines) or output


def lists_fresh(machine: Machine) -> bool:
    """Whether there are package lists, not older than a day."""
    lists = machine.at("/var/lib/apt/lists")
    times = []
    for name in (lists, lists + "/partial", machine.state("apt-lists")):
        with contextlib.suppress(OSError):
            times.append(os.stat(name).st_mtime)
    try:
        present = any(name.endswith(("_Packages", "_InRelease", "_Packages.lz4")) for name in os.listdir(lists))
    except OSError:
        present = False
    return present and time.time() - max(times) < LISTS_FRESH


def update_lists(machine: Machine) -> None:
    """Fetches the package lists."""
    result = apt(machine, "update", timeout=900)
    if result.code != 0:
        raise Failed(f"packages: apt-get update failed (exit {result.code})", apt_words(result.output))
    write_durably(machine.state("apt-lists"), b"")


POLICY = "/usr/sbin/policy-rc.d"
POLICY_TEXT = b"#!/bin/sh\n# Of sovereign-edge while it installs packages: daemons start with their role.\nexit 101\n"


@contextlib.contextmanager
def daemons_kept_from_starting(machine: Machine) -> Iterator[None]:
    """Has a policy-rc.d of ours in place; afterwards what was there before."""
    name = machine.at(POLICY)
    if os.path.lexists(name):
        os.replace(name, name + OLD)
    try:
        os.makedirs(os.path.dirname(name), exist_ok=True)
        write_durably(name, POLICY_TEXT, 0o755)
        yield
    finally:
        restore_policy(machine)


def restore_policy(machine: Machine) -> None:
    """Takes our policy-rc.d away and puts the machine's own back, if it has one."""
    name = machine.at(POLICY)
    if os.path.lexists(name + OLD):
        os.replace(name + OLD, name)
        return
    with contextlib.suppress(FileNotFoundError), open(name, "rb") as file:
        if file.read() == POLICY_TEXT:
            os.unlink(name)


# Artifacts.


class Stamp(TypedDict):
    """A verified artifact: which archive it came from, and a fingerprint of what stands on the machine."""

    sha256: str
    fingerprint: str


def load_stamps(machine: Machine) -> dict[str, Stamp]:
    """Stamps of all artifacts by path."""
    return cast("dict[str, Stamp]", machine.load("artifacts.json") or {})


def stamp_holds(machine: Machine, stamps: Mapping[str, Stamp], name: str, spec: ArtifactSpec) -> bool:
    """Whether an artifact is there as it was verified: by sizes and times, not by reading it again."""
    stamp = stamps.get(name)
    return stamp == {"sha256": spec["sha256"], "fingerprint": fingerprint(machine.at(name), spec)}


def fingerprint(name: str, spec: ArtifactSpec) -> str:
    """Hash over names, modes, sizes and times of a file or a whole directory; empty when there is nothing."""
    digest = hashlib.sha256(f"{spec['unpack']} {spec['mode']}".encode())
    for entry in tree(name):
        found = os.lstat(entry)
        what = (
            entry[len(name) :],
            found.st_mode,
            found.st_uid,
            found.st_size if not stat.S_ISDIR(found.st_mode) else 0,
        )
        digest.update(repr((*what, found.st_mtime_ns)).encode())
    return digest.hexdigest() if os.path.lexists(name) else ""


def tree(name: str) -> Iterator[str]:
    """A path and, when it is a directory, everything below it."""
    if not os.path.lexists(name):
        return
    yield name
    if os.path.isdir(name) and not os.path.islink(name):
        for inner in sorted(os.listdir(name)):
            yield from tree(os.path.join(name, inner))


def fetch(machine: Machine, name: str, spec: ArtifactSpec, target: str) -> None:
    """Downloads an artifact to `target`, checks it on the way, and unpacks it there when it is an archive."""
    needed = spec["bytes"] * (4 if spec["unpack"] else 1)
    room = os.statvfs(os.path.dirname(target))
    free = room.f_bavail * room.f_frsize
    if free < needed:
        raise Failed(f"artifact {name}: {needed:,} bytes of disk are needed, {free:,} are free")
    archive = target + ".download" if spec["unpack"] else target
    for attempt in (1, 2, 3):
        try:
            download(spec, archive)
            break
        except OSError as error:
            reason = getattr(error, "reason", error)
            if attempt == 3 or 400 <= getattr(error, "code", 0) < 500:
                raise Failed(f"artifact {name}: {spec['url']} cannot be fetched: {reason}") from None
            time.sleep(attempt)
        except Failed as failure:
            raise Failed(f"artifact {name}: {failure}") from None
    if spec["unpack"]:
        unpack(name, archive, target)
        os.unlink(archive)
    else:
        os.chmod(target, int(spec["mode"], 8))


def download(spec: ArtifactSpec, target: str) -> None:
    """Streams a URL into a file; size and hash have to be those of the artifact."""
    import http.client
    import urllib.request

    request = urllib.request.Request(spec["url"], headers={"User-Agent": "sovereign-edge"})
    digest = hashlib.sha256()
    size = 0
    try:
        with urllib.request.urlopen(request, timeout=30) as answer, open(target, "wb") as file:
            while chunk := answer.read(1 << 20):
                size += len(chunk)
                if size > spec["bytes"]:
                    raise Failed(f"{spec['url']} is larger than the {spec['bytes']:,} bytes it should have")
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    except http.client.HTTPException as error:
        raise OSError(f"broken answer ({type(error).__name__})") from None
    if size != spec["bytes"]:
        raise OSError(f"{size:,} bytes came, {spec['bytes']:,} should have")
    if digest.hexdigest() != spec["sha256"]:
        raise Failed(f"{spec['url']} has the SHA-256 {digest.hexdigest()}, and {spec['sha256']} is wanted")


def unpack(name: str, archive: str, target: str) -> None:
    """Unpacks a tar.gz into the directory `target`, without the one folder that may be around everything."""
    import tarfile

    try:
        with tarfile.open(archive, "r:gz") as tar:
            members = tar.getmembers()
            for member in members:
                _check_member(member)
            os.mkdir(target, 0o755)
            if hasattr(tarfile, "data_filter"):
                tar.extractall(target, members=members, filter="data")
            else:
                tar.extractall(target, members=members)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise Failed(f"artifact {name}: the archive is refused: {error}") from None
    entries = os.listdir(target)
    if (
        len(entries) == 1
        and os.path.isdir(os.path.join(target, entries[0]))
        and not os.path.islink(os.path.join(target, entries[0]))
    ):
        os.rename(os.path.join(target, entries[0]), target + ".inner")
        os.rmdir(target)
        os.rename(target + ".inner", target)
    os.chmod(target, 0o755)
    for entry in tree(target):
        if not os.path.islink(entry):
            descriptor = os.open(entry, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)


def _check_member(member: tarfile.TarInfo) -> None:
    """Raises ValueError for what has no business in an archive of programs; makes the rest root's and plain."""
    if member.name.startswith("/") or ".." in member.name.split("/"):
        raise ValueError(f"{shown(member.name)} leaves the folder")
    if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
        raise ValueError(f"{shown(member.name)} is a device or a pipe")
    if member.issym() or member.islnk():
        base = os.path.dirname(member.name) if member.issym() else ""
        inside = os.path.normpath(os.path.join(base, member.linkname))
        if member.linkname.startswith("/") or inside == ".." or inside.startswith("../"):
            raise ValueError(f"{shown(member.name)} links to {shown(member.linkname)}, which is outside")
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode &= 0o755


# What was there before us.


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


# Apply: the transaction.


class Stopped(Failed):
    """A failed apply, with the state that the machine is in now."""

    def __init__(self, failure: Exception, state: str) -> None:
        super().__init__(reason(failure), getattr(failure, "detail", ""))
        self.state = state


def reason(error: Exception) -> str:
    """An exception in words, without a file's content."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    if isinstance(error, (Failed, Refused, Interrupted, OSError)):
        return str(error)
    # A KeyError or the like is a mistake of this program; its text might hold anything.
    return f"{type(error).__name__} in converge.py, line {_line(error)}"


def _line(error: Exception) -> int:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return trace.tb_lineno if trace else 0


def apply(machine: Machine, data: bytes) -> list[str]:
    """The verb `apply`."""
    desired, digest = parse_desired(data)
    machine.check_identity(cast("Mapping[str, object]", desired))
    role = desired["role"]
    try:
        with locked(machine, f"role {role}"):
            machine.check_identity(cast("Mapping[str, object]", desired))
            wanted = Wanted(machine, desired)
            machine.record_identity(cast("Mapping[str, object]", desired))
            manifest = machine.manifest(role)
            states = machine.unit_states(sorted(desired["units"]))
            plan = compare(machine, wanted, manifest, states)
            if plan.empty and manifest["hash"] == digest and manifest["result"] == "applied":
                return ["unchanged"]
            return Transaction(machine, wanted, digest, manifest, plan, states).run()
    except Stopped as failure:
        raise Failed(f"{role}: {failure}", f"{tail(failure.detail)}\n{failure.state}") from None
    except (Failed, OSError) as error:
        raise Failed(
            f"{role}: {reason(error)}", f"{tail(getattr(error, 'detail', ''))}\nNothing was changed."
        ) from None


def tail(text: str, lines: int = 5) -> str:
    """The last lines of an output that say something, none of them long."""
    meant = [line.strip() for line in text.splitlines() if line.strip()]
    return "\n".join(line[:300] for line in meant[-lines:])


def is_unit_path(name: str) -> bool:
    """Whether systemd has to read its units again when this path changes."""
    return re.match(r"/(etc|run|usr/lib|lib|usr/local/lib)/(systemd/system|containers/systemd)/", name) is not None


class Transaction:
    """One role's way to its desired state. Each phase is a method; `run` is their order."""

    def __init__(
        self,
        machine: Machine,
        wanted: Wanted,
        digest: str,
        manifest: Manifest,
        plan: Plan,
        states: dict[str, UnitState],
    ) -> None:
        self.machine = machine
        self.wanted = wanted
        self.desired = wanted.desired
        self.digest = digest
        self.manifest = manifest
        self.plan = plan
        self.states = states
        self.staged: dict[str, str] = {}
        """path → where its new content waits, in a directory beside it: the same file system, the same base name"""
        self.placed: list[tuple[str, str]] = []
        """path and the backup of what it had ("" for nothing), in order"""
        self.stamps_before: dict[str, Stamp] = {}
        self.settings_before: list[tuple[str, str]] = []
        self.unit_verbs: list[tuple[str, str]] = []
        self.acted = False
        self.done: list[str] = []

    def run(self) -> list[str]:
        """All phases. Raises Stopped with the state of the machine when one fails."""
        for name in (*self.wanted.hashes, *self.desired["directories"]):
            check_parents(self.machine, name)
        self.claim()
        try:
            self.install()
            self.stage()
            self.place_what_is_new()
            self.validate()
        except Exception as failure:
            raise self.give_up(failure) from None
        # From here on the machine is between two configurations until `record`.
        self.machine.held = True
        try:
            self.place([name for name in self.staged if name not in dict(self.placed)])
            self.set_sysctl()
            self.act()
            self.operate_units()
            self.check()
        except Exception as failure:
            raise self.roll_back(failure) from None
        self.record()
        self.clean()
        return self.summary()

    def claim(self) -> None:
        """Records what the role is about to touch and what stood there, before anything is touched."""
        machine, desired = self.machine, self.desired
        known = history(machine.manifests())
        touched = self.manifest["touched"]
        for kind, names in (
            ("file", self.wanted.files),
            ("link", desired["links"]),
            ("artifact", desired["artifacts"]),
        ):
            for name in cast("dict[str, object]", names):
                if name not in known["paths"]:
                    self._first_touch(name, kind)
                touched["paths"][name] = kind
        for name, spec in desired["directories"].items():
            there = os.path.isdir(machine.at(name))
            if name not in known["directories"] and there and directory_differs(machine, name, spec):
                keep_before(machine, name)
            earlier = known["directories"].get(name)
            made = earlier["made"] if earlier else not there
            touched["directories"][name] = {"made": made, "keep": spec["keep"]}
        for name in (*self.wanted.hashes, *desired["directories"]):
            for parent in parents(name):
                if parent not in desired["directories"] and not os.path.isdir(machine.at(parent)):
                    touched["parents"][parent] = True
        for user in desired["users"]:
            touched["users"][user] = known["users"].get(user, machine.account(user) is None)
        for unit, state in self.states.items():
            touched["units"][unit] = known["units"].get(unit, state)
        anyhow = {name: {"version": ""} for name in self.plan.packages}
        for name in missing_packages(machine, anyhow):
            touched["packages"][name] = True
        for key in desired["sysctl"]:
            touched["sysctl"][key] = known["sysctl"].get(key, read_sysctl(machine, key))
        self._save("is being applied")

    def _first_touch(self, name: str, kind: str) -> None:
        there = self.machine.at(name)
        if kind == "artifact" and os.path.isdir(there) and not os.path.islink(there):
            raise Failed(
                f"artifact {name}: there is a directory already that sovereign-edge did not make; move it away"
            )
        keep_before(self.machine, name)

    def _save(self, result: str) -> None:
        self.manifest["result"] = result
        self.machine.save(f"roles/{self.desired['role']}.json", self.manifest)

    def install(self) -> None:
        """Packages, users, directories: what comes on top of a machine and takes nothing away."""
        machine, plan = self.machine, self.plan
        self._announce()
        if plan.packages:
            brought = install_packages(machine, self.desired["packages"], plan.packages)
            self.manifest["touched"]["dependencies"].update(dict.fromkeys(brought, True))
            self.done.append("packages " + enumerate_some(plan.packages, 4))
        for user in plan.users:
            self._make_user(user, self.desired["users"][user])
        machine.forget_accounts()
        for name in sorted(plan.directories):
            spec = self.desired["directories"][name]
            make_directory(machine, name, int(spec["mode"], 8), self._owner(name, spec["owner"]))
        if plan.directories:
            self.done.append("directories " + enumerate_some(sorted(plan.directories), 3))

    def _announce(self) -> None:
        """Says where temporary files will be, so that they are found when this run is cut off."""
        names = {*self.plan.files, *self.plan.links, *self.plan.artifacts}
        directories = sorted({os.path.dirname(name) for name in names})
        self.machine.save("pending.json", {"role": self.desired["role"], "directories": directories})

    def _make_user(self, user: str, spec: Mapping[str, str]) -> None:
        machine = self.machine
        account = machine.account(user)
        options = ["--home", spec["home"], "--shell", spec["shell"], user]
        if account is None:
            group = ["-g", user] if machine.owner(f"0:{user}") else ["--user-group"]
            machine.run(f"user {user}", ["useradd", "--system", *group, "--no-create-home", *options])
        elif self.manifest["touched"]["users"][user]:
            machine.run(f"user {user}", ["usermod", *options])
        else:
            raise Failed(
                f"user {user}: was on this machine before, with home {account[5]} and shell {account[6]};"
                f" wanted are {spec['home']} and {spec['shell']}"
            )
        self.done.append(f"user {user}")

    def _owner(self, name: str, owner: str) -> tuple[int, int] | None:
        if not self.machine.chowns:
            return None
        found = self.machine.owner(owner)
        if found is None:
            raise Failed(f"{name}: there is no user or group for the owner {owner}")
        return found

    def stage(self) -> None:
        """Puts all new content beside its place, complete and synced; nothing that is in use is touched."""
        machine = self.machine
        for name in self.plan.artifacts:
            fetch(machine, name, self.desired["artifacts"][name], self._stage(name))
        for name in self.plan.files:
            spec = self.wanted.files[name]
            owner = self._owner(name, spec["owner"])
            write_new(self._stage(name), self.wanted.content[name], int(spec["mode"], 8), owner)
        for name in self.plan.links:
            os.symlink(self.desired["links"][name]["target"], self._stage(name))

    def _stage(self, name: str) -> str:
        directory, _, base = name.rpartition("/")
        make_directory(self.machine, directory)
        # Others may pass: a validator may run as the service's user. Each file has its own mode.
        for stage, mode in ((STAGE, 0o711), (OLD, 0o700)):
            with contextlib.suppress(FileExistsError):
                os.mkdir(f"{self.machine.at(directory)}/{stage}", 0o700)
                os.chmod(f"{self.machine.at(directory)}/{stage}", mode)
        self.staged[name] = f"{self.machine.at(directory)}/{STAGE}/{base}"
        return self.staged[name]

    def place_what_is_new(self) -> None:
        """Fills places that are empty with what has no validator: validators may need it, and nothing uses it yet."""
        free = [name for name in self.staged if not os.path.lexists(self.machine.at(name))]
        if any(self.wanted.files[name]["validate"] for name in self.plan.files):
            self.place(
                [name for name in free if name not in self.wanted.files or not self.wanted.files[name]["validate"]]
            )
        else:
            self.place([name for name in free if name in self.desired["artifacts"]])

    def validate(self) -> None:
        """Each staged file's own checker; `{}` is the staged file."""
        for name in sorted(self.plan.files):
            command = [word.replace("{}", self.staged[name]) for word in self.wanted.files[name]["validate"]]
            if command:
                result = self.machine.system.run(command, 120)
                if result.code != 0:
                    # The operator knows the file by the name it will have.
                    words = result.output.replace(self.staged[name], name)
                    raise Failed(f"{name} is refused by {program_name(command)} (exit {result.code})", words)

    def place(self, names: Sequence[str]) -> None:
        """The swap: each path gets its new content in one rename; what it had is kept until the end."""
        stamps: dict[str, Stamp] = {}
        for name in sorted(names):
            target, backup = self.machine.at(name), ""
            if os.path.lexists(target):
                backup = os.path.join(os.path.dirname(target), OLD, os.path.basename(target))
            self.placed.append((name, backup))
            if backup:
                keep_aside(target, backup)
            os.replace(self.staged[name], target)
            if name in self.desired["artifacts"]:
                spec = self.desired["artifacts"][name]
                stamps[name] = {"sha256": spec["sha256"], "fingerprint": fingerprint(target, spec)}
        for directory in sorted({os.path.dirname(name) for name in names}):
            fsync_directory(self.machine.at(directory))
        if stamps:
            before = load_stamps(self.machine)
            self.stamps_before.update({name: stamp for name, stamp in before.items() if name in stamps})
            self.machine.save("artifacts.json", {**before, **stamps})

    def set_sysctl(self) -> None:
        """Kernel settings."""
        for key in sorted(self.plan.sysctl):
            self.settings_before.append((key, read_sysctl(self.machine, key)))
            write_sysctl(self.machine, key, self.desired["sysctl"][key])
            self.done.append(key)

    def act(self) -> None:
        """Commands whose paths changed, by name."""
        for name, action in sorted(self.desired["actions"].items()):
            if self.plan.changed & action["on"].keys():
                self.acted = True
                result = self.machine.system.run(action["argv"], 600)
                if result.code != 0:
                    raise Failed(
                        f"action {name}: {program_name(action['argv'])} failed (exit {result.code})", result.output
                    )
                self.done.append(f"ran {name}")

    def operate_units(self) -> None:
        """Only what the changed paths and the units' own states ask for."""
        if any(is_unit_path(name) for name in self.plan.changed):
            self.machine.run("units", ["systemctl", "daemon-reload"])
        specs = self.desired["units"]
        states = self.machine.unit_states(sorted(specs))
        for unit, spec in sorted(specs.items()):
            state = states[unit]
            if spec["enabled"] != state["enabled"] and (
                state["installable"] or (spec["enabled"] and not state["known"])
            ):
                self._systemctl("enable" if spec["enabled"] else "disable", unit)
        for unit, spec in sorted(specs.items()):
            verb = unit_verb(spec, states[unit], self.plan.changed)
            if verb == "start" and states[unit]["failed"]:
                self.machine.system.run(["systemctl", "reset-failed", unit])
            if verb:
                self._systemctl(verb, unit)

    def _systemctl(self, verb: str, unit: str) -> None:
        self.unit_verbs.append((verb, unit))
        result = self.machine.system.run(["systemctl", verb, unit], 300)
        if result.code != 0:
            raise Failed(f"{verb} {unit} failed", result.output + "\n" + self._journal(unit))
        self.done.append({"stop": "stopped "}.get(verb, verb.rstrip("e") + "ed ") + unit)

    def _journal(self, unit: str) -> str:
        return self.machine.system.run(["journalctl", "-q", "--no-pager", "-o", "cat", "-n", "4", "-u", unit]).output

    def check(self) -> None:
        """Waits until the role's checks pass. Where a unit was touched they have to pass again a little later: a reload
        may answer from the old process for a moment, and a unit may start only to die."""
        for pause in (0.0, SETTLE) if self.unit_verbs else (0.0,):
            time.sleep(pause)
            for name, check in sorted(self.desired["checks"].items()):
                wait_for(self.machine, name, check)
        states = self.machine.unit_states(sorted(self.desired["units"])) if self.unit_verbs else {}
        for unit, state in states.items():
            if self.desired["units"][unit]["running"] and not state["running"]:
                raise Failed(f"{unit} did not stay up", self._journal(unit))

    def record(self) -> None:
        """The new desired state is what the machine is in."""
        self.manifest["hash"] = self.digest
        self.manifest["incarnation"] = self.desired["incarnation"]
        self.manifest["applied"] = now()
        self.manifest["dirty"] = False
        self.manifest["desired"] = self.desired
        self.manifest["rendered"] = self.wanted.hashes
        self._save("applied")

    def clean(self) -> None:
        """Removes all temporary files."""
        for name in self.staged:
            for stage in (STAGE, OLD):
                remove(os.path.join(os.path.dirname(self.machine.at(name)), stage))
        remove(self.machine.state("pending.json"))

    def summary(self) -> list[str]:
        """One line: paths first, then what was done."""
        paths = sorted(name for name, _ in self.placed)
        parts = ([enumerate_some(paths, 5)] if paths else []) + self.done
        return ["changed: " + "; ".join(parts)] if parts else ["unchanged"]

    # When a phase fails

    def give_up(self, failure: Exception) -> Stopped:
        """Before the swap: takes away what was put into empty places. Downloads stay for the next try."""
        problems: list[str] = []
        self._take_back(problems)
        extra = f" (stays: {enumerate_some(self.done)})" if self.done else ""
        return self._stopped(failure, problems, f"The configuration is as it was before{extra}.")

    def roll_back(self, failure: Exception) -> Stopped:
        """After the swap: previous files, links, kernel settings, and the units in their previous state."""
        if self.desired["rollback"] == "never":
            self.manifest["dirty"] = True
            return self._stopped(failure, [], "Stopped at the new configuration: this role is never rolled back.")
        problems: list[str] = []
        for verb, unit in reversed(self.unit_verbs):
            state = self.states[unit]
            if (verb == "start" and not state["running"]) or (verb == "enable" and not state["enabled"]):
                self._attempt(problems, ["systemctl", "stop" if verb == "start" else "disable", unit])
        self._take_back(problems)
        for key, setting in self.settings_before:
            with contextlib.suppress(Failed):
                write_sysctl(self.machine, key, setting)
        if any(is_unit_path(name) for name, _ in self.placed):
            self._attempt(problems, ["systemctl", "daemon-reload"])
        self._act_again(problems)
        back = {"reload": "reload-or-restart", "restart": "restart", "stop": "start", "disable": "enable"}
        for verb, unit in self.unit_verbs:
            if verb in back and self.states[unit]["known"]:
                self._attempt(problems, ["systemctl", back[verb], unit])
        known = self.manifest["hash"] != ""
        words = "the previous configuration is in place." if known else "the machine is as it was before this role."
        return self._stopped(failure, problems, "Rolled back: " + words)

    def _act_again(self, problems: list[str]) -> None:
        previous = self.manifest["desired"]
        if self.acted and previous:
            restored = {name for name, backup in self.placed if backup}
            for _, action in sorted(previous["actions"].items()):
                if restored & action["on"].keys():
                    self._attempt(problems, action["argv"])

    def _attempt(self, problems: list[str], command: Sequence[str]) -> None:
        result = self.machine.system.run(command, 300)
        if result.code != 0:
            problems.append(f"{' '.join(command[:3])} (exit {result.code})")

    def _take_back(self, problems: list[str]) -> None:
        for name, backup in reversed(self.placed):
            target = self.machine.at(name)
            try:
                if backup and os.path.lexists(backup):
                    if os.path.isdir(target) and not os.path.islink(target):
                        remove(target)
                    os.replace(backup, target)
                elif not backup and name not in self.desired["artifacts"]:
                    remove(target)
            except OSError as error:
                problems.append(reason(error))
        if self.stamps_before:
            self.machine.save("artifacts.json", {**load_stamps(self.machine), **self.stamps_before})

    def _stopped(self, failure: Exception, problems: list[str], state: str) -> Stopped:
        if problems:
            self.manifest["dirty"] = True
            state = (
                f"It could not be undone ({problems[0]}): parts of both configurations are in place. Apply it again."
            )
        with contextlib.suppress(OSError):
            self.clean()
            self._save("failed: " + Redactor(self.machine)(reason(failure))[:300])
        return Stopped(failure, state)


def program_name(command: Sequence[str]) -> str:
    """The part of a command that names it to a reader: for a Python program that program and its verb."""
    words = [os.path.basename(word) for word in command if not word.startswith("-")]
    return " ".join(words[1:3]) if words[0].startswith("python") else words[0]


def unit_verb(spec: UnitSpec, state: UnitState, changed: set[str]) -> str:
    """What systemctl has to do with a unit; "" for nothing. A restart wins over a reload."""
    if not spec["running"]:
        return "stop" if state["running"] else ""
    if not state["running"]:
        return "start"
    if changed & spec["restartOn"].keys():
        return "restart"
    return "reload" if changed & spec["reloadOn"].keys() else ""


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
            os.mkdir(machine.at(directory), 0o700)
            os.chmod(machine.at(directory), 0o755)
            fsync_directory(os.path.dirname(machine.at(directory)) or "/")
    if mode >= 0:
        if owner:
            os.chown(machine.at(name), *owner)
        os.chmod(machine.at(name), mode)


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


# Checks.


def wait_for(machine: Machine, name: str, check: CheckSpec) -> None:
    """Polls until a check passes; fails with the last answer after `within` seconds."""
    deadline = time.monotonic() + check["within"]
    pause = 0.05
    while True:
        left = deadline - time.monotonic()
        answer = probe(machine, check, max(0.5, min(5.0, left)))
        if not answer:
            return
        if time.monotonic() + pause > deadline:
            raise Failed(f"check {name} did not pass within {check['within']} s: {answer}")
        time.sleep(pause)
        pause = min(pause * 1.5, 1.0)


def probe(machine: Machine, check: CheckSpec, timeout: float) -> str:
    """Why a check does not pass now; empty when it does."""
    if "argv" in check:
        result = machine.system.run(check["argv"], timeout)
        return (
            ""
            if result.code == 0
            else f"{program_name(check['argv'])}: {tail(result.output, 1) or f'exit {result.code}'}"
        )
    try:
        if "http" in check:
            status = http_status(check["http"], timeout)
            return "" if status == check["http"]["status"] else f"{check['http']['url']} answered {status}"
        import socket

        host, _, port = check["tcp"].rpartition(":")
        socket.create_connection((host.strip("[]"), int(port)), timeout).close()
        return ""
    except (OSError, ValueError, ArithmeticError) as error:
        return f"{check['http']['url'] if 'http' in check else check['tcp']}: {reason(error)}"


def http_status(check: HttpCheck, timeout: float) -> int:
    """Status of one GET. `host` is sent and has to be in the certificate, whatever the URL's address."""
    import http.client
    import socket
    from urllib.parse import urlsplit

    url = urlsplit(check["url"])
    name = check.get("host") or url.netloc
    port = url.port or (443 if url.scheme == "https" else 80)
    connection = http.client.HTTPConnection(url.hostname or "", port, timeout=timeout)
    connection.sock = socket.create_connection((url.hostname or "", port), timeout)
    try:
        if url.scheme == "https":
            import ssl

            context = ssl.create_default_context(cafile=check.get("ca"))
            connection.sock = context.wrap_socket(connection.sock, server_hostname=urlsplit("//" + name).hostname)
        connection.request("GET", (url.path or "/") + (f"?{url.query}" if url.query else ""), headers={"Host": name})
        return connection.getresponse().status
    except http.client.HTTPException as error:
        raise OSError(f"broken answer ({type(error).__name__})") from None
    finally:
        connection.close()


# Finish and release: the sweep.


def finish(machine: Machine, data: bytes) -> list[str]:
    """The verb `finish`: fails when a role of the roster is not applied, else sweeps what it does not name."""
    roster = parse_roster(data)
    machine.check_identity(cast("Mapping[str, object]", roster))
    with locked(machine, "finish"):
        machine.record_identity(cast("Mapping[str, object]", roster))
        manifests = machine.manifests()
        late = [role for role, digest in sorted(roster["roles"].items()) if not is_applied(manifests.get(role), digest)]
        if late:
            raise Failed(f"{enumerate_some(late)}: not applied yet with this desired state")
        return Sweep(machine, manifests, set(roster["roles"])).run()


def is_applied(manifest: Manifest | None, digest: str) -> bool:
    """Whether the machine is in this desired state of a role."""
    return manifest is not None and manifest["hash"] == digest and not manifest["dirty"]


def release(machine: Machine) -> list[str]:
    """The verb `release`: undoes every role and removes converge.py with all that it kept."""
    if not os.path.isdir(machine.state("")):
        return ["unchanged"]
    with locked(machine, "release"):
        lines = Sweep(machine, machine.manifests(), set()).run()
        for name in OWN_STATE:
            remove(machine.state(name))
        program = os.path.dirname(machine.at(PROGRAM))
        for name in (machine.at(PROGRAM), machine.at(MODULE), os.path.join(program, "__pycache__")):
            remove(name)
        for directory in (machine.state("").rstrip("/"), program):
            with contextlib.suppress(OSError):
                os.rmdir(directory)
    return ["changed: released"] + [line for line in lines if line.startswith("kept")]


class Sweep:
    """Takes away what roles once put on the machine and no role in `keep` wants any more."""

    def __init__(self, machine: Machine, manifests: Mapping[str, Manifest], keep: set[str]) -> None:
        self.machine = machine
        self.kept = {role: manifest for role, manifest in manifests.items() if role in keep}
        self.gone = {role: manifest for role, manifest in manifests.items() if role not in keep}
        self.old = history(manifests)
        self.desired = [manifest["desired"] for manifest in self.kept.values() if manifest["desired"]]
        self.wanted_paths = {name for manifest in self.kept.values() for name in manifest["rendered"]}
        self.done: list[str] = []
        self.stays: list[str] = []

    def run(self) -> list[str]:
        """Everything in order; a step that fails leaves the manifests, so that the next run goes on."""
        for role, manifest in self.gone.items():
            # Half removed is not applied, whatever comes next.
            manifest["dirty"] = True
            manifest["result"] = "was being removed"
            self.machine.save(f"roles/{role}.json", manifest)
        self._removal()
        units = self._stop_units()
        self._paths()
        self._restore_units(units)
        self._sysctl()
        self._packages()
        self._users()
        self._directories()
        self._forget()
        self._secrets()
        lines = ["changed: swept " + enumerate_some(self.done)] if self.done else ["unchanged"]
        return lines + ([f"kept: {enumerate_some(self.stays)}"] if self.stays else [])

    def _left(self, section: str) -> list[str]:
        """Names of a section that were touched and are wanted no more."""
        wanted = {name for desired in self.desired for name in cast("dict[str, dict[str, object]]", desired)[section]}
        return sorted(cast("dict[str, dict[str, object]]", self.old)[section].keys() - wanted)

    def _removal(self) -> None:
        for role, manifest in sorted(self.gone.items()):
            desired = manifest["desired"]
            for name, action in sorted(desired["removal"].items()) if desired else []:
                result = self.machine.system.run(action["argv"], 600)
                if result.code != 0:
                    words = f"{role}: removal {name}: {program_name(action['argv'])} failed (exit {result.code})"
                    raise Failed(words, result.output)

    def _stop_units(self) -> list[str]:
        units = self._left("units")
        for unit, state in self.machine.unit_states(units).items():
            before = self.old["units"][unit]
            if state["running"] and not before["running"]:
                self.machine.run(f"stop {unit}", ["systemctl", "stop", unit], 300)
            if state["enabled"] and not before["enabled"]:
                self.machine.run(f"disable {unit}", ["systemctl", "disable", unit])
            self.done.append(unit)
        return units

    def _paths(self) -> None:
        left = sorted(self.old["paths"].keys() - self.wanted_paths)
        for name in left:
            put_back_before(self.machine, name)
            self.done.append(name)
        if any(is_unit_path(name) for name in left):
            self.machine.run("units", ["systemctl", "daemon-reload"])
        stamps = load_stamps(self.machine)
        if stamps.keys() & set(left):
            self.machine.save("artifacts.json", {name: stamp for name, stamp in stamps.items() if name not in left})

    def _restore_units(self, units: Sequence[str]) -> None:
        for unit, state in self.machine.unit_states(units).items():
            before = self.old["units"][unit]
            if state["failed"]:
                self.machine.system.run(["systemctl", "reset-failed", unit])
            if before["enabled"] and not state["enabled"]:
                self.machine.run(f"enable {unit}", ["systemctl", "enable", unit])
            if before["running"]:
                self.machine.run(f"restart {unit}", ["systemctl", "reload-or-restart", unit], 300)

    def _sysctl(self) -> None:
        for key in self._left("sysctl"):
            if self.old["sysctl"][key] not in ("", read_sysctl(self.machine, key)):
                write_sysctl(self.machine, key, self.old["sysctl"][key])

    def _packages(self) -> None:
        names = [name for name in self._left("packages") if self.old["packages"][name]]
        present = installed_packages(self.machine) if names else set()
        names = [name for name in names if name.partition(":")[0] in present]
        if not names:
            return
        ours = {name.partition(":")[0] for name in (*names, *self.old["dependencies"])}
        would = simulated(self.machine, "purge", *names)
        if not would <= ours:
            self.stays.append(f"packages {', '.join(names)} (needed by {enumerate_some(sorted(would - ours))})")
            return
        self._purge(names)
        orphans = sorted(simulated(self.machine, "autoremove") & self.old["dependencies"].keys())
        if orphans:
            self._purge(orphans)
        self.done.append("packages " + enumerate_some(names, 4))

    def _purge(self, names: Sequence[str]) -> None:
        result = apt(self.machine, "purge", "--", *names)
        if result.code != 0:
            raise Failed(f"packages: apt-get purge failed (exit {result.code})", apt_words(result.output))

    def _users(self) -> None:
        kept = {self._owner(name) for name in self._left("directories") if self.old["directories"][name]["keep"]}
        for user in self._left("users"):
            account = self.machine.account(user)
            if not self.old["users"][user] or account is None:
                continue
            if int(account[2]) in kept:
                # Its data stays; another user that got its number one day would own them.
                self.stays.append(f"user {user}")
            else:
                self.machine.run(f"user {user}", ["userdel", user])
                self.done.append(f"user {user}")
        self.machine.forget_accounts()

    def _owner(self, name: str) -> int:
        try:
            return os.stat(self.machine.at(name)).st_uid
        except FileNotFoundError:
            return -1

    def _directories(self) -> None:
        left = self._left("directories")
        kept = {name for name in left if self.old["directories"][name]["keep"]}
        needed = self.wanted_paths | kept | {name for desired in self.desired for name in desired["directories"]}
        used = {parent for name in needed for parent in parents(name)}
        for name in sorted(left, key=len, reverse=True):
            if name in kept:
                if os.path.isdir(self.machine.at(name)):
                    self.stays.append(name)
            elif not self.old["directories"][name]["made"]:
                put_back_directory(self.machine, name)
            elif name not in used:
                remove(self.machine.at(name))
                self.done.append(name)
        for name in sorted(self.old["parents"].keys() - needed, key=len, reverse=True):
            with contextlib.suppress(OSError):
                os.rmdir(self.machine.at(name))

    def _forget(self) -> None:
        for role in self.gone:
            remove(self.machine.state(f"roles/{role}.json"))
        left = {section: set(self._left(section)) for section in TOUCHED_SECTIONS if section in SECTIONS}
        left["paths"] = self.old["paths"].keys() - self.wanted_paths
        for role, manifest in self.kept.items():
            touched = cast("dict[str, dict[str, object]]", manifest["touched"])
            slim = {section: _without(entries, left.get(section, set())) for section, entries in touched.items()}
            if slim != touched:
                manifest["touched"] = cast(Touched, slim)
                self.machine.save(f"roles/{role}.json", manifest)

    def _secrets(self) -> None:
        used = {name for desired in self.desired for name in desired["secrets"]}
        for name in self.machine.names("secrets"):
            if name not in used:
                remove(self.machine.state(f"secrets/{name}.json"))
                self.done.append(f"secret {name}")


def _without(entries: Mapping[str, object], left: set[str]) -> dict[str, object]:
    return {name: entry for name, entry in entries.items() if name not in left}


def put_back_directory(machine: Machine, name: str) -> None:
    """Gives a directory that was there before us its mode and owner back."""
    if machine.load(f"before/{before_name(name)}.json"):
        put_back_before(machine, name)


def simulated(machine: Machine, *arguments: str) -> set[str]:
    """Names of the packages that apt would remove."""
    result = apt(machine, "-s", *arguments)
    return set(re.findall(r"^(?:Remv|Purg) ([^\s:]+)", result.output, re.MULTILINE))


# Status.


def status(machine: Machine) -> list[str]:
    """The verb `status`: one JSON object. Reads only, takes no lock, and holds no secret."""
    manifests = machine.manifests()
    identity = cast("dict[str, object]", machine.load("node.json") or {})
    units = sorted({unit for manifest in manifests.values() for unit in manifest["touched"]["units"]})
    states = machine.unit_states(units)
    report = {
        "version": 1,
        "fleet": identity.get("fleet", ""),
        "node": identity.get("node", ""),
        "time": now(),
        "roles": {
            role: {
                key: cast("dict[str, object]", manifest)[key] for key in ("hash", "applied", "result", "incarnation")
            }
            for role, manifest in manifests.items()
        },
        "units": {
            unit: {key: cast("dict[str, bool]", state)[key] for key in ("running", "enabled", "failed")}
            for unit, state in states.items()
        },
        "wireguard": handshake_ages(machine),
        **facts(machine),
    }
    return [json.dumps(report, sort_keys=True)]


def handshake_ages(machine: Machine) -> dict[str, int | None]:
    """Seconds since the latest handshake with each peer, by its public key; None when there was none."""
    result = machine.system.run(["wg", "show", "all", "latest-handshakes"], 5)
    found = re.findall(r"^\S+\t(\S{44})\t(\d+)$", result.output, re.MULTILINE) if result.code == 0 else []
    return {key: max(0, int(time.time()) - int(at)) if int(at) else None for key, at in found}


def facts(machine: Machine) -> dict[str, object]:
    """What the machine is: system, processor, page size in bytes, disk, memory in bytes, uptime in seconds."""
    release_file = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', _text(machine.at("/etc/os-release")), re.MULTILINE))
    memory = dict(re.findall(r"^(\w+):\s+(\d+) kB$", _text("/proc/meminfo"), re.MULTILINE))
    room = os.statvfs(machine.at("/"))
    return {
        "os": {"id": release_file.get("ID", ""), "version": release_file.get("VERSION_ID", "")},
        "kernel": os.uname().release,
        "python": ".".join(map(str, sys.version_info[:3])),
        "arch": os.uname().machine,
        "pageSize": os.sysconf("SC_PAGE_SIZE"),
        "disk": {"free": room.f_bavail * room.f_frsize, "total": room.f_blocks * room.f_frsize},
        "memory": {
            key: int(memory.get(name, 0)) * 1024 for key, name in (("available", "MemAvailable"), ("total", "MemTotal"))
        },
        "uptime": int(float((_text("/proc/uptime") or "0").split()[0])),
    }


def _text(name: str) -> str:
    try:
        with open(name, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


# PowerDNS zones on SQLite.

DATABASE = "/var/lib/powerdns/pdns.sqlite3"
SCHEMA = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"
SOA = re.compile(r"(\bSOA\s+\S+\s+\S+(?:\s|\(|;[^\n]*\n)+)(\d+)")


def zone_init(machine: Machine) -> list[str]:
    """Creates PowerDNS's database from the schema of its package; one that is there stays as it is."""
    name = machine.at(DATABASE)
    if os.path.exists(name):
        return ["unchanged"]
    owner = machine.owner("pdns:pdns")
    if not os.path.exists(machine.at(SCHEMA)) or owner is None:
        raise Failed("zone-init: the packages pdns-server and pdns-backend-sqlite3 are not installed")
    remove(name + ".new")
    make_database(machine, name + ".new")
    if machine.chowns:
        os.chown(name + ".new", *owner)
    os.chmod(name + ".new", 0o640)
    os.replace(name + ".new", name)
    fsync_directory(os.path.dirname(name))
    return [f"changed: {DATABASE}"]


def make_database(machine: Machine, name: str) -> None:
    """An empty database with PowerDNS's schema."""
    import sqlite3

    with contextlib.closing(sqlite3.connect(name)) as database, open(machine.at(SCHEMA), encoding="utf-8") as schema:
        database.executescript(schema.read())


class Pdnsutil:
    """pdnsutil on one database, with a configuration of its own: it must work before PowerDNS's own is in place."""

    def __init__(self, machine: Machine, database: str, config: str) -> None:
        self.machine = machine
        self.config = config
        with open(os.path.join(config, "pdns.conf"), "w", encoding="utf-8") as file:
            file.write(f"launch=gsqlite3\ngsqlite3-database={database}\n")

    def __call__(self, *arguments: str) -> str:
        """Runs one verb; raises Failed with pdnsutil's words."""
        return self.machine.run(f"{arguments[0]} {arguments[1]}", ["pdnsutil", "--config-dir", self.config, *arguments])


@contextlib.contextmanager
def scratch_zone(machine: Machine, domain: str, file: str) -> Iterator[dict[str, set[tuple[object, ...]]]]:
    """Loads a zone into a scratch database, checks it, and gives its records."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="sovereign-edge-zone-") as scratch:
        database = os.path.join(scratch, "zone.sqlite3")
        make_database(machine, database)
        pdnsutil = Pdnsutil(machine, database, scratch)
        pdnsutil("load-zone", domain, file)
        pdnsutil("check-zone", domain)
        yield zone_records(database, domain)


def zone_records(database: str, domain: str) -> dict[str, set[tuple[object, ...]]]:
    """Records of a zone: SOA without its serial, the others, the serial and the kind, each as a set of rows."""
    import sqlite3

    rows = (
        "select r.name, r.type, r.content, r.ttl, r.prio, r.disabled from records r"
        " join domains d on r.domain_id = d.id where d.name = ?"
    )
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        found = connection.execute(rows + " and r.type is not null", (domain,)).fetchall()
        kinds = connection.execute("select type from domains where name = ?", (domain,)).fetchall()
    records: set[tuple[object, ...]] = set()
    serials: set[tuple[object, ...]] = set()
    for name, kind, content, *rest in found:
        if kind == "SOA":
            words = content.split()
            serials.add((int(words[2]),))
            records.add((name, kind, *words[:2], *words[3:], *rest))
        else:
            records.add((name, kind, content, *rest))
    return {"records": records, "serials": serials, "kinds": set(kinds)}


def zone_check(machine: Machine, domain: str, file: str) -> list[str]:
    """Fails with PowerDNS's words when it would not serve this zone."""
    with scratch_zone(machine, domain, file):
        return ["ok"]


def zone_load(machine: Machine, domain: str, file: str) -> list[str]:
    """Serves a zone. The serial goes up, never down, and only when the records are others than those served."""
    import tempfile

    zone_init(machine)
    database = machine.at(DATABASE)
    with scratch_zone(machine, domain, file) as scratch:
        served = zone_records(database, domain)
        if scratch["records"] == served["records"] and served["kinds"] <= {("MASTER",), ("PRIMARY",)}:
            return ["unchanged"]
    text = _text(file)
    serial = next_serial(max((cast(int, row[0]) for row in served["serials"]), default=0))
    raised, count = SOA.subn(lambda match: match[1] + str(serial), text)
    if count != 1:
        raise Failed(f"zone-load: {file} has to have exactly one SOA record")
    with tempfile.TemporaryDirectory(prefix="sovereign-edge-zone-") as config:
        copy = os.path.join(config, "zone")
        write_new(copy, raised.encode("utf-8"), 0o600, None)
        pdnsutil = Pdnsutil(machine, database, config)
        pdnsutil("load-zone", domain, copy)
        pdnsutil("set-kind", domain, "primary")
    tell_server(machine, domain, "rediscover", "notify")
    return [f"changed: {domain} serial {serial}"]


def next_serial(served: int) -> int:
    """The serial after `served`: today's date with two digits, or one more than is served (RFC 1912 §2.2)."""
    if served >= 2**32 - 1:
        raise Failed("zone-load: the served serial is the highest there is (RFC 1982 §7 says how to start over)")
    return max(served + 1, int(time.strftime("%Y%m%d01", time.gmtime())))


def zone_drop(machine: Machine, domain: str) -> list[str]:
    """Stops serving a zone; one that is not served is fine."""
    import tempfile

    database = machine.at(DATABASE)
    if not os.path.exists(database) or not zone_records(database, domain)["kinds"]:
        return ["unchanged"]
    with tempfile.TemporaryDirectory(prefix="sovereign-edge-zone-") as config:
        Pdnsutil(machine, database, config)("delete-zone", domain)
    tell_server(machine, domain, "rediscover")
    return [f"changed: {domain} is not served any more"]


def tell_server(machine: Machine, domain: str, *news: str) -> None:
    """Has a running server forget what it cached of a zone. One that does not run reads the database when it starts."""
    if machine.system.run(["pdns_control", "rping"], 10).code != 0:
        return
    machine.run("zone", ["pdns_control", "purge", f"{domain}$"], 30)
    for verb in news:
        machine.run("zone", ["pdns_control", verb, *([domain] if verb == "notify" else [])], 30)


# The program.


def install(machine: Machine, text: bytes) -> list[str]:
    """The verb `install`: puts the program in its place."""
    import py_compile

    try:
        compile(text, "converge.py", "exec")
    except (SyntaxError, ValueError) as error:
        raise Refused(f"the program is not one that this Python can run: {error}") from None
    if b"sovereign-edge" not in text:
        raise Refused("standard input is not converge.py")
    machine.prepare()
    if content(machine.at(MODULE)) == text and content(machine.at(PROGRAM)) == LAUNCHER:
        return ["unchanged"]
    make_directory(machine, os.path.dirname(PROGRAM))
    write_durably(machine.at(MODULE), text, 0o644)
    # Checked by content, because a new program may have the size and the second of the old one.
    py_compile.compile(machine.at(MODULE), invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    write_durably(machine.at(PROGRAM), LAUNCHER, 0o755)
    return ["changed: " + PROGRAM]


def content(name: str) -> bytes:
    """Content of a file; nothing when there is none."""
    with contextlib.suppress(FileNotFoundError), open(name, "rb") as file:
        return file.read()
    return b""


def run_verb(machine: Machine, verb: str, arguments: Sequence[str]) -> list[str]:
    """Runs a verb; what it returns is printed."""
    source: bytes | None = globals().get("SOURCE")
    documents: dict[str, Callable[[Machine, bytes], list[str]]] = {
        "secrets": store_secrets,
        "apply": apply,
        "finish": finish,
    }
    plain: dict[str, Callable[[Machine], list[str]]] = {"release": release, "status": status, "zone-init": zone_init}
    zones: dict[str, Callable[[Machine, str, str], list[str]]] = {"zone-check": zone_check, "zone-load": zone_load}
    if verb == "install" and not arguments:
        return install(machine, source if source is not None else read_input())
    if verb in documents and not arguments:
        return documents[verb](machine, read_input())
    if verb in plain and not arguments:
        return plain[verb](machine)
    if verb in zones and len(arguments) == 2:
        return zones[verb](machine, zone_name(arguments[0]), arguments[1])
    if verb == "zone-drop" and len(arguments) == 1:
        return zone_drop(machine, zone_name(arguments[0]))
    raise Refused(f"usage: converge.py [--root DIR] VERB (see the top of {PROGRAM})")


def zone_name(domain: str) -> str:
    """A domain name that is safe in pdnsutil's and pdns_control's arguments."""
    string(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*", "a domain name")(domain, "DOMAIN")
    return domain


def main(arguments: Sequence[str]) -> int:
    """Runs the verb in `arguments`; prints at most ten lines; returns the exit code."""
    words = list(arguments)
    root = ""
    if words[:1] == ["--root"] and len(words) > 1:
        root = os.path.realpath(words[1])
        words = words[2:]
    machine = Machine(root)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, machine.on_signal)
    try:
        if not root and os.geteuid() != 0:
            raise Failed("converge.py has to run as root: put `sudo -n` before it")
        os.umask(0o022)
        say(sys.stdout, run_verb(machine, words[0] if words else "", words[1:]))
        return 0
    except Refused as refused:
        say(sys.stderr, [f"refused: {Redactor(machine)(str(refused))}. Nothing was touched."])
        return 64
    except Exception as error:
        text = f"{reason(error)}\n{getattr(error, 'detail', '')}"
        say(sys.stderr, [line for line in Redactor(machine)(text).splitlines() if line.strip()])
        return 1


def say(stream: TextIO, lines: Sequence[str]) -> None:
    """Prints up to ten lines. Whoever was listening may be gone; that changes nothing on the machine."""
    with contextlib.suppress(OSError):
        print("\n".join(lines[:10]), file=stream, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
