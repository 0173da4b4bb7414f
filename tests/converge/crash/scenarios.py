"""What converge.py does while the power is cut, and what has to be true of the machine afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from explore import Exploration, scratch
from forest import Forest
from machines import Box, Memory, cut_off
from recorder import Recorder, Recording

from converge_support import PROGRAM, converge, digest, document, file, unit

STATE = "var/lib/sovereign-edge"
LOG = "var/log/sovereign-edge/history.jsonl"


class Run(NamedTuple):
    """One run of converge.py. One that does not commit waits for its confirmation: the old version is in force."""

    verb: str
    document: bytes
    commits: bool = True
    halves: frozenset[str] = frozenset()
    """groups that may be between old and new while it goes on, if the machine's record says so"""


View = Mapping[str, Mapping[str, str]]
"""What a machine is in: group → thing → what is seen of it. A group changes at once or not at all."""
HALF = {"record": "half"}
"""A group of which the machine's own record says that it is being removed: the next run goes on with that."""


class Scenario:
    """A machine, the runs that are recorded, and what is looked at afterwards."""

    reads: Mapping[str, Sequence[str]] = {}
    """unit → paths whose texts it takes at its start"""
    runs: Sequence[Run] = ()

    def prepare(self, box: Box) -> None:
        """Brings the machine into the state from which the recording starts."""

    def view(self, root: Path) -> View:
        """What the machine is in."""
        raise NotImplementedError

    def extra(self, root: Path) -> Mapping[str, str]:
        """What need not go back, and has to be there in the end."""
        del root
        return {}


class Trial:
    """A scenario that was recorded, to be cut off at every step."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.place = scratch("scenario")
        root = Path(self.place)
        make_system(root)
        box = Box(self.place, scenario.reads, Memory({}, frozenset(), "boot-1"))
        box.system.boot()
        scenario.prepare(box)
        recorder = Recorder(self.place, str(PROGRAM / "converge"), unread=[f"{STATE}/lock"])
        box.system.changed = lambda text: recorder.note(text, box.system.remember())
        self.moments = [self._view(root)]
        logged = [len(lines(root))]
        self.ends: list[int] = []
        recorder.note("start", box.system.remember())
        for run in scenario.runs:
            with recorder as recording:
                armed = self._run(box, run)
            assert armed != run.commits, f"{run.verb} ended as if it was {'' if armed else 'not '}to be confirmed"
            self.ends.append(len(recording.steps))
            self.moments.append(self._view(root) if run.commits else self.moments[-1])
            logged.append(len(lines(root)))
        self.recording: Recording = recorder.recording
        self.recording.verify()
        self.extra = scenario.extra(root)
        self.log = lines(root)
        """the lines of the log when all is done"""
        self.logged = logged
        """how many of them there were at each moment"""
        self._known: dict[int, str] = {}
        """recovered disk → what came of it"""
        self._forest = Forest()

    @staticmethod
    def _run(box: Box, run: Run) -> bool:
        try:
            box.run(run.verb, run.document)
        except converge.Armed:
            return True
        return False

    def close(self) -> None:
        """Takes the machine away."""
        shutil.rmtree(self.place)

    def _view(self, root: Path) -> dict[str, dict[str, str]]:
        return {group: dict(things) for group, things in self.scenario.view(root).items()}

    def allowed(self, step: int) -> frozenset[str]:
        """Outcomes that are right for a cut after so many steps: while a run goes on, each group is old or new."""
        done = sum(1 for end in self.ends if end <= step)
        running = step > ([0, *self.ends])[done] and done < len(self.scenario.runs)
        moments = self.moments[done : done + 2] if running else [self.moments[done]]
        halves = self.scenario.runs[done].halves if running else frozenset()
        groups = []
        for group in self.moments[0]:
            found = [moment[group] for moment in moments] + ([HALF] if group in halves else [])
            groups.append(list(dict.fromkeys(f"{group} {self._version(group, things)}" for things in found)))
        most = self.logged[done + 1] if running else self.logged[done]
        groups.append([f"log {number}" for number in range(self.logged[done], most + 1)])
        return frozenset(", ".join(combination) for combination in itertools.product(*groups))

    def _version(self, group: str, found: Mapping[str, str]) -> str:
        """Number of the first moment at which a group was as it is found, or where it differs from the nearest one."""
        if found == HALF:
            return "half"
        differs = [
            {
                name: f"{found.get(name)}, not {moment[group].get(name)}"
                for name in found.keys() | moment[group].keys()
                if moment[group].get(name) != found.get(name)
            }
            for moment in self.moments
        ]
        nearest = min(range(len(differs)), key=lambda number: len(differs[number]))
        return str(nearest) if not differs[nearest] else f"a mixture: {nearest}, but {differs[nearest]}"

    def exploration(self) -> Exploration:
        """All cuts of the power."""
        return Exploration(self.recording, self.judge, self.allowed)

    def judge(self, place: str) -> str:
        """Boots a machine after a cut: recovers, looks, recovers again, and goes on with the runs."""
        box = Box(place, self.scenario.reads, cut_off("boot-2"))
        box.run("recover boot")
        recovered = self._read(place)
        if recovered not in self._known:
            self._known[recovered] = self._look(place) + self._follow(place, recovered)
        return self._known[recovered]

    def _look(self, place: str) -> str:
        """What a recovered machine is in."""
        root = Path(place)
        view = self._view(root)
        versions = {group: self._version(group, view[group]) for group in view}
        pairs = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(self.log, lines(root)))
        there = sum(1 for _ in pairs)
        outcome = ", ".join(f"{group} {version}" for group, version in {**versions, "log": there}.items())
        if any(version.isdigit() and self.logged[int(version)] > there for version in versions.values()):
            outcome += "; a change without its line in the log"
        return outcome if HALF in view.values() else outcome + left_behind(root)

    def _read(self, place: str) -> int:
        """Number of the machine's disk, without the lock file, whose text names a process."""
        with open(f"{place}/{STATE}/lock", "wb"):
            return self._forest.read(place)

    def _follow(self, place: str, recovered: int) -> str:
        """What is wrong with a recovered machine, "" when nothing is."""
        root = Path(place)
        box = Box(place, self.scenario.reads, cut_off("boot-3"))
        box.run("recover boot")
        again = self._read(place)
        if again != recovered:
            return f"; a second recovery changes {difference(self._forest, recovered, again)}"
        box.system.boot()
        for run in self.scenario.runs:
            self._run(box, run)
        final = {**self._view(root), "extra": self.scenario.extra(root)}
        wanted = {**self.moments[-1], "extra": self.extra}
        if final != wanted:
            return f"; the next runs lead to {unlike(final, wanted)}"
        for run in self.scenario.runs:
            said = box.run(run.verb, run.document)
            if said[0] != "unchanged":
                return f"; and {run.verb} says once more: {said[0]}"
        return left_behind(root)


