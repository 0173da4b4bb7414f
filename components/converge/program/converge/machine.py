"""The machine: its commands, its accounts, its units, and the files that converge.py keeps."""

from __future__ import annotations

import os
import time
from _collections_abc import Callable, Mapping, Sequence

from converge.documents import Desired, filled
from converge.durable import make_durably, now, write_durably
from converge.errors import Failed, Interrupted, Refused, shown
from converge.light import dumps, loads, re, signal, suppress
from converge.paths import STATE
from converge.typed import TYPE_CHECKING, NamedTuple, TypedDict, cast

if TYPE_CHECKING:
    from typing import Any


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
        # Not before one is run: a role of files alone runs none.
        import subprocess

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
    masked: bool


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
    groups: dict[str, bool]
    """group → made by us"""
    users: dict[str, bool]
    """user → made by us"""
    memberships: dict[str, bool]
    """user:group → made by us"""
    packages: dict[str, bool]
    """package → brought by us"""
    dependencies: dict[str, bool]
    """package → came along with one of ours"""
    holds: dict[str, bool]
    """package → held by us"""
    modules: dict[str, bool]
    """kernel module → loaded by us"""
    sysctl: dict[str, str]
    """key → value before our first touch"""


class Manifest(TypedDict):
    """What is known of a role. `hash`, `desired` and `rendered` are of the last apply that succeeded."""

    role: str
    hash: str
    incarnation: int
    applied: str
    result: str
    run: str
    """The run that got it there."""
    dirty: bool
    """An apply was cut off or could not be undone: everything counts as changed."""
    desired: Desired | None
    rendered: dict[str, str]
    """path → hash of what was put there"""
    touched: Touched


TOUCHED_SECTIONS = ["paths", "directories", "parents", "units", "groups", "users", "memberships", "packages"]
TOUCHED_SECTIONS += ["dependencies", "holds", "modules", "sysctl"]


def no_touch() -> Touched:
    """An empty Touched."""
    return cast(Touched, {section: {} for section in TOUCHED_SECTIONS})


