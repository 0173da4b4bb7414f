"""Apply: one role goes to its desired state, or back to where it was."""

from __future__ import annotations

import os
import time
from _collections_abc import Sequence

from converge import journal as journals
from converge.additions import add, claim_additions
from converge.artifacts import fetch, fingerprint, load_stamps
from converge.before import history, keep_before
from converge.checks import require_before, wait_for
from converge.compare import Plan, directory_differs, mask_verb
from converge.confirm import arm, disarm
from converge.documents import CheckSpec, UnitSpec
from converge.durable import fsync_directory, now, remove, write_new
from converge.errors import Armed, Failed, Stopped, enumerate_some, program_name, reason
from converge.found import by_hand
from converge.journal import Journal, Undo, matching
from converge.light import suppress
from converge.log import Event, append, note, require_room
from converge.machine import Machine, Manifest, UnitState
from converge.modules import load_module
from converge.packages import installed_packages
from converge.paths import OLD, STAGE, is_unit_path, parents
from converge.places import check_parents, keep_aside, make_directory
from converge.preflight import preflight, staged_sizes
from converge.store import Redactor
from converge.sysctl import read_sysctl, write_sysctl
from converge.typed import cast
from converge.wanted import Wanted

SETTLE = 0.3
"""Seconds after which the checks have to pass once more when a unit was touched."""