def make_system(root: Path) -> None:
    """A bare machine."""
    for name in ("etc/systemd/system/multi-user.target.wants", "usr/sbin", "usr/lib/systemd/system", "var/log"):
        (root / name).mkdir(parents=True)
    for name in ("var/lib/apt/lists/partial", "var/lib/dpkg", "usr/local/lib", "proc/sys"):
        (root / name).mkdir(parents=True)
    (root / "var/lib/apt/lists/deb_Packages").write_text("")
    os.utime(root / "var/lib/apt/lists")
    for name in ("noise", "quiet"):
        (root / f"usr/lib/systemd/system/{name}.service").write_text(service(name))
    (root / "etc/systemd/system/multi-user.target.wants/noise.service").symlink_to(
        "/usr/lib/systemd/system/noise.service"
    )
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 0\n")
    (root / "etc/own.conf").write_text("of the machine itself\n")
    (root / "etc/own.conf").chmod(0o640)
    (root / "etc/own.link").symlink_to("own.conf")
    (root / "etc/own.d").mkdir(mode=0o750)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\nme:x:1000:1000::/home/me:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nme:x:1000:\n")


def left_behind(root: Path) -> str:
    """Names temporary files that nobody removed; "" when there are none."""
    found = [str(name.relative_to(root)) for name in root.rglob("*") if ".sovereign-edge." in name.name]
    found += [str(name.relative_to(root)) for name in root.rglob("*.new")]
    return f"; left behind: {sorted(found)}" if found else ""


def difference(forest: Forest, one: int, other: int) -> list[str]:
    """Paths in which two trees differ."""
    first, second = forest.flat(one), forest.flat(other)
    return sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))


def unlike(found: View, wanted: View) -> str:
    """What is other than wanted."""
    return "; ".join(
        f"{group} {name}: {found[group].get(name)} instead of {things[name]}"
        for group, things in wanted.items()
        for name in things
        if found[group].get(name) != things[name]
    )


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


def enabled(root: Path, names: Sequence[str]) -> dict[str, str]:
    """Which units start at boot."""
    return {name: look(root / "etc/systemd/system/multi-user.target.wants" / name) for name in names}


def manifest(root: Path, role: str) -> dict[str, Any] | None:
    """What the machine recorded of a role."""
    name = root / STATE / "roles" / f"{role}.json"
    return json.loads(name.read_bytes()) if name.exists() else None


