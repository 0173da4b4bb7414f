"""More that converge.py is recorded at: what is rare, and what has a place of its own in the program."""

from __future__ import annotations

import contextlib
import errno
import gzip
import hashlib
import io
import json
import os
import py_compile
import tarfile
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

from looks import HALF, LOG, STATE, View, enabled, look, looks, looks_below, record
from machines import Box, service
from recorder import Killed
from scenarios import roster, secrets
from trial import Run, Scenario

from converge_support import converge, digest, document, file, unit


def boot(number: int, **more: Any) -> bytes:
    """A role with a file on a boot partition."""
    return document("boot", files={"/boot/config.txt": file(f"version={number}\n", "0755"), **more})


class NoLinks(Scenario):
    """A file system that knows no second names, as a Raspberry Pi's boot partition: backups are copies."""

    runs: ClassVar = [Run("apply", boot(2, **{"/boot/more.txt": file("more\n", "0755")}))]

    def prepare(self, box: Box) -> None:
        """The old file."""
        box.run("apply", boot(1))

    def view(self, root: Path) -> View:
        """The files and the record."""
        return {"boot": {**looks(root, ["/boot/config.txt", "/boot/more.txt"]), **record(root, "boot")}}

    @contextlib.contextmanager
    def world(self) -> Iterator[None]:
        """Refuses them."""
        with mock.patch("os.link", side_effect=OSError(errno.EPERM, "no second names here")):
            yield


class NoLinksUndone(NoLinks):
    """There, the recovery is cut off in turn."""

    settled = True
    runs: ClassVar = [Run("recover boot")]

    def prepare(self, box: Box) -> None:
        """A change that is killed before it is committed."""
        super().prepare(box)
        with mock.patch("converge.transaction.record_applied", side_effect=Killed), contextlib.suppress(Killed):
            box.run("apply", boot(2))

    def follow(self, box: Box) -> str:
        """Nothing."""
        return ""


HIDDEN = document("hidden", units={"hidden.service": unit()})


class Hidden(Scenario):
    """A role that goes and has no files: it gives a unit back that was masked."""

    runs: ClassVar = [Run("finish", roster(), halves=frozenset({"hidden"}))]

    def prepare(self, box: Box) -> None:
        """The role."""
        box.run("apply", HIDDEN)
        box.run("finish", roster(hidden=HIDDEN))

    def view(self, root: Path) -> View:
        """The unit; while the record says that the role is being removed, anything between."""
        name = "/etc/systemd/system/hidden.service"
        recorded = record(root, "hidden")
        seen = {**looks(root, [name]), **enabled(root, "hidden.service"), **recorded}
        return {"hidden": HALF if recorded["record"].endswith("dirty") else seen}


class Stored(Scenario):
    """The verb `secrets` alone, and its line in the log."""

    runs: ClassVar = [Run("secrets", secrets(2))]

    def prepare(self, box: Box) -> None:
        """The first generation."""
        box.run("secrets", secrets(1))

    def view(self, root: Path) -> View:
        """The secret."""
        return {"secrets": looks(root, [f"/{STATE}/secrets/web.password.json"])}


class FirstStored(Stored):
    """On a machine where nothing of ours was yet."""

    def prepare(self, box: Box) -> None:
        """Nothing."""


class Torn(Stored):
    """A log whose last line was cut off, and is long."""

    def prepare(self, box: Box) -> None:
        """Half a line."""
        super().prepare(box)
        with (box.root / LOG).open("ab") as log:
            log.write(b'{"changed":["' + b"x" * 2000)


