"""The verb `finish`: the roster of a node is applied as a whole, and nothing else is left on it."""

from __future__ import annotations

from _collections_abc import Mapping

from converge.apply import compared, confirm
from converge.boot_wish import load_kept, reasons
from converge.checkers import canonical
from converge.detach import detached, missed_outcome
from converge.documents import Roster, parse_roster
from converge.errors import Failed, enumerate_some
from converge.journal import Journal
from converge.light import sha256
from converge.lock import locked
from converge.log import Event
from converge.machine import Machine, Manifest
from converge.sweep import Sweep
from converge.typed import cast
from converge.wanted import Wanted


def finish(machine: Machine, data: bytes) -> list[str]:
    """Fails when a role of the roster is not applied, else renders changed addresses and sweeps what it does not name.

    Raises Armed when a role that can cut the operator off had to be rendered again.
    """
    roster = parse_roster(data)
    machine.check_identity(cast("Mapping[str, object]", roster))
    key = f"finish {sha256(canonical(roster)).hexdigest()}"
    with locked(machine, "finish", key) as armed:
        machine.record_identity(cast("Mapping[str, object]", roster))
        require_applied(machine.manifests(), roster)
        if armed or not machine.detaches:
            return complete(machine, roster, key, armed)
        if machine.load("roster.json") == key and machine.manifests().keys() <= roster["roles"].keys():
            return missed_outcome(machine, "finish", key) or ["unchanged"]
    return detached(machine, "finish", key, ["finish"], data)


def require_applied(manifests: Mapping[str, Manifest], roster: Roster) -> None:
    """Raises Failed when a role of the roster is not in the desired state that the roster names."""
    late = [role for role, digest in sorted(roster["roles"].items()) if not is_applied(manifests.get(role), digest)]
    if late:
        raise Failed(f"{enumerate_some(late)}: not applied yet with this desired state")


def is_applied(manifest: Manifest | None, digest: str) -> bool:
    """Whether the machine is in this desired state of a role."""
    return manifest is not None and manifest["hash"] == digest and not manifest["dirty"]


def complete(machine: Machine, roster: Roster, key: str, armed: Journal | None) -> list[str]:
    """Confirms, renders, sweeps, and notes that this roster is complete."""
    done = confirm(machine, wanted_again(machine, armed["role"]), armed) if armed else []
    done += render_addresses(machine, roster, key)
    done += Sweep(machine, machine.manifests(), set(roster["roles"])).run(Event("finish", "swept", hash=key.split()[1]))
    machine.save("roster.json", key)
    lines = [line for line in done if line != "unchanged"]
    lines += [f"reboot: {why}" for why in reasons(machine, load_kept(machine))]
    # The first line says what became of it, also when all that there is to say is what stays.
    return lines if any(line.startswith("changed") for line in lines) else ["unchanged", *lines]


def wanted_again(machine: Machine, role: str) -> Wanted:
    """What an applied role wants, with what the machine knows today."""
    manifest = machine.manifest(role)
    desired = manifest["desired"]
    if not desired:
        raise Failed(f"{role}: its desired state is not known any more; apply it again")
    return Wanted(machine, desired, manifest["hash"])


def render_addresses(machine: Machine, roster: Roster, key: str) -> list[str]:
    """Stores the addresses of the nodes, and applies the roles again that name one that changed.

    Roles that can cut the operator off come last: each of them ends this run, to be confirmed by the next.
    """
    if (machine.load("addresses.json") or {}) != roster["addresses"]:
        machine.save("addresses.json", roster["addresses"])
    users = [
        (bool(desired["confirm"]), role)
        for role, manifest in machine.manifests().items()
        if role in roster["roles"] and (desired := manifest["desired"]) and names_addresses(desired["files"])
    ]
    done: list[str] = []
    for _, role in sorted(users):
        transaction = compared(machine, wanted_again(machine, role), key)
        done += transaction.run() if transaction else []
    return done


def names_addresses(files: Mapping[str, Mapping[str, object]]) -> bool:
    """Whether one of the texts refers to a node's address."""
    return any("{{address:" in str(spec["text"]) for spec in files.values())