def record(root: Path, role: str) -> dict[str, str]:
    """The same as a part of a view: which desired state the record says that the machine is in."""
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


def secrets(generation: int, **more: str) -> bytes:
    """A secrets document: one secret in some generation, one that stays, and others of one generation only."""
    values = {
        **{name: {"generation": 1, "value": value} for name, value in more.items()},
        "web.password": {"generation": generation, "value": f"password of generation {generation}"},
        "web.salt": {"generation": 1, "value": "salt that stays"},
    }
    header = {"version": 1, "fleet": "dev", "node": "alice", "incarnation": 1}
    return json.dumps({**header, "secrets": values, "wireguard": {"bob": "k" * 43 + "="}}).encode()


def roster(**roles: bytes) -> bytes:
    """A roster of roles given with their desired states."""
    header = {"version": 1, "fleet": "dev", "node": "alice", "incarnation": 1}
    return json.dumps({**header, "roles": {role: digest(data) for role, data in roles.items()}}).encode()


def service(text: str) -> str:
    """A unit file."""
    return f"[Service]\nExecStart=/usr/bin/{text}\n[Install]\nWantedBy=multi-user.target\n"


MASKED = {"enabled": False, "running": False, "masked": True}
OLD_WEB = document(
    "web",
    secrets={"web.password": 1, "web.salt": 1},
    files={
        "/etc/web/web.conf": file("one {{secret:web.password}}\n", "0640"),
        "/etc/web/mode.conf": file("the same\n", "0644"),
        "/etc/web/dropped.conf": file("of old\n"),
        "/etc/systemd/system/web.service": file(service("web")),
    },
    links={"/etc/web/current": {"target": "releases/1"}},
    units={"web.service": unit(enabled=False, restartOn={"/etc/web/web.conf": True}), "quiet.service": MASKED},
)
NEW_WEB = document(
    "web",
    packages={"alpha": {}, "beta": {}, "gamma": {}},
    users={"web": {"home": "/srv/web"}},
    secrets={"web.password": 2, "web.salt": 1},
    directories={"/srv/web": {"mode": "0750", "owner": "web:web"}},
    files={
        "/etc/web/web.conf": file("two {{secret:web.password}}\n", "0640"),
        "/etc/web/mode.conf": file("the same\n", "0600"),
        "/etc/web.d/extra/new.conf": file("new\n", owner="me:me"),
        "/etc/systemd/system/web.service": file(service("web")),
        "/etc/systemd/system/worker.service": file(service("worker")),
    },
    links={"/etc/web/current": {"target": "releases/2"}},
    units={
        "web.service": unit(restartOn={"/etc/web/web.conf": True}),
        "worker.service": unit(restartOn={"/etc/web.d/extra/new.conf": True}),
        "quiet.service": unit(enabled=False),
        "noise.service": MASKED,
    },
)
GONE = document(
    "gone",
    secrets={"gone.key": 1},
    directories={
        "/srv/gone": {"mode": "0755", "owner": "root:root"},
        "/etc/own.d": {"mode": "0755", "owner": "root:root"},
    },
    files={
        "/etc/gone.d/extra/gone.conf": file("gone {{secret:gone.key}}\n", "0600"),
        "/etc/own.conf": file("of the role\n"),
        "/etc/systemd/system/gone.service": file(service("gone")),
    },
    links={"/etc/own.link": {"target": "gone.d"}},
    units={"gone.service": unit(), "own.service": unit(enabled=False, running=False)},
)


