"""What comes on top of a machine and takes nothing away: packages and holds, groups, users and their memberships."""

from __future__ import annotations

import os

from converge.accounts import is_closed, make_group, make_user, membership, missing_groups, missing_memberships
from converge.compare import Plan
from converge.documents import PackageSpec
from converge.durable import fsync_directory
from converge.errors import enumerate_some
from converge.images import pull_image
from converge.machine import Machine, Touched
from converge.packages import change_holds, install_packages, missing_packages
from converge.sources import PARTS
from converge.typed import TYPE_CHECKING, cast
from converge.wanted import Wanted

if TYPE_CHECKING:
    from typing import Any


def claim_additions(machine: Machine, wanted: Wanted, plan: Plan, known: Touched, touched: Touched) -> None:
    """Records in `touched` what will be ours, before it is; `known` is what all roles touched so far."""
    desired = wanted.desired
    anyhow: dict[str, PackageSpec] = {name: {"version": "", "hold": False} for name in plan.packages}
    for name in missing_packages(machine, anyhow):
        touched["packages"][name] = True
    for name in plan.holds:
        if desired["packages"][name]["hold"]:
            touched["holds"][name] = True
    absent = set(missing_groups(machine, desired["groups"]))
    for group in desired["groups"]:
        touched["groups"][group] = known["groups"].get(group, group in absent)
    for user in desired["users"]:
        ours = machine.account(user) is None or (desired["users"][user]["person"] and is_closed(machine, user))
        touched["users"][user] = known["users"].get(user, ours)
    for user, groups in missing_memberships(machine, desired["users"]).items():
        touched["memberships"].update({membership(user, group): True for group in groups})
    for name in desired["modules"]:
        touched["modules"][name] = known["modules"].get(name, name in plan.modules)


def add(machine: Machine, wanted: Wanted, plan: Plan, touched: Touched) -> list[str]:
    """Brings all of it; says what was done. Packages come first: they may bring groups and users of their own."""
    desired = wanted.desired
    done = []
    sources = {name: wanted.content[name] for name in plan.files if os.path.dirname(name) == PARTS}
    if plan.packages or plan.interrupted or sources:
        brought = install_packages(machine, desired["packages"], plan.packages, touched["holds"], sources)
        touched["dependencies"].update(dict.fromkeys(brought, True))
        done += ["packages " + enumerate_some(plan.packages, 4)] if plan.packages else []
        done += ["repaired dpkg"] if plan.interrupted else []
    if plan.holds:
        change_holds(machine, desired["packages"], plan.holds)
        for name in plan.holds:
            if not desired["packages"][name]["hold"]:
                cast("dict[str, Any]", touched["holds"]).pop(name, None)
        done.append("holds of " + enumerate_some(plan.holds, 4))
    machine.forget_accounts()
    for group in plan.groups:
        if missing_groups(machine, [group]):
            make_group(machine, group)
            done.append(f"group {group}")
    for user in plan.users:
        make_user(machine, user, desired["users"][user], touched["users"][user])
        done.append(f"user {user}")
    if plan.groups or plan.users:
        # useradd and its like sync the files and not their names.
        fsync_directory(machine.at("/etc"))
    for image in plan.images:
        pull_image(machine, image)
        done.append(f"image {image}")
    return done