class Machine:
    """The machine as converge.py sees it: paths below `root`, commands through `system`, and the files it keeps."""

    def __init__(self, root: str = "", system: System | None = None, auth: str = "") -> None:
        self.root = root.rstrip("/")
        self.auth = auth
        """File in which sshd says how the operator logged in (sshd_config(5), ExposeAuthInfo); "" when unknown."""
        self.system = system or System(inherit_path=bool(root))
        self.chowns = os.geteuid() == 0
        """Without root (tests) owners are neither set nor compared."""
        self.held = False
        """Signals wait: the machine is between two configurations."""
        self.started = time.monotonic()
        self.known_as: dict[str, str] = {}
        """Who acts; a unit that outlives the connection is told so by the command that started it."""
        self.detaches = not root and os.path.isdir("/run/systemd/system")
        """Changes are made by a unit of systemd's, which outlives the operator's connection."""
        self.when_said: list[Callable[[], None]] = []
        """What is done once the lines are printed."""
        self.booting = False
        """No service runs yet: nothing is started, and nothing that needs one is run."""
        self._accounts: tuple[dict[str, list[str]], dict[str, int]] | None = None

    def at(self, name: str) -> str:
        """Where a path of the machine really is."""
        return self.root + name

    def kernel(self, name: str) -> str:
        """Where the kernel shows a thing; a root without a tree of its own (/proc, /sys) is shown the real one."""
        return self.at(name) if os.path.isdir(self.at("/" + name.split("/")[1])) else name

    def state(self, name: str) -> str:
        """A file of converge.py's own."""
        return f"{self.root}{STATE}/{name}"

    def who(self) -> dict[str, str]:
        """Who acts, as far as the machine knows."""
        if not self.known_as:
            from converge.who import login

            self.known_as = login(self)
        return self.known_as

    def run(self, what: str, command: Sequence[str], timeout: float = 120, **environment: str) -> str:
        """Runs a command that has to succeed. `what` begins the message of the failure."""
        result = self.system.run(command, timeout, **environment)
        if result.code != 0:
            raise Failed(f"{what}: {os.path.basename(command[0])} failed (exit {result.code})", result.output)
        return result.output

    def prepare(self) -> None:
        """Makes the directories of our own."""
        for name in ("", "roles", "secrets", "before", "runs"):
            make_durably(self.state(name).rstrip("/"), 0o700)

    def on_signal(self, number: int, _frame: object) -> None:
        """Stops the run where that is safe. Not SIG_IGN while it is not: children would inherit that."""
        if not self.held:
            raise Interrupted(f"stopped by {signal.Signals(number).name}")

    # Small JSON files

    def load(self, name: str) -> object:
        """Content of a state file; None when there is none. A file that cannot be read is a failure that names it."""
        try:
            with open(self.state(name), "rb") as file:
                return loads(file.read())
        except FileNotFoundError:
            return None
        except ValueError:
            raise Failed(f"{self.state(name)} is damaged; remove it and apply every role again") from None

    def save(self, name: str, value: object) -> None:
        """Replaces a state file durably, 0600."""
        write_durably(self.state(name), dumps(value).encode() + b"\n")

    def names(self, directory: str) -> list[str]:
        """Names of the JSON files in a directory of ours, without the ending."""
        try:
            found = os.listdir(self.state(directory))
        except FileNotFoundError:
            return []
        return sorted(name[: -len(".json")] for name in found if name.endswith(".json"))

    # Identity

    def check_identity(self, document: Mapping[str, object]) -> bool:
        """Whether this identity is still to be recorded. Refuses a document for another fleet, node or machine."""
        known = self.load("node.json")
        if not isinstance(known, dict):
            return True
        for field in ("fleet", "node"):
            if known.get(field) != document[field]:
                raise Refused(
                    f"{field} is {shown(str(document[field]))}, but this machine is"
                    f" {known.get('node')} of fleet {known.get('fleet')}; correct the address, or take it out of there"
                )
        incarnation = cast(int, document.get("incarnation", 0))
        machine = self.machine_id()
        if incarnation > known.get("incarnation", incarnation):
            return True
        if "machine" not in known or machine in ("", known["machine"]):
            return bool(machine) and "machine" not in known
        raise Refused(
            f"this is a copy of {known['node']}'s disk in another machine: {known['node']} had machine id"
            f" {known['machine']} since {known['since']}, and this one has {machine}. If it is the new"
            f" {known['node']}, write incarnation: {incarnation + 1} in its block"
        )

    def record_identity(self, document: Mapping[str, object]) -> None:
        """Records fleet, node and machine when no document did so far."""
        if self.check_identity(document):
            who = {"fleet": document["fleet"], "node": document["node"], "machine": self.machine_id()}
            self.save("node.json", {**who, "since": now(), "incarnation": document.get("incarnation", 0)})

    def machine_id(self) -> str:
        """machine-id(5), made when the system was installed; "" for one that goes with the next boot."""
        with suppress(OSError), open(self.at("/etc/machine-id"), encoding="ascii", errors="replace") as file:
            # systemd mounts a passing one over the file where it could not write it down.
            if os.fstat(file.fileno()).st_dev == os.stat(self.at("/etc")).st_dev:
                return file.read().strip()
        return ""

    # Manifests

    def manifest(self, role: str) -> Manifest:
        """What is known of a role; an empty manifest when it was never here."""
        found = self.load(f"roles/{role}.json")
        if found is not None:
            manifest = cast(Manifest, found)
            manifest.setdefault("run", "")
            if manifest["desired"]:
                # An older version of this program may have recorded it, which did not know every section.
                manifest["desired"] = filled(cast("dict[str, Any]", manifest["desired"]))
            for section in TOUCHED_SECTIONS:
                cast("dict[str, Any]", manifest["touched"]).setdefault(section, {})
            return manifest
        return {
            "role": role,
            "hash": "",
            "incarnation": 0,
            "applied": "",
            "result": "never applied",
            "run": "",
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
        "masked": file_state == "masked",
    }
