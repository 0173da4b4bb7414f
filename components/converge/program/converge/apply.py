"""The verb `apply`. A run with nothing to do, and most are, loads nothing of what makes a change."""

from __future__ import annotations

from _collections_abc import Mapping

from converge import journal as journals
from converge.compare import compare
from converge.detach import detached, missed_outcome
from converge.documents import SECTIONS, Desired, parse_desired
from converge.errors import Failed, Stopped, reason, tail
from converge.journal import Journal, Undo
from converge.lock import locked
from converge.log import Event, append, note
from converge.machine import Machine
from converge.paths import is_unit_path
from converge.typed import TYPE_CHECKING, cast
from converge.wanted import Wanted

if TYPE_CHECKING:
    from converge.transaction import Transaction

PLACED = {"files", "directories", "links", "secrets"}
"""Sections of a desired state for which no command is run."""


def apply(machine: Machine, data: bytes) -> list[str]:
    """Brings the machine to the desired state in `data`. Raises Armed when that has to be confirmed."""
    desired, digest = parse_desired(data)
    machine.check_identity(cast("Mapping[str, object]", desired))
    role = desired["role"]
    key = f"apply {role} {digest}"
    try:
        brought = [] if machine.detaches else fetched(machine, desired, digest)
        lines = locked_apply(machine, desired, digest, key, brought)
    except Stopped as failure:
        raise Failed(f"{role}: {failure}", f"{tail(failure.detail)}\n{failure.state}") from None
    except (Failed, OSError) as error:
        words = f"{tail(getattr(error, 'detail', ''))}\nNothing was changed."
        raise Failed(f"{role}: {reason(error)}", words) from None
    return lines or detached(machine, f"apply-{role}", key, ["apply"], data)


def fetched(machine: Machine, desired: Desired, digest: str) -> list[str]:
    """What had to come from afar, and came."""
    if not desired["artifacts"] and not desired["images"]:
        return []
    from converge.prefetch import prefetch

    # What is refused is refused before anything is downloaded.
    Wanted(machine, desired, digest)
    return prefetch(machine, desired)


def locked_apply(machine: Machine, desired: Desired, digest: str, key: str, brought: list[str]) -> list[str]:
    """What was done, under the machine's lock, after `brought` came before it; nothing when a unit has to do it."""
    role = desired["role"]
    with locked(machine, f"role {role}", key) as armed:
        machine.check_identity(cast("Mapping[str, object]", desired))
        wanted = Wanted(machine, desired, digest)
        machine.record_identity(cast("Mapping[str, object]", desired))
        if armed:
            return with_jobs(machine, wanted, confirm(machine, wanted, armed), True)
        transaction = compared(machine, wanted, key)
        if not transaction:
            came = ["changed: " + "; ".join(brought)] if brought else []
            lines = came or missed_outcome(machine, f"apply-{role}", key) or ["unchanged"]
            return with_jobs(machine, wanted, lines, False)
        transaction.done += brought
        if machine.detaches and not only_places(desired):
            return []
        return with_jobs(machine, wanted, transaction.run(), True)


def only_places(desired: Desired) -> bool:
    """Whether to apply it is to put files in their places: no command is run, so that it is over in milliseconds.

    A unit would take longer than the change. Without one it survives a lost connection too: nothing is sent to a
    process whose session ends but, where systemd-logind is told to, SIGTERM, and then it is whole or undone.
    """
    if any(desired[section] for section in SECTIONS if section not in PLACED):  # type: ignore[literal-required]
        return False
    units = any(is_unit_path(name) for name in (*desired["files"], *desired["links"]))
    return not units and not any(spec["validate"] for spec in desired["files"].values())


def with_jobs(machine: Machine, wanted: Wanted, lines: list[str], changed: bool) -> list[str]:
    """The lines to print, with how far the role's jobs are; starts those that are not done. `changed`: by this run."""
    desired = wanted.desired
    if not desired["jobs"]:
        return lines
    from converge.jobs import look_at_jobs, start_job

    try:
        pending, new = look_at_jobs(machine, desired["role"], desired["jobs"], changed)
        if new:
            started = [f"started job {name}" for name in new]
            append(machine, Event("apply", "applied", desired["role"], wanted.digest, started))
        for name in new:
            start_job(machine, desired["role"], name, desired["jobs"][name])
    except Failed as failure:
        raise Stopped(failure, "The configuration is in place.") from None
    pending += [f"{name} started" for name in new]
    more = [line for line in lines if line != "unchanged"]
    return [f"pending: {', '.join(pending)}", *more] if pending else lines


def compared(machine: Machine, wanted: Wanted, key: str) -> Transaction | None:
    """The change that brings the machine to what is wanted; None when there is nothing to do."""
    desired = wanted.desired
    manifest = machine.manifest(desired["role"])
    states = machine.unit_states(sorted(desired["units"]))
    plan = compare(machine, wanted, manifest, states)
    if plan.empty and manifest["hash"] == wanted.digest and manifest["result"] == "applied":
        return None
    from converge.transaction import Transaction

    return Transaction(machine, wanted, key, manifest, plan, states)


def confirm(machine: Machine, wanted: Wanted, journal: Journal) -> list[str]:
    """This run came over a fresh connection: the armed change stays, if the mesh is as alive as before."""
    from converge.confirm import disarm, require_peers
    from converge.transaction import record_applied

    # It ends within seconds, whether somebody still listens or not.
    machine.held = True
    event = Event(journal["key"].partition(" ")[0], "confirmed", journal["role"], wanted.digest)
    try:
        require_peers(machine, journal)
        append(machine, event)
    except Failed as failure:
        problems = Undo(machine, journal).run()
        disarm(machine, journal["run"])
        manifest = machine.manifest(journal["role"])
        manifest["result"] = f"failed: {failure}"
        manifest["dirty"] = manifest["dirty"] or bool(problems)
        machine.save(f"roles/{journal['role']}.json", manifest)
        note(machine, event._replace(result=f"{'failed' if problems else 'rolled back'}: {failure}"))
        journals.close(machine, journal)
        state = f"It could not be undone ({problems[0]})." if problems else "The previous configuration is in place."
        raise Stopped(failure, state) from None
    record_applied(machine, machine.manifest(journal["role"]), wanted, journal["run"])
    disarm(machine, journal["run"])
    journals.close(machine, journal)
    return ["changed: " + "; ".join(journal["confirm"]["done"] if journal["confirm"] else [])]
