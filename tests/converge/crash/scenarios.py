"""What converge.py is recorded at: a change of every kind."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from looks import HALF, STATE, View, enabled, looks, manifest, record
from machines import Box, CrashSystem, service
from recorder import Killed
from trial import Run, Scenario

from converge_support import converge, digest, document, file, unit


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
        "/opt/web/extra/new.conf": file("new\n", owner="me:me"),
        "/etc/systemd/system/web.service": file(service("web")),
        "/etc/systemd/system/worker.service": file(service("worker")),
    },
    links={"/etc/web/current": {"target": "releases/2"}},
    units={
        "web.service": unit(restartOn={"/etc/web/web.conf": True}),
        "worker.service": unit(restartOn={"/opt/web/extra/new.conf": True}),
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
    units={"gone.service": unit(), "own.service": unit(enabled=False, running=False), "hidden.service": unit()},
)


GONE_HALF = frozenset({"gone"})


def view_of_gone(root: Path) -> Mapping[str, str]:
    """The role that goes; while its record says that it is being removed, anything between."""
    names = ["/etc/gone.d", "/etc/gone.d/extra/gone.conf", "/etc/systemd/system/gone.service", "/srv/gone"]
    names += ["/etc/own.conf", "/etc/own.link", "/etc/own.d", "/etc/systemd/system/hidden.service"]
    recorded = record(root, "gone")
    seen = {**looks(root, names), **enabled(root, "gone.service", "own.service", "hidden.service"), **recorded}
    return HALF if recorded["record"].endswith("dirty") else seen


class Web(Scenario):
    """A rotation, a role that changes, and the sweep: 3 packages, 4 files, 1 link, 4 units, 1 user and 1 secret; and a
    file, a secret and a role that go."""

    reads: ClassVar = {
        "web.service": ["/etc/web/web.conf", "/etc/web/mode.conf"],
        "worker.service": ["/opt/web/extra/new.conf"],
        "noise.service": [],
        "quiet.service": [],
    }
    runs: ClassVar = [
        Run("secrets", secrets(2)),
        Run("apply", NEW_WEB),
        Run("finish", roster(web=NEW_WEB), halves=frozenset({"gone", "dropped"})),
    ]
    main = "web"

    def prepare(self, box: Box) -> None:
        """The old role, and one that will go."""
        box.run("secrets", secrets(1, **{"gone.key": "key that goes"}))
        box.run("apply", OLD_WEB)
        box.run("apply", GONE)
        box.run("finish", roster(web=OLD_WEB, gone=GONE))

    def view(self, root: Path) -> View:
        """Secrets, the role, and what is swept."""
        web = ["web/web.conf", "web/mode.conf", "web/current"]
        web += [f"systemd/system/{name}.service" for name in ("web", "worker", "noise", "quiet")]
        units = ["web.service", "worker.service", "noise.service", "quiet.service"]
        view = {
            "secrets": looks(root, [f"/{STATE}/{name}.json" for name in ("secrets/web.password", "wireguard")]),
            "kept": looks(root, [f"/{STATE}/secrets/web.salt.json"]),
            "web": {
                **looks(root, ["/opt/web/extra/new.conf", *(f"/etc/{name}" for name in web)]),
                **enabled(root, *units),
                **record(root, "web"),
            },
            "dropped": self._dropped(root, "/etc/web/dropped.conf"),
            "gone": view_of_gone(root),
            "policy": looks(root, ["/usr/sbin/policy-rc.d"]),
            "key": looks(root, [f"/{STATE}/secrets/gone.key.json"]),
        }
        if view["web"]["record"] == digest(NEW_WEB):
            view["web"] = {**view["web"], **self.extra(root)}
        return view

    @staticmethod
    def _dropped(root: Path, name: str) -> Mapping[str, str]:
        found = manifest(root, "web")
        known = found is not None and name in found["touched"]["paths"]
        there = looks(root, [name])
        return HALF if known and there[name] == "nothing" else {**there, "record": str(known)}

    def extra(self, root: Path) -> Mapping[str, str]:
        """Packages, users and directories stay when a change is undone; what is ours has to be known for ever."""
        names = ["/var/lib/dpkg/status", "/etc/passwd", "/etc/group", "/srv", "/srv/web", "/opt/web", "/opt/web/extra"]
        touched = json.dumps((manifest(root, "web") or {}).get("touched"), sort_keys=True)
        return {**looks(root, names), "touched": touched}


class Failing(Web):
    """A change that fails when all is swapped: it goes back by itself."""

    runs: ClassVar = [Run("apply", NEW_WEB, ends="failed")]
    since = "systemctl restart web.service"

    def prepare(self, box: Box) -> None:
        """The old role, and the new secret."""
        super().prepare(box)
        box.run("secrets", secrets(2))

    def equip(self, system: CrashSystem) -> None:
        """A unit that does not start."""
        system.answers["systemctl start worker.service"] = (1, "it died")

    def extra(self, root: Path) -> Mapping[str, str]:
        """What came on top stays."""
        return {name: words for name, words in super().extra(root).items() if name.startswith("/opt")}


class Undone(Failing):
    """A change that was cut off when all was swapped; the recovery at the next boot is cut off in turn."""

    runs: ClassVar = [Run("recover boot")]
    since = ""
    settled = True
    main = ""

    def prepare(self, box: Box) -> None:
        """The change that is cut off."""
        super().prepare(box)
        box.system.answers["systemctl start worker.service"] = _die
        with contextlib.suppress(Killed):
            box.run("apply", NEW_WEB)

    def follow(self, box: Box) -> str:
        """Nothing."""
        return ""


def _die(_words: object) -> tuple[int, str]:
    raise Killed


class Leave(Scenario):
    """A node that leaves: the roster is empty."""

    runs: ClassVar = [Run("finish", roster(), halves=GONE_HALF)]

    def prepare(self, box: Box) -> None:
        """One role."""
        box.run("secrets", secrets(1, **{"gone.key": "key that goes"}))
        box.run("apply", GONE)
        box.run("finish", roster(gone=GONE))

    def view(self, root: Path) -> View:
        """The role."""
        return {"gone": view_of_gone(root)}


SMALL = document("small", files={"/etc/small.conf": file("small\n")})


class Release(Scenario):
    """Everything of ours goes, the program last. As long as anything is left the program is, to take it away."""

    runs: ClassVar = [Run("release", halves=frozenset({"small", "ours"}))]
    ours: ClassVar = [f"/{STATE}", "/usr/local/lib/sovereign-edge", f"/etc/systemd/system/{converge.RECOVER_UNIT}"]
    tidy = False

    def prepare(self, box: Box) -> None:
        """One role, and the program as `install` puts it there."""
        box.run("apply", SMALL)
        library = box.root / "usr/local/lib/sovereign-edge"
        (library / "versions/1/converge").mkdir(parents=True)
        (library / "versions/1/converge/main.py").write_text("# the program\n")
        (library / "current").symlink_to("versions/1")
        (library / "converge.py").write_text("# the launcher\n")
        (box.root / self.ours[2].lstrip("/")).write_text(service("recover"))
        box.system.run(["systemctl", "enable", converge.RECOVER_UNIT])

    def view(self, root: Path) -> View:
        """The role, and what is ours: all, nothing, or, while it goes, a part."""
        seen = {**looks(root, self.ours), **enabled(root, converge.RECOVER_UNIT)}
        some = {words == "nothing" for words in seen.values()}
        small = {**looks(root, ["/etc/small.conf"]), **record(root, "small")}
        return {
            "small": HALF if small["record"].endswith("dirty") else small,
            "ours": HALF if len(some) > 1 else seen,
        }

    def recover(self, box: Box, boot: bool) -> None:
        """The recovery unit runs when there is a journal."""
        if (box.root / STATE / "journal.json").exists():
            super().recover(box, boot)

    def follow(self, box: Box) -> str:
        """Releases again, if there is a program that can."""
        library = box.root / "usr/local/lib/sovereign-edge"
        if (library / "converge.py").exists() and (library / "current/converge/main.py").exists():
            return super().follow(box)
        rest = {name for name, words in looks(box.root, self.ours).items() if words != "nothing"} - {self.ours[1]}
        (box.root / STATE).parent.mkdir(exist_ok=True)
        super().follow(box)
        return f"; no program, but {sorted(rest)}" if rest else ""


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
    runs: ClassVar = [Run("apply", NEW_FIREWALL, ends="armed"), Run("apply", NEW_FIREWALL)]
    main = "firewall"

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
        return {"firewall": {**looks(root, names), **enabled(root, "nftables.service"), **record(root, "firewall")}}


class FirstFirewall(Firewall):
    """The same on a machine that has none of ours yet."""

    runs: ClassVar = [Run("apply", OLD_FIREWALL, ends="armed"), Run("apply", OLD_FIREWALL)]

    def prepare(self, box: Box) -> None:
        """What the package brought, not enabled."""
        (box.root / "usr/lib/systemd/system/nftables.service").write_text(service("nft"))
        (box.root / "etc/nftables.conf").write_text("as Debian has it\n")


MAIN: list[type[Scenario]] = [Web, Firewall, FirstFirewall, Failing, Undone, Leave, Release]
