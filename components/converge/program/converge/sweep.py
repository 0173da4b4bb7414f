"""The sweep: taking away what is not wanted any more; and release, which takes everything away."""

from __future__ import annotations

import os
from _collections_abc import Mapping, Sequence

from converge import journal as journals
from converge.artifacts import load_stamps
from converge.before import forget_before, history, put_back_before, put_back_directory
from converge.detach import detached, missed_outcome
from converge.documents import SECTIONS
from converge.durable import fsync_directory, remove
from converge.errors import Failed, enumerate_some, program_name, reason
from converge.light import suppress
from converge.lock import locked
from converge.log import Event, append, note
from converge.machine import TOUCHED_SECTIONS, Machine, Manifest, Touched
from converge.paths import HOSTNAME, LIBRARY, OWN_STATE, RECOVER_UNIT, UNITS, is_unit_path, parents
from converge.places import check_parents
from converge.subtractions import Subtraction
from converge.sysctl import read_sysctl, write_sysctl
from converge.typed import cast


def release(machine: Machine) -> list[str]:
    """The verb `release`: undoes every role and removes converge.py with all that it kept."""
    if not os.path.isdir(machine.state("")) and not os.path.isdir(machine.at(LIBRARY)):
        return missed_outcome(machine, "release", "release") or ["unchanged"]
    if machine.detaches:
        return detached(machine, "release", "release", ["release"], b"")
    with locked(machine, "release"):
        lines = Sweep(machine, machine.manifests(), set()).run(Event("release", "released"))
        for name in OWN_STATE:
            remove(machine.state(name))
        if os.path.lexists(machine.at(UNITS + RECOVER_UNIT)):
            machine.run("release", ["systemctl", "disable", RECOVER_UNIT])
            # For good, before its file goes: without that it could not be disabled any more.
            journals.sync_units(machine)
            remove(machine.at(UNITS + RECOVER_UNIT))
            machine.run("release", ["systemctl", "daemon-reload"])
        with suppress(OSError):
            os.rmdir(machine.state("").rstrip("/"))
        # The program goes when nothing is left, for good, that it would be needed for.
        journals.sync_units(machine)
        fsync_directory(os.path.dirname(machine.state("").rstrip("/")))
        if os.path.isdir(machine.at(LIBRARY)):
            remove(machine.at(LIBRARY))
            fsync_directory(os.path.dirname(machine.at(LIBRARY)))
    return ["changed: released"] + [line for line in lines if line.startswith("kept")]


