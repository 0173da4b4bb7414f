"""The journal: what a change is about to do, on the disk before it does it, so that it can be undone from there.

journal.json holds one change of one machine. While its phase is `staging` nothing that is in use was touched; from
`swapping` or `armed` on everything in it may have happened. The commit point is the role's manifest, which then names
the journal's run: a journal whose run is committed only has to be cleared away, any other is undone. Undoing is the
same after a failed check, a kill, a power cut and an unconfirmed change, and can itself be cut off and done again.
"""

from __future__ import annotations

import os
import time
from _collections_abc import Mapping, Sequence

from converge.artifacts import Stamp, load_stamps
from converge.durable import fsync_directory, remove
from converge.errors import Failed, reason
from converge.light import suppress
from converge.machine import Machine, Manifest, UnitState
from converge.packages import installed_packages, restore_policy
from converge.paths import OLD, STAGE, UNITS, is_unit_path
from converge.places import check_parents, put_back
from converge.sysctl import write_sysctl
from converge.typed import TypedDict, cast


class Confirm(TypedDict):
    """A change that waits for its confirmation over a fresh connection."""

    boot: str
    """Boot that the deadline belongs to; after another one the change is undone."""
    deadline: int
    """Milliseconds since that boot."""
    window: int
    """Seconds from the swap to the deadline."""
    applied: bool
    """The first run has done its part; `done` is what it did."""
    done: list[str]
    found: list[str]
    peers: dict[str, int]
    """WireGuard peers that were alive before, by public key: bytes received until then."""


class Journal(TypedDict):
    """A change that is going on."""

    run: str
    key: str
    """Verb, role and hash: a later run with the same one goes on with this change."""
    role: str
    phase: str
    directories: list[str]
    """Where STAGE and OLD may be."""
    swaps: dict[str, bool]
    """path → whether something stood there, whose backup is in OLD beside it"""
    units: dict[str, UnitState]
    """unit → its state before"""
    touch: dict[str, str]
    """unit → reload or restart, when its files change"""
    sysctl: dict[str, str]
    stamps: dict[str, Stamp]
    first: list[list[str]]
    """Commands to run before the files go back."""
    last: list[list[str]]
    """Commands to run after the files went back."""
    packages: list[str]
    """All packages that were installed before, when some are added: what came along with them is found by that."""
    final: bool
    """A new version has run and may have changed its data: nothing is undone from here on."""
    confirm: Confirm | None


def load(machine: Machine) -> Journal | None:
    """The journal of a change that is going on or was cut off; None when there is none."""
    return cast("Journal | None", machine.load("journal.json"))


def save(machine: Machine, journal: Journal) -> None:
    """Writes the journal, durably: what it says may happen after that."""
    machine.save("journal.json", journal)


def close(machine: Machine, journal: Journal) -> None:
    """Clears away what the change left beside the files, and then the journal."""
    for directory in journal["directories"]:
        place = machine.at(directory)
        # Where a service's link has come since then, nothing of ours is to be found.
        with suppress(FileNotFoundError, NotADirectoryError, Failed):
            check_parents(machine, directory, itself=True)
            swapped = [os.path.basename(name) for name in below(journal, directory)]
            for name in (*(f"{OLD}/{name}" for name in swapped), STAGE, OLD, *(name + OLD for name in swapped)):
                remove(os.path.join(place, name))
            fsync_directory(place)
    # That it is gone need not be on the disk: to clear away a second time, or to undo what was undone, changes nothing.
    remove(machine.state("journal.json"))


def is_committed(machine: Machine, journal: Journal) -> bool:
    """Whether the change reached its commit point."""
    return machine.manifest(journal["role"]).get("run") == journal["run"]


def below(journal: Journal, directory: str) -> list[str]:
    """The paths right in a directory whose content is swapped."""
    return sorted(name for name in journal["swaps"] if os.path.dirname(name) == directory)


def backup_of(machine: Machine, name: str) -> str:
    """Where the backup of a file or link stands."""
    target = machine.at(name)
    return os.path.join(os.path.dirname(target), OLD, os.path.basename(target))


def directory_aside(machine: Machine, name: str) -> str:
    """Where a directory moves when its place is taken: in the directory that it is in, so that the move is one change
    of the disk, and no power cut can leave it without a name."""
    return machine.at(name) + OLD


def boot_id() -> str:
    """What tells this boot from every other one."""
    with suppress(OSError), open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()
    return ""