class Web(Scenario):
    """A rotation, a role that changes, and the sweep: 3 packages, 4 files, 1 link, 2 units and 1 secret; and a file, a
    unit and a role that go."""

    reads: ClassVar = {
        "web.service": ["/etc/web/web.conf", "/etc/web/mode.conf"],
        "worker.service": ["/etc/web.d/extra/new.conf"],
        "gone.service": ["/etc/gone.d/extra/gone.conf"],
    }
    runs: ClassVar = [
        Run("secrets", secrets(2)),
        Run("apply", NEW_WEB),
        Run("finish", roster(web=NEW_WEB), halves=frozenset({"gone", "dropped"})),
    ]

    def prepare(self, box: Box) -> None:
        """The old role, and one that will go."""
        box.run("secrets", secrets(1, **{"gone.key": "key that goes"}))
        box.run("apply", OLD_WEB)
        box.run("apply", GONE)
        box.run("finish", roster(web=OLD_WEB, gone=GONE))

    def view(self, root: Path) -> View:
        """Secrets, the role, and what is swept."""
        web = ["web/web.conf", "web/mode.conf", "web.d/extra/new.conf", "web/current"]
        web += [f"systemd/system/{name}.service" for name in ("web", "worker", "noise", "quiet")]
        view = {
            "secrets": looks(root, [f"/{STATE}/{name}.json" for name in ("secrets/web.password", "wireguard")]),
            "kept": looks(root, [f"/{STATE}/secrets/web.salt.json"]),
            "web": {
                **looks(root, [f"/etc/{name}" for name in web]),
                **enabled(root, ["web.service", "worker.service", "noise.service", "quiet.service"]),
                **record(root, "web"),
            },
            "dropped": self._dropped(root, "/etc/web/dropped.conf"),
            "gone": {**self._gone(root), **record(root, "gone")},
            "policy": looks(root, ["/usr/sbin/policy-rc.d"]),
            "key": looks(root, [f"/{STATE}/secrets/gone.key.json"]),
        }
        if view["web"]["record"] == digest(NEW_WEB):
            view["web"].update(self.extra(root))
        if view["gone"]["record"].endswith("dirty"):
            view["gone"] = HALF
        return view

    @staticmethod
    def _dropped(root: Path, name: str) -> Mapping[str, str]:
        found = manifest(root, "web")
        known = found is not None and name in found["touched"]["paths"]
        there = looks(root, [name])
        return HALF if known and there[name] == "nothing" else {**there, "record": str(known)}

    @staticmethod
    def _gone(root: Path) -> Mapping[str, str]:
        names = ["/etc/gone.d", "/etc/gone.d/extra/gone.conf", "/etc/systemd/system/gone.service", "/srv/gone"]
        names += ["/etc/own.conf", "/etc/own.link", "/etc/own.d"]
        return {**looks(root, names), **enabled(root, ["gone.service", "own.service"])}

    def extra(self, root: Path) -> Mapping[str, str]:
        """Packages, users and directories stay when a change is undone."""
        found = looks(
            root, ["/var/lib/dpkg/status", "/etc/passwd", "/srv", "/srv/web", "/etc/web.d", "/etc/web.d/extra"]
        )
        return {**found, "touched": json.dumps((manifest(root, "web") or {}).get("touched"), sort_keys=True)}


OLD_FIREWALL = document(
    "firewall",
    files={"/etc/nftables.conf": file("table inet old\n", "0755", validate=["nft", "-c", "-f", "{}"])},
    actions={"load": {"argv": ["nft", "-f", "/etc/nftables.conf"], "on": {"/etc/nftables.conf": True}}},
    units={"nftables.service": unit()},
    confirm={"window": 60},
)
NEW_FIREWALL = document(
    "firewall",
    files={
        "/etc/nftables.conf": file("table inet new\n", "0755", validate=["nft", "-c", "-f", "{}"]),
        "/etc/nftables.d/more.nft": file("table inet more\n"),
    },
    actions={"load": {"argv": ["nft", "-f", "/etc/nftables.conf"], "on": {"/etc/nftables.conf": True}}},
    units={"nftables.service": unit()},
    confirm={"window": 60},
)


class Firewall(Scenario):
    """A confirmed commit: applied and armed, and confirmed by a second run."""

    reads: ClassVar = {"nftables.service": ["/etc/nftables.conf"]}
    runs: ClassVar = [Run("apply", NEW_FIREWALL, commits=False), Run("apply", NEW_FIREWALL)]

    def prepare(self, box: Box) -> None:
        """The old firewall, confirmed."""
        (box.root / "usr/lib/systemd/system/nftables.service").write_text(service("nft"))
        (box.root / "etc/nftables.conf").write_text("as Debian has it\n")
        with contextlib.suppress(converge.Armed):
            box.run("apply", OLD_FIREWALL)
        box.run("apply", OLD_FIREWALL)
        box.run("finish", roster(firewall=OLD_FIREWALL))

    def view(self, root: Path) -> View:
        """The files, the unit and the record."""
        names = ["/etc/nftables.conf", "/etc/nftables.d/more.nft"]
        return {
            "firewall": {**looks(root, names), **enabled(root, ["nftables.service"]), **record(root, "firewall")},
        }


class FirstFirewall(Firewall):
    """The same on a machine that has none of ours yet."""

    runs: ClassVar = [Run("apply", OLD_FIREWALL, commits=False), Run("apply", OLD_FIREWALL)]

    def prepare(self, box: Box) -> None:
        """What the package brought, not enabled."""
        (box.root / "usr/lib/systemd/system/nftables.service").write_text(service("nft"))
        (box.root / "etc/nftables.conf").write_text("as Debian has it\n")
