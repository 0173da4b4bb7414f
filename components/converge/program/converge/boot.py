"""Boot configuration of a Raspberry Pi, and the one way in which a machine is started again.

A change that the role `boot` wants is not made at once: it is laid beside the files of the firmware, which takes it for
one boot (`tryboot`) when we restart the machine. The unit UNIT then makes it the usual one, as soon as the machine is
as well as it was. A machine that does not come up is started again by its watchdog or by a person, one that is not well
by us, and the firmware then takes what it had before.
"""

from __future__ import annotations

import re
import time

from converge import boot_files, journal
from converge.boot_wish import KEPT, difference, load_kept, load_wish, mark, reasons, wanted
from converge.confirm import alive_peers
from converge.durable import remove, text_of
from converge.errors import Refused, enumerate_some
from converge.lock import locked
from converge.log import Event, append, note
from converge.machine import Machine

UNIT = "sovereign-edge-boot.service"
"""Runs `boot confirm` after every boot."""
PATIENCE = 180
"""Seconds in which a machine that was started on trial has to be well."""
LOOK = 2.0
"""Seconds between two looks."""


def boot(machine: Machine, what: str) -> list[str]:
    """The verb `boot`: `stage` and `drop` run inside of the role's change, `confirm` after every boot."""
    verbs = {"stage": stage, "drop": drop, "confirm": confirm}
    if what not in verbs:
        raise Refused("usage: converge.py boot stage|drop|confirm")
    return verbs[what](machine)


def stage(machine: Machine) -> list[str]:
    """Lays what is wanted beside what the firmware reads, to be tried; nothing when that is the same."""
    wish, kept = load_wish(machine), load_kept(machine)
    place = boot_files.folder(machine)
    now = boot_files.read(machine, place)
    boot_files.require_plain(machine, place, boot_files.with_lines(now.config, []))
    words, there = wish["cmdline"] if wish else [], now.cmdline.split()
    # Noted before they are written anywhere: what is ours can then always be told from what was there.
    ours = [word for word in kept["words"] if word in there or word in words]
    kept["words"] = [*ours, *(word for word in words if word not in ours and word not in there)]
    at_boot = wish["atBoot"] if wish else {}
    if at_boot != kept["atBoot"]:
        kept["atBoot"], kept["since"] = at_boot, journal.boot_id()
    then = wanted(wish, kept, now)
    kept["failed"] = {name: why for name, why in kept["failed"].items() if name == mark(then)}
    machine.save(KEPT, kept)
    if then == now:
        boot_files.drop_trial(machine, place)
        return ["unchanged"]
    boot_files.write_trial(machine, place, then, mark(then))
    return [f"changed: {difference(now, then)} at the next restart by `reboot`"]


def drop(machine: Machine) -> list[str]:
    """Takes what is ours out of the firmware's files."""
    place = boot_files.folder(machine)
    now = boot_files.read(machine, place)
    boot_files.drop_trial(machine, place)
    boot_files.write(machine, place, wanted(None, load_kept(machine), now))
    remove(machine.state(KEPT))
    return ["changed"]


def reboot(machine: Machine) -> list[str]:
    """The verb `reboot`: starts the machine again, with what waits to be tried on trial."""
    with locked(machine, "reboot"):
        append(machine, Event("reboot", "restarts", changed=reasons(machine, load_kept(machine))))
        trial = load_wish(machine) is not None and stage(machine) != ["unchanged"]
        if trial:
            kept = load_kept(machine)
            now = boot_files.read(machine, boot_files.folder(machine))
            kept["trial"] = mark(wanted(load_wish(machine), kept, now))
            kept["boot"], kept["failed"] = journal.boot_id(), {}
            kept["peers"] = sorted(alive_peers(machine))
            machine.save(KEPT, kept)
    machine.when_said.append(lambda: _restart(machine, trial))
    return [f"changed: restarts{', with a boot configuration on trial' if trial else ''}"]


def confirm(machine: Machine) -> list[str]:
    """After a boot: keeps what was on trial when the machine is well, else has the firmware go back."""
    kept = load_kept(machine)
    if not kept["trial"] or kept["boot"] == journal.boot_id():
        return ["unchanged"]
    found = re.search(rf"(?:^|\s){boot_files.MARK}(\S+)", text_of(machine.kernel("/proc/cmdline")))
    tried = found is not None and found[1] == kept["trial"]
    why = "the machine did not come up with it, or its firmware cannot try"
    if tried or kept["keeping"]:
        why = "" if kept["keeping"] else _unwell(machine, kept["peers"])
    with locked(machine, "boot"):
        # Whatever came in between, such as another wish, ends the trial.
        return _end(machine, why) if load_kept(machine) == kept else ["unchanged"]


def _end(machine: Machine, why: str) -> list[str]:
    """Ends the trial; what a power cut leaves of that is done after the next boot."""
    kept = load_kept(machine)
    place = boot_files.folder(machine)
    now = boot_files.read(machine, place)
    then = wanted(load_wish(machine), kept, now)
    words = difference(now, then)
    if mark(then) != kept["trial"]:
        why = why or "somebody else changed the files of the firmware meanwhile"
    if why:
        kept["failed"] = {kept["trial"]: f"{words}: {why}"}
    else:
        machine.save(KEPT, {**kept, "keeping": True})
        boot_files.write(machine, place, then)
    boot_files.drop_trial(machine, place)
    tried, kept["trial"], kept["keeping"] = f"{boot_files.MARK}{kept['trial']}", "", False
    machine.save(KEPT, kept)
    note(machine, Event("boot", f"went back: {why}" if why else "confirmed", "boot", changed=[] if why else [words]))
    if why and tried in text_of(machine.kernel("/proc/cmdline")).split():
        machine.when_said.append(lambda: _restart(machine, False))
    return [f"changed: goes back, {words}: {why}" if why else f"changed: keeps {words}"]


def _unwell(machine: Machine, peers: list[str]) -> str:
    """What is not as it was, when it does not become so in time; "" when all is well."""
    end = time.monotonic() + PATIENCE
    while True:
        why = _ails(machine, peers)
        if not why or time.monotonic() > end:
            return why
        time.sleep(LOOK)


def _ails(machine: Machine, peers: list[str]) -> str:
    desired = [manifest["desired"] for manifest in machine.manifests().values()]
    units = {unit: spec for one in desired if one for unit, spec in one["units"].items()}
    # UNIT waits for this.
    states = machine.unit_states(sorted(unit for unit, spec in units.items() if spec["running"] and unit != UNIT))
    silent = [unit for unit, state in states.items() if not state["running"]]
    if silent:
        return f"{enumerate_some(silent, 3)} did not run"
    if peers and not set(peers) & alive_peers(machine):
        return "no node answered over the mesh of those that did before"
    return ""


def _restart(machine: Machine, trial: bool) -> None:
    # reboot(2): the argument reaches the firmware; partition 0 is the usual one.
    argument = ["--reboot-argument=0 tryboot"] if trial else []
    machine.system.run(["systemctl", "--no-block", "reboot", *argument], 30)