def since_boot() -> int:
    """Milliseconds since the machine booted, sleep included: no clock that is set can move a deadline."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def seconds_left(confirm: Confirm) -> float:
    """Seconds until a change goes back; negative when it is due, also because the machine was booted again."""
    return (confirm["deadline"] - since_boot()) / 1000 if confirm["boot"] == boot_id() else -1.0


class Undo:
    """Takes a change back. What cannot be undone is collected, and everything else is undone all the same."""

    def __init__(self, machine: Machine, journal: Journal, operated: Sequence[str] | None = None) -> None:
        self.machine = machine
        self.journal = journal
        self.operated = journal["units"].keys() if operated is None else set(operated)
        """Units that were started, reloaded or restarted with the new files; all, when that is not known."""
        self.problems: list[str] = []

    def run(self, boot: bool = False) -> list[str]:
        """What could not be undone, in words. `boot`: no service runs yet, and none must be waited for."""
        journal = self.journal
        if journal["phase"] == "staging":
            return []
        if not boot:
            for command in journal["first"]:
                self.machine.system.run(command, 60)
        self._leave_units(boot)
        self._files()
        for key, value in journal["sysctl"].items():
            with suppress(Failed):
                write_sysctl(self.machine, key, value)
        if any(is_unit_path(name) for name in journal["swaps"]):
            self._attempt(["systemctl", "daemon-reload"])
        if not boot:
            for command in journal["last"]:
                self._attempt(command)
        self._return_to_units(boot)
        return self.problems

    def _leave_units(self, boot: bool) -> None:
        """Ends what did not run before, while systemd still has its file."""
        before = self.journal["units"]
        for unit, state in self.machine.unit_states(sorted(before)).items():
            if state["masked"] and not before[unit]["masked"]:
                self._attempt(["systemctl", "unmask", unit])
            ours = unit in self.operated and state["known"]
            if not boot and not before[unit]["running"] and (ours or state["running"]):
                # Also one that systemd is about to start once more, which counts as neither running nor failed.
                self._attempt(["systemctl", "stop", unit])
                self.machine.system.run(["systemctl", "reset-failed", unit])
            if state["enabled"] and not before[unit]["enabled"]:
                self._attempt(["systemctl", "disable", unit])
        # For good, before its file goes: without that nothing could be disabled any more.
        sync_units(self.machine)

    def _files(self) -> None:
        for directory in sorted({os.path.dirname(name) for name in self.journal["swaps"]}, reverse=True):
            for name in below(self.journal, directory):
                try:
                    check_parents(self.machine, name)
                    self._file(name)
                except (OSError, Failed) as error:
                    self.problems.append(reason(error))
            with suppress(FileNotFoundError):
                fsync_directory(self.machine.at(directory))
        if self.journal["stamps"]:
            self.machine.save("artifacts.json", {**load_stamps(self.machine), **self.journal["stamps"]})

    def _file(self, name: str) -> None:
        target, backup = self.machine.at(name), backup_of(self.machine, name)
        moved = directory_aside(self.machine, name)
        if not self.journal["swaps"][name]:
            remove(target)
        elif os.path.isdir(moved):
            remove(target)
            os.rename(moved, target)
        elif os.path.lexists(backup):
            put_back(backup, target)

    def _return_to_units(self, boot: bool) -> None:
        before = self.journal["units"]
        for unit, state in self.machine.unit_states(sorted(before)).items():
            if before[unit]["masked"] and not state["masked"]:
                self._attempt(["systemctl", "mask", unit])
            if before[unit]["enabled"] and not state["enabled"]:
                self._attempt(["systemctl", "enable", unit])
            if not boot and before[unit]["running"] and (self._has_new(unit) or not state["running"]):
                if state["failed"]:
                    self.machine.system.run(["systemctl", "reset-failed", unit])
                restart = self.journal["touch"].get(unit) == "restart" and state["running"]
                self._attempt(["systemctl", "restart" if restart else "reload-or-restart", unit])
        sync_units(self.machine)

    def _has_new(self, unit: str) -> bool:
        """Whether the unit may run with the new files."""
        return unit in self.operated and unit in self.journal["touch"]

    def _attempt(self, command: Sequence[str]) -> None:
        result = self.machine.system.run(command, 60)
        if result.code != 0:
            self.problems.append(f"{' '.join(command[:3])} (exit {result.code})")


def sync_units(machine: Machine) -> None:
    """Makes durable what `systemctl enable` and `disable` did: links, in the unit directory and one level below."""
    top = machine.at(UNITS.rstrip("/"))
    with suppress(FileNotFoundError):
        names = [name for name in os.listdir(top) if name.endswith((".wants", ".requires", ".upholds"))]
        for name in (*sorted(names), ""):
            fsync_directory(os.path.join(top, name))


def recover(machine: Machine, journal: Journal, why: str) -> str:
    """Finishes with a change that is not going on any more: clears it away when it is committed, else undoes it."""
    restore_policy(machine)
    if is_committed(machine, journal):
        close(machine, journal)
        return "was complete"
    problems = [] if journal["final"] else Undo(machine, journal).run(machine.booting)
    if journal["role"] in machine.names("roles"):
        manifest = machine.manifest(journal["role"])
        manifest["dirty"] = manifest["dirty"] or journal["final"] or bool(problems)
        manifest["result"] = why
        note_dependencies(machine, manifest, journal)
        machine.save(f"roles/{journal['role']}.json", manifest)
    close(machine, journal)
    if problems:
        return f"could not be undone ({problems[0]})"
    return "stays at the new version" if journal["final"] else "was undone"


def note_dependencies(machine: Machine, manifest: Manifest, journal: Journal) -> None:
    """Records what came along with the packages of a change that did not get to its end."""
    with suppress(Failed):
        touched = manifest["touched"]
        ours = {name.partition(":")[0] for name in touched["packages"]}
        came = installed_packages(machine) - set(journal["packages"]) - ours if journal["packages"] else set()
        touched["dependencies"].update(dict.fromkeys(sorted(came), True))


def matching(actions: Mapping[str, Mapping[str, object]], changed: set[str]) -> list[list[str]]:
    """Commands of the actions that react to one of the paths, in order."""
    return [
        cast("list[str]", action["argv"])
        for _, action in sorted(actions.items())
        if changed & cast("dict[str, bool]", action["on"]).keys()
    ]
