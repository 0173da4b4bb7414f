"""A machine whose systemd, dpkg and clock are part of the disk, or lost with the power, as on a real one.

Enabled and masked units are links below /etc/systemd/system, which `systemctl` makes without fsync; installed packages
stand in dpkg's status file, which dpkg syncs package by package. What runs, with which configuration, and which timers
wait is memory: a cut loses it, a kill does not.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, NamedTuple, Optional

from converge_support import FakeSystem, converge

UNITS = "etc/systemd/system"
WANTS = UNITS + "/multi-user.target.wants"
STATUS = "var/lib/dpkg/status"
DEPENDS = {"beta": ["libbeta"]}
"""package → what comes along"""
NOON = 1_800_000_000
"""The time on every machine here, in seconds since 1970."""


class Memory(NamedTuple):
    """What a machine knows without its disk."""

    running: dict[str, dict[str, str]]
    """unit → the texts that it runs with, by path"""
    timers: frozenset[str]
    boot: str


class CrashSystem(FakeSystem):
    """systemd, dpkg and apt on the disk of `root`. `reads` are the paths whose texts a unit takes at its start."""

    def __init__(self, root: Path, reads: Mapping[str, Sequence[str]], memory: Memory) -> None:
        self.reads = reads
        self.memory = memory
        self.changed: Callable[[str], None] = lambda _: None
        """is told when the memory changed"""
        super().__init__(root)

    @property
    def packages(self) -> dict[str, str]:
        """Installed packages and their versions, as dpkg's status file has them."""
        found: dict[str, str] = json.loads((self.root / STATUS).read_bytes())
        return found

    @packages.setter
    def packages(self, value: dict[str, str]) -> None:
        if not (self.root / STATUS).exists():
            self._write_status(value)

    def _write_status(self, packages: dict[str, str]) -> None:
        name = str(self.root / STATUS)
        os.makedirs(os.path.dirname(name), exist_ok=True)
        _replace(name + "-new", name, json.dumps(packages, sort_keys=True).encode())
        descriptor = os.open(os.path.dirname(name), os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)

    def boot(self) -> None:
        """Starts what is enabled."""
        for unit in sorted(os.listdir(self.root / WANTS)) if (self.root / WANTS).is_dir() else []:
            if self._file(unit) and not self._masked(unit):
                self.memory.running[unit] = self._texts(unit)

    def _texts(self, unit: str) -> dict[str, str]:
        texts = {}
        for name in self.reads.get(unit, ()):
            with contextlib.suppress(FileNotFoundError):
                texts[name] = (self.root / name.lstrip("/")).read_text()
        return texts

    def _file(self, unit: str) -> str:
        for directory in (UNITS, "usr/lib/systemd/system"):
            if os.path.lexists(self.root / directory / unit):
                return f"{directory}/{unit}"
        return ""

    def _masked(self, unit: str) -> bool:
        return os.path.islink(self.root / UNITS / unit)

    def _systemctl(self, words: list[str]) -> tuple[int, str]:
        verb = words[1]
        names = [word for word in words[2:] if not word.startswith("-")]
        if verb == "show":
            return 0, "\n\n".join(self._show(unit) for unit in names)
        for name in names:
            if name.endswith(".timer"):
                self._set_timers(self.memory.timers - {name})
            elif not self._file(name):
                return 5, f"Unit {name} not found."
            else:
                self._operate(verb, name)
        return 0, ""

    def _operate(self, verb: str, unit: str) -> None:
        running = self.memory.running
        link = self.root / WANTS / unit
        if verb == "stop":
            running.pop(unit, None)
        elif verb in ("start", "restart", "reload", "reload-or-restart") and not self._masked(unit):
            if verb != "start" or unit not in running:
                running[unit] = self._texts(unit)
        elif verb == "enable":
            os.makedirs(link.parent, exist_ok=True)
            if not os.path.lexists(link):
                os.symlink(f"/{self._file(unit)}", link)
        elif verb == "disable" and os.path.lexists(link):
            os.unlink(link)
            with contextlib.suppress(OSError):
                os.rmdir(link.parent)
        elif verb == "mask":
            os.symlink("/dev/null", self.root / UNITS / unit)
        elif verb == "unmask" and self._masked(unit):
            os.unlink(self.root / UNITS / unit)
        self.changed(f"systemctl {verb} {unit}")

    def _show(self, name: str) -> str:
        if not self._file(name):
            return "LoadState=not-found\nActiveState=inactive\nUnitFileState="
        active = "active" if name in self.memory.running else "inactive"
        state = "enabled" if os.path.lexists(self.root / WANTS / name) else "disabled"
        load, state = ("masked", "masked") if self._masked(name) else ("loaded", state)
        return f"LoadState={load}\nActiveState={active}\nUnitFileState={state}"

    def _systemd_run(self, words: list[str]) -> tuple[int, str]:
        name = next((word[len("--unit=") :] for word in words if word.startswith("--unit=")), "")
        if any(word.startswith("--on-active") for word in words):
            self._set_timers(self.memory.timers | {name + ".timer"})
        return 0, ""

    def _set_timers(self, timers: frozenset[str]) -> None:
        self.memory = self.memory._replace(timers=timers)
        self.changed(f"timers: {sorted(timers)}")

    def _apt_get(self, words: list[str]) -> tuple[int, str]:
        verb = next(word for word in words if word in ("install", "update", "purge", "autoremove"))
        names = words[words.index("--") + 1 :] if "--" in words else words[words.index(verb) + 1 :]
        if "-s" in words:
            gone = names if verb == "purge" else []
            return 0, "".join(f"Purg {name} [1.0]\n" for name in gone)
        if verb == "install" and "--print-uris" not in words:
            for name in names:
                for package in (*DEPENDS.get(name, ()), name):
                    self._write_status({**self.packages, package: "1.0"})
        elif verb == "purge":
            for name in names:
                self._write_status({other: at for other, at in self.packages.items() if other != name})
        return 0, ""

    def _groupadd(self, words: list[str]) -> tuple[int, str]:
        number = words[words.index("--gid") + 1]
        self._write("group", [*self._lines("group"), [words[-1], "x", number, ""]])
        return 0, ""

    def _write(self, name: str, lines: list[list[str]]) -> None:
        """As useradd and its like do it: a new file, synced, and a rename that is not."""
        place = str(self.root / "etc" / name)
        _replace(place + "-new", place, "".join(":".join(line) + "\n" for line in lines).encode())

    def remember(self) -> Memory:
        """A copy of what is not on the disk."""
        return copy.deepcopy(self.memory)


