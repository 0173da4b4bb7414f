"""A machine in a directory that nothing may leave: every write anywhere else is noted, whatever way it takes."""

from __future__ import annotations

import contextlib
import io
import os
import random
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from converge_support import Node, converge

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FOLLOWING = {"os.chmod", "os.chown", "os.truncate", "os.utime", "os.setxattr", "os.removexattr"}
"""Events of what acts on the file that a link leads to."""
NAMING = {"os.remove", "os.rmdir", "os.mkdir", "os.rename", "os.link", "os.symlink"}
"""Events of what acts on a name."""
NEVER = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.connect", "urllib.Request"}


class Guard:
    """Listens to Python's own audit events, past which no file operation goes, and stops what is wrong."""

    def __init__(self) -> None:
        self.root = ""
        self.breaches: list[str] = []
        self.writes = 0
        sys.addaudithook(self._hear)

    @contextlib.contextmanager
    def within(self, root: Path) -> Iterator[None]:
        """Notes every write outside of `root`."""
        self.root = os.path.realpath(root)
        try:
            yield
        finally:
            self.root = ""

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        root, self.root = self.root, ""
        if root:
            try:
                self._judge(root, event, arguments)
            finally:
                self.root = root

    def _judge(self, root: str, event: str, arguments: tuple[Any, ...]) -> None:
        touched: list[str] = []
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES:
            follows = not arguments[2] & (os.O_NOFOLLOW | os.O_EXCL)
            touched = [_real(arguments[0], -1, follows)]
        elif event in ("os.rename", "os.link"):
            source, target, source_directory, target_directory = arguments[:4]
            touched = [_real(source, source_directory, False), _real(target, target_directory, False)]
        elif event == "os.symlink":
            touched = [_real(arguments[1], arguments[2], False)]
        elif event in NAMING or event in FOLLOWING:
            directory = arguments[-1] if isinstance(arguments[-1], int) and event != "os.truncate" else -1
            touched = [_real(arguments[0], directory, event in FOLLOWING)]
        self.writes += len(touched)
        outside = [f"{event} {place}" for place in touched if place and not place.startswith(root + "/")]
        outside += [f"{event} {arguments!r}"] if event in NEVER else []
        if outside:
            self.breaches += outside
            raise PermissionError(f"outside of the machine: {outside}")


def _real(name: Any, directory: int, follows: bool) -> str:
    """Where a name leads; "" for what is open already."""
    if isinstance(name, int):
        return ""
    text = os.fsdecode(name)
    if directory >= 0:
        text = os.path.join(os.readlink(f"/proc/self/fd/{directory}"), text)
    if follows:
        return os.path.realpath(text)
    return os.path.join(os.path.realpath(os.path.dirname(text)), os.path.basename(text))


class Sandbox:
    """A machine whose commands all succeed and do nothing, and a world around it."""

    def __init__(self, place: Path, guard: Guard) -> None:
        self.guard = guard
        self.world = place / "world"
        (self.world / "directory").mkdir(parents=True)
        (self.world / "file").write_text("of somebody else")
        for name in ("conf", "web.service", "limits.conf", "web"):
            (self.world / "directory" / name).write_text("of somebody else")
        self.node = Node(place / "machine")
        self.root = self.node.root
        (self.root / "etc/os-release").write_text('ID=debian\nVERSION_ID="13"\n')
        with (self.root / "etc/group").open("a") as file:
            file.write("video:x:44:\n")
        self.node.system.answers["groupadd"] = self._groupadd
        self.node.system.available = {"nginx": [], "libssl3:amd64": []}

    def _groupadd(self, words: list[str]) -> tuple[int, str]:
        with (self.root / "etc/group").open("a") as file:
            file.write(f"{words[-1]}:x:991:\n")
        return 0, ""

    def run(self, monkeypatch: Any, data: Any, *words: str) -> tuple[int, str]:
        """converge.py with bytes, or what has a `read`, on its standard input: exit code, and what it printed."""
        self.node.system.calls.clear()
        output = io.StringIO()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data) if isinstance(data, bytes) else data))
            patch.setattr(sys, "stdout", output)
            patch.setattr(sys, "stderr", output)
            patch.setattr(converge.Machine, "__init__", self._machine(converge.Machine.__init__))
            with self.guard.within(self.root):
                code = converge.main(["--root", str(self.root), *words])
        return code, output.getvalue()

    def _machine(self, make: Any) -> Any:
        def init(machine: Any, root: str = "", system: Any = None, auth: str = "") -> None:
            make(machine, root, system or self.node.system, auth)

        return init

    def plant(self, dice: random.Random) -> None:
        """Puts something in the way of the documents, as whoever owns a directory could."""
        place = self.root / dice.choice(PLACES if dice.random() < 0.9 else FAR_UP)
        # Only where nothing planted before leads away.
        if os.path.realpath(place.parent) != str(place.parent) or not _made(place.parent):
            return
        if os.path.lexists(place) and dice.random() < 0.5:
            return
        converge.remove(str(place))
        kind = dice.randrange(6)
        if kind == 0:
            place.symlink_to(self.world / dice.choice(("directory", "file", "nothing")))
        elif kind == 1:
            place.symlink_to(dice.choice(("/", ".", "..", "../../../..", place.name, "/etc", "x" * 250)))
        elif kind == 2:
            place.write_text("in the way")
        elif kind == 3 and "apt" not in place.parts:
            # The apt of these tests would wait at a pipe for ever.
            os.mkfifo(place)
        elif kind == 4:
            (place / "inner").mkdir(parents=True)
        else:
            os.mknod(place, 0o600 | stat.S_IFSOCK)
        os.chown(place, *dice.choice(((0, 0), (1000, 1000))), follow_symlinks=False)

    def outside(self) -> dict[str, tuple[int, int, str]]:
        """The world as it is now."""
        return _snapshot(self.world)

    def inside(self) -> dict[str, tuple[int, int, str]]:
        """The machine without what is converge.py's own."""
        found = _snapshot(self.root)
        return {name: entry for name, entry in found.items() if "/sovereign-edge/" not in f"{name}/"}


PLACES = ["etc/web", "etc/web/conf", "var/lib/web", "var/lib/web/inner", "opt/sovereign-edge", "etc/x", "x", "srv"]
PLACES += ["etc/systemd/system/web.service", "etc/systemd/system/nginx.service.d", "usr/local/bin/web", "usr/local/bin"]
PLACES += ["etc/apt/sources.list.d", "etc/apt/sources.list.d/sovereign-edge-example.sources", "etc/modules-load.d"]
PLACES += ["etc/sysctl.d", "etc/sysctl.d/60-sovereign-edge-web.conf", "etc/web/.sovereign-edge.new"]
PLACES += ["etc/web/.sovereign-edge.old", "var/lib/web/.sovereign-edge.new", ".sovereign-edge.get"]
FAR_UP = ["var", "var/lib", "var/log", "run", "etc/systemd", "etc/systemd/system", "etc/apt", "usr/local", "opt"]
"""Places that only root can change; a machine's image may be like that."""


def _made(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return True


def _snapshot(top: Path) -> dict[str, tuple[int, int, str]]:
    result = {}
    for directory, folders, files in os.walk(top):
        for name in (*folders, *files):
            place = os.path.join(directory, name)
            found = os.lstat(place)
            content = ""
            if stat.S_ISLNK(found.st_mode):
                content = os.readlink(place)
            elif stat.S_ISREG(found.st_mode):
                content = Path(place).read_bytes().decode("latin-1")
            result[os.path.relpath(place, top)] = (found.st_mode, found.st_uid, content)
    return result