class Full(Stored):
    """A disk that is full when the log is written: refused, and nothing was stored."""

    runs: ClassVar = [Run("secrets", secrets(2), ends="failed")]

    @contextlib.contextmanager
    def world(self) -> Iterator[None]:
        """Takes half of a line."""
        write = os.write

        def half(descriptor: int, data: Any) -> int:
            if not os.readlink(f"/proc/self/fd/{descriptor}").endswith(LOG):
                return write(descriptor, data)
            write(descriptor, bytes(data)[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")

        with mock.patch("os.write", half):
            yield

    def prepare(self, box: Box) -> None:
        """With room."""
        with mock.patch("os.write", _real_write):
            super().prepare(box)


_real_write = os.write


class Told(Stored):
    """A run that is killed when its line is written and not synced; then the engine is told the newest line."""

    runs: ClassVar = [Run("secrets", secrets(2), ends="killed", kill="fsync log/sovereign-edge"), Run("anchor")]

    def follow(self, box: Box) -> str:
        """Nothing."""
        return ""


def archive(**files: str) -> bytes:
    """A tar.gz with one folder around everything."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"tool-1/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(data.getvalue(), mtime=0)


DOWNLOADS = {
    f"https://example.org/{name}": data
    for name, data in {
        "tool-1": b"tool 1\n",
        "tool-2": b"tool two\n",
        "pack-1": archive(run="pack 1\n"),
        "pack-2": archive(run="pack two\n", more="more\n"),
    }.items()
}


def artifact(name: str, **more: str) -> dict[str, Any]:
    """A download."""
    data = DOWNLOADS[f"https://example.org/{name}"]
    fixed = {"url": f"https://example.org/{name}", "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    return {**fixed, "arch": "any", **more}


def tools(place: str, download: Mapping[str, Any]) -> bytes:
    """A role with a download, and a unit that it restarts."""
    return document(
        "tools",
        artifacts={place: download},
        files={"/etc/systemd/system/tool.service": file(service("tool"))},
        units={"tool.service": unit(restartOn={place: True})},
        rollback="binary",
    )


class Tool(Scenario):
    """A download that is a program."""

    reads: ClassVar = {"tool.service": ["/usr/local/bin/tool"]}
    tidy = False
    runs: ClassVar = [Run("apply", tools("/usr/local/bin/tool", artifact("tool-2", mode="0755")))]
    main = "tools"

    def prepare(self, box: Box) -> None:
        """The old version."""
        box.run("apply", tools("/usr/local/bin/tool", artifact("tool-1", mode="0755")))

    @contextlib.contextmanager
    def world(self) -> Iterator[None]:
        """The servers; stamps without times, which a disk that is written anew does not keep; and no notes of progress:
        they are believed for a minute only."""
        with contextlib.ExitStack() as patches:
            patches.enter_context(mock.patch("urllib.request.urlopen", _open_url))
            patches.enter_context(mock.patch("converge.downloads._Teller.tell"))
            for module in converge.modules:
                if "fingerprint" in vars(module):
                    patches.enter_context(mock.patch.object(module, "fingerprint", _fingerprint))
            yield

    def view(self, root: Path) -> View:
        """The files and the record."""
        return {
            "tools": {
                **looks(root, ["/usr/local/bin/tool", "/etc/systemd/system/tool.service"]),
                **looks_below(root, "/opt/pack"),
                **enabled(root, "tool.service"),
                **record(root, "tools"),
            },
        }


TWO_PLACES = document(
    "tools",
    artifacts={
        "/usr/local/bin/tool": artifact("tool-2", mode="0755"),
        "/usr/local/share/tool": artifact("tool-2", mode="0644"),
    },
    files={"/etc/systemd/system/tool.service": file(service("tool"))},
    units={"tool.service": unit(restartOn={"/usr/local/bin/tool": True})},
    rollback="binary",
)


class Copied(Tool):
    """One download in two places, with a mode of its own in the second, which is a copy."""

    runs: ClassVar = [Run("apply", TWO_PLACES)]

    def view(self, root: Path) -> View:
        """The second place too, once it has to be there: what takes nobody's place may stay when a change is undone."""
        seen = super().view(root)["tools"]
        return {"tools": {**seen, **self.extra(root)} if seen["record"] == digest(TWO_PLACES) else seen}

    def extra(self, root: Path) -> Mapping[str, str]:
        """The second place."""
        return looks(root, ["/usr/local/share/tool"])


class Pack(Tool):
    """A download that is an archive and becomes a directory."""

    runs: ClassVar = [Run("apply", tools("/opt/pack", artifact("pack-2", unpack="tar.gz")))]

    def prepare(self, box: Box) -> None:
        """The old version."""
        box.run("apply", tools("/opt/pack", artifact("pack-1", unpack="tar.gz")))


class _Answer(io.BytesIO):
    status = 200
    headers: ClassVar[Mapping[str, str]] = {}


def _open_url(request: urllib.request.Request, **_: object) -> _Answer:
    return _Answer(DOWNLOADS[request.full_url])


def _fingerprint(name: str, spec: Mapping[str, object]) -> str:
    place = Path(name)
    inside = sorted(place.rglob("*")) if place.is_dir() else []
    return repr((spec["unpack"], [(str(entry)[len(name) :], entry.lstat().st_size) for entry in inside]))


def bundle(number: int) -> bytes:
    """A program of two modules."""
    files = {"converge.py": "# launcher\n", "converge/__init__.py": "", "converge/main.py": f"NUMBER = {number}\n"}
    return json.dumps(files, sort_keys=True, separators=(",", ":")).encode()


def wanted(number: int) -> bytes:
    """Which program is wanted."""
    header = {"version": 1, "fleet": "dev", "node": "alice", "incarnation": 1}
    return json.dumps({**header, "program": hashlib.sha256(bundle(number)).hexdigest()}).encode()


class Install(Scenario):
    """A new version of the program."""

    runs: ClassVar = [Run("install", wanted(2))]
    tidy = False
    library: ClassVar = "/usr/local/lib/sovereign-edge"

    def prepare(self, box: Box) -> None:
        """The old version."""
        with mock.patch("converge.install.bundle", bundle(1)):
            box.run("install", wanted(1))

    @contextlib.contextmanager
    def world(self) -> Iterator[None]:
        """The upload; and Python's compiler, whose files are written where the recorder cannot look."""
        with mock.patch("converge.install.bundle", bundle(2)), mock.patch.object(py_compile, "compile", _compile):
            yield

    def view(self, root: Path) -> View:
        """What runs: the launcher, the version that it leads to, the copy of the bundle, and the unit."""
        current = (root / self.library.lstrip("/") / "current").resolve()
        unit_file = f"/etc/systemd/system/{converge.RECOVER_UNIT}"
        return {
            "program": {str(name.relative_to(current)): look(name) for name in sorted(current.rglob("*"))},
            "launcher": looks(root, [f"{self.library}/converge.py"]),
            "bundle": looks(root, [f"{self.library}/program.json"]),
            "unit": looks(root, [unit_file]),
            "enabled": enabled(root, converge.RECOVER_UNIT),
        }


class FirstInstall(Install):
    """The first version."""

    def prepare(self, box: Box) -> None:
        """Nothing."""


def _compile(file: str, **_: object) -> None:
    place = f"{os.path.dirname(file)}/__pycache__"
    os.makedirs(place, exist_ok=True)
    with open(f"{place}/{os.path.basename(file)}c", "wb") as compiled:
        compiled.write(b"compiled " + Path(file).read_bytes())


class Zones(Scenario):
    """PowerDNS's database."""

    runs: ClassVar = [Run("zone-init")]
    tidy = False

    def prepare(self, box: Box) -> None:
        """Its schema."""
        for name in (converge.SCHEMA, converge.DATABASE):
            (box.root / name.lstrip("/")).parent.mkdir(parents=True)
        (box.root / converge.SCHEMA.lstrip("/")).write_text("create table domains (id integer);\n")

    @contextlib.contextmanager
    def world(self) -> Iterator[None]:
        """SQLite syncs what it writes, where the recorder cannot look."""
        with mock.patch("converge.zones.make_database", _make_database):
            yield

    def view(self, root: Path) -> View:
        """The database."""
        return {"database": looks(root, [converge.DATABASE])}


def _make_database(_machine: object, name: str) -> None:
    with open(name, "wb") as database:
        database.write(b"SQLite format 3")
        database.flush()
        os.fsync(database.fileno())


CORNERS: list[type[Scenario]] = [NoLinks, NoLinksUndone, Stored, FirstStored, Torn, Full, Told]
CORNERS += [Tool, Copied, Pack, Hidden, Install, FirstInstall, Zones]