def _replace(new: str, name: str, data: bytes) -> None:
    with open(new, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, name)


class StillClock:
    """The time module on a machine where it is always noon; sleeping lets time pass at once."""

    def __init__(self) -> None:
        self.slept = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def time(self) -> float:
        """Seconds since 1970."""
        return NOON + self.slept

    def monotonic(self) -> float:
        """Seconds since the boot."""
        return 1000 + self.slept

    def clock_gettime_ns(self, _clock: int) -> int:
        """Nanoseconds since the boot."""
        return int(self.monotonic() * 1e9)

    def perf_counter(self) -> float:
        """Seconds."""
        return self.monotonic()

    def gmtime(self, seconds: Optional[float] = None) -> time.struct_time:
        """The time in UTC."""
        return time.gmtime(self.time() if seconds is None else seconds)

    def sleep(self, seconds: float) -> None:
        """Lets time pass."""
        self.slept += seconds


class BootIds:
    """`/proc/sys/kernel/random/boot_id`, as the machine that is looked at just now has it."""

    def __init__(self) -> None:
        self.now = "boot-1"

    def __call__(self) -> str:
        return self.now


boot_ids = BootIds()
clock = StillClock()


@contextlib.contextmanager
def still_time(modules: Sequence[ModuleType]) -> Iterator[None]:
    """Gives the modules a clock that stands still, and boot ids of ours. Workers that are forked have them too."""
    with contextlib.ExitStack() as undo:
        for module in modules:
            for name, standin in (("time", clock), ("boot_id", boot_ids)):
                if name in vars(module):
                    undo.callback(setattr, module, name, vars(module)[name])
                    setattr(module, name, standin)
        yield


class Box:
    """One machine: a directory, and short ways to run a verb there."""

    def __init__(self, root: str, reads: Mapping[str, Sequence[str]], memory: Memory) -> None:
        self.root = Path(root)
        boot_ids.now = memory.boot
        clock.slept = 0.0
        self.system = CrashSystem(self.root, reads, memory)

    def run(self, verb: str, document: bytes = b"") -> list[str]:
        """Runs a verb; raises what the program raises. The exit code 75 comes as the exception `Armed`."""
        machine = converge.Machine(str(self.root), self.system)
        if verb == "anchor":
            return [converge.anchor(machine)]
        lines: list[str] = converge.run_verb(machine, verb.split(), lambda: document)
        return lines


def cut_off(boot: str) -> Memory:
    """The memory after a cut: empty, in a boot of its own."""
    return Memory({}, frozenset(), boot)


def service(text: str) -> str:
    """A unit file."""
    return f"[Service]\nExecStart=/usr/bin/{text}\n[Install]\nWantedBy=multi-user.target\n"


def make_system(root: Path) -> None:
    """A bare machine with some files and units of its own."""
    for name in (WANTS, "usr/sbin", "usr/lib/systemd/system", "var/log", "var/lib/apt/lists/partial", "var/lib/dpkg"):
        (root / name).mkdir(parents=True)
    for name in ("usr/local/lib", "usr/local/bin", "proc/sys", "opt", "etc/own.d"):
        (root / name).mkdir(parents=True)
    (root / "var/lib/apt/lists/deb_Packages").write_text("")
    os.utime(root / "var/lib/apt/lists", (NOON, NOON))
    for name in ("own", "noise", "quiet", "hidden"):
        (root / f"usr/lib/systemd/system/{name}.service").write_text(service(name))
    for name in ("own", "noise"):
        (root / WANTS / f"{name}.service").symlink_to(f"/usr/lib/systemd/system/{name}.service")
    (root / UNITS / "hidden.service").symlink_to("/dev/null")
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 0\n")
    (root / "etc/own.conf").write_text("of the machine itself\n")
    (root / "etc/own.conf").chmod(0o640)
    (root / "etc/own.link").symlink_to("own.conf")
    (root / "etc/own.d").chmod(0o750)
    accounts = {"root": (0, "/root"), "me": (1000, "/home/me"), "pdns": (105, "/var/lib/powerdns")}
    users = [f"{name}:x:{number}:{number}::{home}:/bin/sh\n" for name, (number, home) in accounts.items()]
    (root / "etc/passwd").write_text("".join(users))
    (root / "etc/group").write_text("".join(f"{name}:x:{number}:\n" for name, (number, _) in accounts.items()))