class Transaction:
    """One role's way to its desired state. Each phase is a method; `run` is their order."""

    def __init__(
        self,
        machine: Machine,
        wanted: Wanted,
        key: str,
        manifest: Manifest,
        plan: Plan,
        states: dict[str, UnitState],
    ) -> None:
        self.machine = machine
        self.wanted = wanted
        self.desired = wanted.desired
        self.manifest = manifest
        self.plan = plan
        self.states = states
        self.staged: dict[str, str] = {}
        """path → where its new content waits, in a directory beside it: the same file system, the same base name"""
        self.placed: list[str] = []
        self.operated: list[str] = []
        """Units that were reloaded or restarted."""
        self.done: list[str] = []
        self.stays: list[str] = []
        """What was done and is never undone."""
        self.found: list[str] = []
        self.journal = self._new_journal(key)

    def _new_journal(self, key: str) -> Journal:
        return {
            "run": os.urandom(8).hex(),
            "key": key,
            "role": self.desired["role"],
            "phase": "staging",
            "directories": sorted({os.path.dirname(name) for name in self.plan.names}),
            "swaps": {},
            "units": self.states,
            "touch": {},
            "sysctl": {},
            "stamps": {},
            "first": [],
            "last": [],
            "packages": sorted(installed_packages(self.machine)) if self.plan.packages else [],
            "final": False,
            "confirm": None,
        }

    def run(self) -> list[str]:
        """All phases. Raises Stopped with the machine's state when one fails, Armed when it has to be confirmed."""
        for name in (*self.wanted.hashes, *self.desired["directories"]):
            check_parents(self.machine, name, name in self.desired["directories"])
        sizes = staged_sizes(self.machine, self.wanted, self.plan.names)
        preflight(self.machine, self.desired, self.manifest["desired"], sizes)
        require_room(self.machine)
        require_before(self.machine, self.desired["checks"])
        self.found = by_hand(self.machine, self.manifest, self.plan, self.states)
        self.claim()
        try:
            journals.save(self.machine, self.journal)
            self.install()
            self.stays = list(self.done)
            self.stage()
            self.back_up()
        except Exception as failure:
            raise self.give_up(failure) from None
        try:
            self.announce()
            self.place(self.places_that_are_free())
            self.validate()
            # From here on the machine is between two configurations until it is committed.
            self.machine.held = True
            self.place([name for name in self.staged if name not in self.placed])
            self.set_sysctl()
            self.act()
            self.operate_units()
            self.check()
            if self.summary():
                result = "armed" if self.journal["confirm"] else "applied"
                append(self.machine, self._event(result, self.placed + self.done, self.found))
        except Exception as failure:
            raise self.roll_back(failure) from None
        if self.journal["confirm"]:
            self.wait_for_confirmation()
        return self.commit()

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
        for unit, state in self.states.items():
            touched["units"][unit] = known["units"].get(unit, state)
        for key in desired["sysctl"]:
            touched["sysctl"][key] = known["sysctl"].get(key, read_sysctl(machine, key))
        claim_additions(machine, self.wanted, self.plan, known, touched)
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
        self.done += add(machine, self.wanted, plan, self.manifest["touched"])
        for name in sorted(plan.directories):
            spec = self.desired["directories"][name]
            make_directory(machine, name, int(spec["mode"], 8), self._owner(name, spec["owner"]))
        if plan.directories:
            self.done.append("directories " + enumerate_some(sorted(plan.directories), 3))

    def _owner(self, name: str, owner: str) -> tuple[int, int] | None:
        if not self.machine.chowns:
            return None
        found = self.machine.owner(owner)
        if found is None:
            raise Failed(f"{name}: there is no user or group for the owner {owner}")
        return found

    def stage(self) -> None:
        """Puts all new content beside its place, complete and synced; nothing that is in use is touched."""
        for directory in self.journal["directories"]:
            self._make_stage(directory)
            for name in sorted(name for name in self.plan.names if os.path.dirname(name) == directory):
                self._stage(name)
                self._keep_aside(name)
            # One directory after the other: of everything that is not synced a power cut may leave any part.
            fsync_directory(os.path.join(self.machine.at(directory), OLD))
            fsync_directory(self.machine.at(directory))

    def _make_stage(self, directory: str) -> None:
        make_directory(self.machine, directory)
        # Others may pass: a validator may run as the service's user. Each file has its own mode.
        for stage, mode in ((STAGE, 0o711), (OLD, 0o700)):
            os.mkdir(f"{self.machine.at(directory)}/{stage}", mode)

    def _stage(self, name: str) -> None:
        directory, _, base = name.rpartition("/")
        place = self.staged[name] = f"{self.machine.at(directory)}/{STAGE}/{base}"
        if name in self.plan.artifacts:
            fetch(self.machine, name, self.desired["artifacts"][name], place)
        elif name in self.plan.links:
            os.symlink(self.desired["links"][name]["target"], place)
        else:
            spec = self.wanted.files[name]
            write_new(place, self.wanted.content[name], int(spec["mode"], 8), self._owner(name, spec["owner"]))

    def _keep_aside(self, name: str) -> None:
        """Gives what stands in a place a second name."""
        target = self.machine.at(name)
        had = os.path.lexists(target)
        if had or name not in self.desired["artifacts"]:
            # A download that takes nobody's place may stay for the next try: nothing names it yet.
            self.journal["swaps"][name] = had
        # A directory cannot have two names: it moves when its place is taken.
        if had and (os.path.islink(target) or not os.path.isdir(target)):
            keep_aside(target, journals.backup_of(self.machine, name))

    def back_up(self) -> None:
        """Runs the backup of what cannot be undone."""
        command = self.desired["backup"].get("argv", [])
        if command and not self.can_be_undone():
            self.machine.run("backup", command, 3600)
            self.done.append("made a backup")

    def announce(self) -> None:
        """Writes down what is about to be swapped and how to undo it; arms the revert when that is asked for."""
        desired, previous, changed = self.desired, self.manifest["desired"], self.plan.changed
        journal = self.journal
        journal["phase"] = "swapping"
        journal["final"] = desired["rollback"] == "never"
        for unit, spec in desired["units"].items():
            if changed & {*spec["restartOn"], *spec["reloadOn"]}:
                journal["touch"][unit] = "restart" if changed & spec["restartOn"].keys() else "reload"
        journal["sysctl"] = {key: read_sysctl(self.machine, key) for key in self.plan.sysctl}
        stamps = load_stamps(self.machine)
        journal["stamps"] = {name: stamps[name] for name in self.plan.artifacts if name in stamps}
        if previous:
            journal["last"] = matching(previous["actions"], {name for name, had in journal["swaps"].items() if had})
        else:
            journal["first"] = [action["argv"] for _, action in sorted(desired["removal"].items())]
        window = desired["confirm"].get("window", 0)
        if window:
            journal["phase"] = "armed"
            journal["confirm"] = arm(self.machine, journal["run"], window)
        journals.save(self.machine, journal)

    def places_that_are_free(self) -> list[str]:
        """Empty places of what has no validator: validators may need it, and nothing uses it yet."""
        free = [name for name in self.staged if not self.journal["swaps"].get(name)]
        if any(self.wanted.files[name]["validate"] for name in self.plan.files):
            return [name for name in free if name not in self.wanted.files or not self.wanted.files[name]["validate"]]
        return [name for name in free if name in self.desired["artifacts"]]

    def validate(self) -> None:
        """Each staged file's own checker; `{}` is the staged file."""
        for name in sorted(self.plan.files):
            command = [word.replace("{}", self.staged[name]) for word in self.wanted.files[name]["validate"]]
            if command:
                result = self.machine.system.run(command, self.patience(120))
                if result.code != 0:
                    # The operator knows the file by the name it will have.
                    words = result.output.replace(self.staged[name], name)
                    raise Failed(f"{name} is refused by {program_name(command)} (exit {result.code})", words)

    def patience(self, seconds: float) -> float:
        """Seconds that a step may take: no longer than until the change goes back by itself."""
        confirm = self.journal["confirm"]
        return max(1.0, min(seconds, journals.seconds_left(confirm) - 2)) if confirm else seconds

    def place(self, names: Sequence[str]) -> None:
        """The swap: each path gets its new content in one rename."""
        stamps = {}
        for name in sorted(names):
            target = self.machine.at(name)
            self.placed.append(name)
            if os.path.isdir(target) and not os.path.islink(target):
                os.rename(target, journals.directory_aside(self.machine, name))
            elif os.path.isdir(self.staged[name]):
                # A directory takes the place of nothing else by itself. What stands there has a second name by now.
                remove(target)
            os.replace(self.staged[name], target)
            if name in self.desired["artifacts"]:
                spec = self.desired["artifacts"][name]
                stamps[name] = {"sha256": spec["sha256"], "fingerprint": fingerprint(target, spec)}
        for directory in sorted({os.path.dirname(name) for name in names}):
            fsync_directory(self.machine.at(directory))
        if stamps:
            self.machine.save("artifacts.json", {**load_stamps(self.machine), **stamps})

    def set_sysctl(self) -> None:
        """Kernel modules, and then settings: a module may bring the setting, and a file of the role its options."""
        for name in self.plan.modules:
            load_module(self.machine, name)
            self.done.append(f"module {name}")
        for key in sorted(self.plan.sysctl):
            write_sysctl(self.machine, key, self.desired["sysctl"][key])
            self.done.append(key)

    def act(self) -> None:
        """Commands whose paths changed, by name."""
        for name, action in sorted(self.desired["actions"].items()):
            if self.plan.changed & action["on"].keys():
                result = self.machine.system.run(action["argv"], self.patience(600))
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
        verbs = {unit: unit_verb(spec, states[unit], self.plan.changed) for unit, spec in sorted(specs.items())}
        if not self.can_be_undone() and any(verb in ("start", "restart") for verb in verbs.values()):
            self.journal["final"] = True
            journals.save(self.machine, self.journal)
        masks = self.unmask(states)
        verbs.update({unit: unit_verb(specs[unit], states[unit], self.plan.changed) for unit in masks})
        for unit, spec in sorted(specs.items()):
            state = states[unit]
            if spec["enabled"] != state["enabled"] and (
                state["installable"] or (spec["enabled"] and not state["known"])
            ):
                self._systemctl("enable" if spec["enabled"] else "disable", unit)
        for unit, verb in verbs.items():
            if verb == "start" and states[unit]["failed"]:
                self.machine.system.run(["systemctl", "reset-failed", unit])
            if verb:
                self.operated.append(unit)
                self._systemctl(verb, unit)
        for unit, verb in masks.items():
            if verb == "mask":
                # It was stopped above: a mask alone ends nothing.
                self._systemctl("mask", unit)
        journals.sync_units(self.machine)

    def unmask(self, states: dict[str, UnitState]) -> dict[str, str]:
        """Takes masks away, so that the units can be operated. Returns the units whose mask changes, and how."""
        previous = self.manifest["desired"]
        found = {unit: mask_verb(unit, spec, states[unit], previous) for unit, spec in self.desired["units"].items()}
        masks = {unit: verb for unit, verb in sorted(found.items()) if verb}
        for unit, verb in masks.items():
            if verb == "unmask":
                self._systemctl("unmask", unit)
                states.update(self.machine.unit_states([unit]))
        return masks

    def _systemctl(self, verb: str, unit: str) -> None:
        result = self.machine.system.run(["systemctl", verb, unit], self.patience(300))
        if result.code != 0:
            raise Failed(f"{verb} {unit} failed", result.output + "\n" + self._journal(unit))
        self.done.append({"stop": "stopped "}.get(verb, verb.rstrip("e") + "ed ") + unit)

    def _journal(self, unit: str) -> str:
        return self.machine.system.run(["journalctl", "-q", "--no-pager", "-o", "cat", "-n", "4", "-u", unit]).output

    def check(self) -> None:
        """Waits until the role's checks pass. Where a unit was touched they have to pass again a little later: a reload
        may answer from the old process for a moment, and a unit may start only to die."""
        stay = max([self.desired["units"][unit]["stays"] for unit in self.operated], default=0)
        for pause in (0.0, max(SETTLE, stay)) if self.operated else (0.0,):
            time.sleep(min(pause, self.patience(pause)))
            for name, check in self._healthy():
                wait_for(self.machine, name, {**check, "within": max(1, int(self.patience(check["within"])))})
        states = self.machine.unit_states(sorted(self.desired["units"])) if self.operated else {}
        for unit, state in states.items():
            if self.desired["units"][unit]["running"] and not state["running"]:
                raise Failed(f"{unit} did not stay up", self._journal(unit))

    def _healthy(self) -> list[tuple[str, CheckSpec]]:
        return [(name, check) for name, check in sorted(self.desired["checks"].items()) if check["when"] == "healthy"]

    def can_be_undone(self) -> bool:
        """Whether going back is right: not once a new version may have changed data that the old one cannot read."""
        new_version = bool(self.plan.artifacts) and self.manifest["hash"] != ""
        return self.desired["rollback"] == "binary" or (self.desired["rollback"] == "config" and not new_version)

    def wait_for_confirmation(self) -> None:
        """Leaves the change in place, armed; the run that confirms it comes over a fresh connection."""
        confirm = self.journal["confirm"]
        assert confirm
        confirm["applied"] = True
        confirm["done"] = self.summary()
        self._save("is armed")
        journals.save(self.machine, self.journal)
        left = int(journals.seconds_left(confirm))
        raise Armed(f"{self.desired['role']} is applied; waiting {left} s for a fresh connection")

    def commit(self) -> list[str]:
        """The new desired state is what the machine is in, from the moment that the manifest is on the disk."""
        record_applied(self.machine, self.manifest, self.wanted, self.journal["run"])
        journals.close(self.machine, self.journal)
        return ["changed: " + "; ".join(self.summary())] if self.summary() else ["unchanged"]

    def summary(self) -> list[str]:
        """What was done: paths first."""
        paths = sorted(self.placed)
        return ([enumerate_some(paths, 5)] if paths else []) + self.done

    def _event(self, result: str, changed: Sequence[str], found: Sequence[str] = ()) -> Event:
        verb = self.journal["key"].partition(" ")[0]
        return Event(verb, result, self.desired["role"], self.wanted.digest, changed, found)

    # When a phase fails

    def give_up(self, failure: Exception) -> Stopped:
        """Before anything in use was touched."""
        extra = f" (stays: {enumerate_some(self.done)})" if self.done else ""
        return self._stopped(failure, [], f"The configuration is as it was before{extra}.")

    def roll_back(self, failure: Exception) -> Stopped:
        """Previous files, links, kernel settings, and the units in their previous state."""
        if self.journal["final"]:
            self.manifest["dirty"] = True
            self.stays = self.placed + self.done
            words = "Stopped at the new version: its data may have changed, so the old one is not put back."
            return self._stopped(failure, [], words)
        problems = Undo(self.machine, self.journal, self.operated).run()
        if not self.machine.held:
            return self._stopped(failure, problems, "The configuration is as it was before.")
        known = self.manifest["hash"] != ""
        words = "the previous configuration is in place." if known else "the machine is as it was before this role."
        return self._stopped(failure, problems, "Rolled back: " + words)

    def _stopped(self, failure: Exception, problems: list[str], state: str) -> Stopped:
        if problems:
            self.manifest["dirty"] = True
            self.stays = self.placed + self.done
            state = (
                f"It could not be undone ({problems[0]}): parts of both configurations are in place. Apply it again."
            )
        with suppress(OSError):
            if self.journal["confirm"]:
                disarm(self.machine, self.journal["run"])
            journals.note_dependencies(self.machine, self.manifest, self.journal)
            self._save("failed: " + Redactor(self.machine)(reason(failure))[:300])
            words = "rolled back" if state.startswith("Rolled back") else "failed"
            note(self.machine, self._event(f"{words}: {reason(failure)}", self.stays))
            journals.close(self.machine, self.journal)
        return Stopped(failure, state)


def record_applied(machine: Machine, manifest: Manifest, wanted: Wanted, run: str) -> None:
    """The commit point: the manifest says that the machine is in this desired state, and which run brought it there."""
    desired = wanted.desired
    manifest["hash"] = wanted.digest
    manifest["incarnation"] = desired["incarnation"]
    manifest["applied"] = now()
    manifest["dirty"] = False
    manifest["desired"] = desired
    manifest["rendered"] = wanted.hashes
    manifest["result"] = "applied"
    manifest["run"] = run
    machine.save(f"roles/{desired['role']}.json", manifest)


def unit_verb(spec: UnitSpec, state: UnitState, changed: set[str]) -> str:
    """What systemctl has to do with a unit; "" for nothing. A restart wins over a reload."""
    if not spec["running"]:
        return "stop" if state["running"] else ""
    if not state["running"]:
        return "start"
    if changed & spec["restartOn"].keys():
        return "restart"
    return "reload" if changed & spec["reloadOn"].keys() else ""