class Sweep:
    """Takes away what roles once put on the machine and no role in `keep` wants any more."""

    def __init__(self, machine: Machine, manifests: Mapping[str, Manifest], keep: set[str]) -> None:
        self.machine = machine
        self.kept = {role: manifest for role, manifest in manifests.items() if role in keep}
        self.gone = {role: manifest for role, manifest in manifests.items() if role not in keep}
        self.old = history(manifests)
        wanted = {role: desired for role, manifest in self.kept.items() if (desired := manifest["desired"])}
        self.desired = list(wanted.values())
        self.wanted_paths = {name for manifest in self.kept.values() for name in manifest["rendered"]}
        self.done: list[str] = []
        self.stays: list[str] = []
        self.changed: set[str] = set()
        """Directories in which something went or came back."""
        self.additions = Subtraction(machine, self.old, wanted, self.done, self.stays)

    def run(self, event: Event) -> list[str]:
        """All in order, and `event` for the log. A step that fails leaves the manifests: the next run goes on."""
        for role, manifest in self.gone.items():
            # Half removed is not applied, whatever comes next.
            manifest["dirty"] = True
            manifest["result"] = "was being removed"
            self.machine.save(f"roles/{role}.json", manifest)
        secrets = self._unused_secrets()
        try:
            self._take_away()
            self.done += [f"secret {name}" for name in secrets]
            if self.done or event.result == "released":
                append(self.machine, event._replace(changed=[*self.done, *(f"kept {name}" for name in self.stays)]))
        except Exception as error:
            note(self.machine, event._replace(result=f"failed: {reason(error)}", changed=self.done))
            raise
        self._forget()
        for name in secrets:
            remove(self.machine.state(f"secrets/{name}.json"))
        if secrets:
            fsync_directory(self.machine.state("secrets"))
        lines = ["changed: swept " + enumerate_some(self.done)] if self.done else ["unchanged"]
        return lines + ([f"kept: {enumerate_some(self.stays)}"] if self.stays else [])

    def _take_away(self) -> None:
        self.additions.stop_jobs()
        self._removal()
        units = self._stop_units()
        self._paths()
        self._restore_units(units)
        self._sysctl()
        self.additions.run([name for name in self._left("directories") if self.old["directories"][name]["keep"]])
        if any(self.additions.left(section) for section in ("users", "groups", "memberships")):
            self.changed.add("/etc")
        self._directories()
        self._sync()

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
            if state["masked"] and not before["masked"]:
                self.machine.run(f"unmask {unit}", ["systemctl", "unmask", unit])
            if state["running"] and not before["running"]:
                self.machine.run(f"stop {unit}", ["systemctl", "stop", unit], 300)
            if state["enabled"] and not before["enabled"]:
                self.machine.run(f"disable {unit}", ["systemctl", "disable", unit])
            self.done.append(unit)
        if units:
            # While the units' files are there: without its file a unit cannot be disabled any more.
            journals.sync_units(self.machine)
        return units

    def _paths(self) -> None:
        left = sorted(self.old["paths"].keys() - self.wanted_paths)
        for name in left:
            check_parents(self.machine, name)
            put_back_before(self.machine, name)
            self.changed.add(os.path.dirname(name))
            self.done.append(name)
        if any(is_unit_path(name) for name in left):
            self.machine.run("units", ["systemctl", "daemon-reload"])
        if HOSTNAME in left and os.path.exists(self.machine.at(HOSTNAME)):
            # Else the machine would be called ours until its next start.
            self.machine.run("hostname", ["hostname", "--file", self.machine.at(HOSTNAME)])
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
                journals.sync_units(self.machine)
            if before["masked"] and not state["masked"]:
                self.machine.run(f"mask {unit}", ["systemctl", "mask", unit])
                journals.sync_units(self.machine)
            if before["running"]:
                self.machine.run(f"restart {unit}", ["systemctl", "reload-or-restart", unit], 300)

    def _sysctl(self) -> None:
        for key in self._left("sysctl"):
            if self.old["sysctl"][key] not in ("", read_sysctl(self.machine, key)):
                write_sysctl(self.machine, key, self.old["sysctl"][key])

    def _directories(self) -> None:
        left = self._left("directories")
        kept = {name for name in left if self.old["directories"][name]["keep"]}
        needed = self.wanted_paths | kept | {name for desired in self.desired for name in desired["directories"]}
        used = {parent for name in needed for parent in parents(name)}
        for name in sorted(left, key=len, reverse=True):
            check_parents(self.machine, name, itself=not self.old["directories"][name]["made"])
            if name in kept:
                if os.path.isdir(self.machine.at(name)):
                    self.stays.append(name)
            elif not self.old["directories"][name]["made"]:
                put_back_directory(self.machine, name)
            elif name not in used:
                remove(self.machine.at(name))
                self.changed.add(os.path.dirname(name))
                self.done.append(name)
        for name in sorted(self.old["parents"].keys() - needed, key=len, reverse=True):
            with suppress(OSError):
                os.rmdir(self.machine.at(name))
                self.changed.add(os.path.dirname(name))

    def _sync(self) -> None:
        """Makes all of it durable: what is forgotten next is never looked at again."""
        for name in sorted(self.changed):
            with suppress(FileNotFoundError):
                fsync_directory(self.machine.at(name))

    def _forget(self) -> None:
        for role in self.gone:
            remove(self.machine.state(f"roles/{role}.json"))
        left = {section: set(self._left(section)) for section in TOUCHED_SECTIONS if section in SECTIONS}
        left["paths"] = self.old["paths"].keys() - self.wanted_paths
        left.update({section: set(self.additions.left(section)) for section in ("memberships", "holds")})
        for role, manifest in self.kept.items():
            touched = cast("dict[str, dict[str, object]]", manifest["touched"])
            slim = {section: _without(entries, left.get(section, set())) for section, entries in touched.items()}
            if slim != touched:
                manifest["touched"] = cast(Touched, slim)
                self.machine.save(f"roles/{role}.json", manifest)
        fsync_directory(self.machine.state("roles"))
        forget_before(self.machine, history(self.kept))

    def _unused_secrets(self) -> list[str]:
        used = {name for desired in self.desired for name in desired["secrets"]}
        return [name for name in self.machine.names("secrets") if name not in used]


def _without(entries: Mapping[str, object], left: set[str]) -> dict[str, object]:
    return {name: entry for name, entry in entries.items() if name not in left}
