"""Apply: one role goes to its desired state, or back to where it was."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from typing import cast

from converge.artifacts import Stamp, fetch, fingerprint, load_stamps
from converge.before import history, keep_before
from converge.checks import wait_for
from converge.compare import Plan, compare, directory_differs, read_sysctl, write_sysctl
from converge.documents import UnitSpec, parse_desired
from converge.durable import fsync_directory, now, remove, write_new
from converge.errors import Failed, enumerate_some, program_name, reason, tail
from converge.lock import locked
from converge.machine import Machine, Manifest, UnitState
from converge.packages import install_packages, missing_packages
from converge.paths import OLD, STAGE, is_unit_path, parents
from converge.places import check_parents, keep_aside, make_directory
from converge.store import Redactor
from converge.wanted import Wanted

SETTLE = 0.3
"""Seconds after which the checks have to pass once more when a unit was touched."""


class Stopped(Failed):
    """A failed apply, with the state that the machine is in now."""

    def __init__(self, failure: Exception, state: str) -> None:
        super().__init__(reason(failure), getattr(failure, "detail", ""))
        self.state = state


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


def unit_verb(spec: UnitSpec, state: UnitState, changed: set[str]) -> str:
    """What systemctl has to do with a unit; "" for nothing. A restart wins over a reload."""
    if not spec["running"]:
        return "stop" if state["running"] else ""
    if not state["running"]:
        return "start"
    if changed & spec["restartOn"].keys():
        return "restart"
    return "reload" if changed & spec["reloadOn"].keys() else ""
