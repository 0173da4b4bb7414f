"""What was changed by hand since a role was applied: the log says so, because the next run puts it right."""

from __future__ import annotations

import os
from _collections_abc import Mapping

from converge.accounts import user_differs
from converge.artifacts import load_stamps, stamp_holds
from converge.compare import Plan, access_differs, directory_differs, link_target
from converge.documents import Desired
from converge.durable import content
from converge.light import sha256
from converge.machine import Machine, Manifest, UnitState
from converge.packages import missing_packages
from converge.sysctl import read_sysctl


def by_hand(machine: Machine, manifest: Manifest, plan: Plan, states: Mapping[str, UnitState]) -> list[str]:
    """In words; nothing for a role whose last run did not end well. Before the run touches anything."""
    desired = manifest["desired"]
    if not desired or manifest["dirty"] or manifest["result"] != "applied":
        return []
    stamps = load_stamps(machine)
    lost = missing_packages(machine, desired["packages"]) if plan.packages else []
    places = [_place(machine, manifest["rendered"], desired, name) for name in (*plan.files, *plan.links)]
    return [
        *filter(None, places),
        *(
            f"{name} changed by hand"
            for name in plan.artifacts
            if name in desired["artifacts"] and not stamp_holds(machine, stamps, name, desired["artifacts"][name])
        ),
        *(
            f"{name} {'has another mode or owner' if os.path.isdir(machine.at(name)) else 'removed by hand'}"
            for name in plan.directories
            if name in desired["directories"] and directory_differs(machine, name, desired["directories"][name])
        ),
        *(
            f"user {name} changed by hand"
            for name in plan.users
            if name in desired["users"] and user_differs(machine, name, desired["users"][name])
        ),
        *(f"package {name} removed by hand, or in another version" for name in plan.packages if name in lost),
        *(words for name in plan.units if name in desired["units"] for words in _unit(desired, name, states[name])),
        *(
            f"{key} set to {read_sysctl(machine, key)} by hand"
            for key in plan.sysctl
            if desired["sysctl"].get(key, "").split() not in ([], read_sysctl(machine, key).split())
        ),
    ]


def _place(machine: Machine, rendered: Mapping[str, str], desired: Desired, name: str) -> str:
    """What became of a file or link that we put there; "" when it is as we left it, or was never ours."""
    if name not in rendered:
        return ""
    target = machine.at(name)
    if not os.path.lexists(target):
        return f"{name} removed by hand"
    found = (link_target(target) or "").encode() if name in desired["links"] else content(target)
    if sha256(found).hexdigest() != rendered[name]:
        return f"{name} edited by hand"
    spec = desired["files"].get(name)
    return f"{name} has another mode or owner" if spec and access_differs(machine, os.lstat(target), spec) else ""


def _unit(desired: Desired, name: str, state: UnitState) -> list[str]:
    was = desired["units"][name]
    return [
        *([f"{name} was {'running' if state['running'] else 'not running'}"] * (was["running"] != state["running"])),
        *(
            [f"{name} {'enabled' if state['enabled'] else 'disabled'} by hand"]
            * (state["installable"] and was["enabled"] != state["enabled"])
        ),
    ]
