"""Taking away what came on top of a machine and no role wants any more: jobs, packages, accounts, images, modules."""

from __future__ import annotations

import os
from _collections_abc import Mapping, Sequence

from converge.accounts import close_account, end_memberships, group_members, is_person, membership, remove_group
from converge.documents import Desired
from converge.downloads import sweep_downloads
from converge.errors import enumerate_some
from converge.images import brought_images, remove_image
from converge.jobs import stop_jobs_but
from converge.machine import Machine, Touched
from converge.modules import unload_module
from converge.packages import change_holds, installed_packages, purge_packages, simulated


class Subtraction:
    """What is left of `old`, everything that roles touched, beside what `desired` (by role) still want. Adds to `done`
    what it did, and to `stays` what it has to leave."""

    def __init__(
        self, machine: Machine, old: Touched, desired: Mapping[str, Desired], done: list[str], stays: list[str]
    ) -> None:
        self.machine = machine
        self.old = old
        self.desired = desired
        self.done = done
        self.stays = stays

    def stop_jobs(self) -> None:
        """Before anything that a job works with goes."""
        wanted = {role: set(desired["jobs"]) for role, desired in self.desired.items()}
        self.done += [f"job {name}" for name in stop_jobs_but(self.machine, wanted)]

    def run(self, kept: Sequence[str]) -> None:
        """All but the jobs; `kept` are the directories that stay as data."""
        self._images()
        self._holds()
        self._packages()
        owners = [os.stat(name) for name in map(self.machine.at, kept) if os.path.isdir(name)]
        self._users({found.st_uid for found in owners})
        self._groups({found.st_gid for found in owners})
        for name in sorted(name for name, ours in self.left("modules").items() if ours):
            if unload_module(self.machine, name):
                self.done.append(f"module {name}")
        sweep_downloads(self.machine)

    def left(self, section: str) -> dict[str, bool]:
        """Of what was touched in a section that which no role wants; a mark says whether it is ours."""
        names: dict[str, bool] = dict(self.old[section])  # type: ignore[literal-required]
        wanted = {name for desired in self.desired.values() for name in self._wanted(section, desired)}
        return {name: ours for name, ours in names.items() if name not in wanted}

    @staticmethod
    def _wanted(section: str, desired: Desired) -> set[str]:
        if section == "memberships":
            return {membership(user, group) for user, spec in desired["users"].items() for group in spec["groups"]}
        if section == "holds":
            return {name for name, spec in desired["packages"].items() if spec["hold"]}
        return set(desired[section])  # type: ignore[literal-required]

    def _images(self) -> None:
        wanted = {image for desired in self.desired.values() for image in desired["images"]}
        for image in brought_images(self.machine):
            if image not in wanted:
                words = self.done if remove_image(self.machine, image) else self.stays
                words.append(f"image {image}")

    def _holds(self) -> None:
        going = {name for name, ours in self.left("packages").items() if ours}
        present = installed_packages(self.machine) if self.left("holds") else set()
        names = sorted(name for name in self.left("holds") if name not in going and name.partition(":")[0] in present)
        change_holds(self.machine, {}, names)
        self.done += [f"holds of {enumerate_some(names, 4)}"] if names else []

    def _packages(self) -> None:
        names = sorted(name for name, ours in self.left("packages").items() if ours)
        present = installed_packages(self.machine) if names else set()
        names = [name for name in names if name.partition(":")[0] in present]
        if not names:
            return
        ours = {name.partition(":")[0] for name in (*names, *self.old["dependencies"])}
        would = simulated(self.machine, "purge", *names)
        if not would <= ours:
            self.stays.append(f"packages {', '.join(names)} (needed by {enumerate_some(sorted(would - ours))})")
            return
        purge_packages(self.machine, names, self.old["holds"])
        # What somebody's package only suggests would stay for ever, and nobody asked for it before.
        forget = ["-o", "APT::AutoRemove::SuggestsImportant=false"]
        orphans = sorted(simulated(self.machine, *forget, "autoremove") & self.old["dependencies"].keys())
        if orphans:
            purge_packages(self.machine, orphans)
        self.done.append("packages " + enumerate_some(names, 4))

    def _users(self, owners: set[int]) -> None:
        ended = end_memberships(self.machine, self.left("memberships"))
        self.done += [f"membership {name}" for name in ended]
        for user in sorted(user for user, ours in self.left("users").items() if ours):
            account = self.machine.account(user)
            if account and is_person(account) and os.path.isdir(self.machine.at(account[5])):
                # The files are theirs; without the account, the next who got its number would own them.
                close_account(self.machine, user)
                self.done.append(f"login of {user}")
                self.stays.append(f"{account[5]} and the closed account {user}")
            elif account and int(account[2]) in owners:
                # Its data stays; another user that got its number one day would own them.
                self.stays.append(f"user {user}")
            elif account:
                self.machine.run(f"user {user}", ["userdel", user])
                self.done.append(f"user {user}")
        self.machine.forget_accounts()

    def _groups(self, owners: set[int]) -> None:
        for group in sorted(group for group, ours in self.left("groups").items() if ours):
            found = self.machine.owner(f"0:{group}")
            used = found and (found[1] in owners or group_members(self.machine).get(group))
            if found and (used or not remove_group(self.machine, group)):
                self.stays.append(f"group {group}")
            elif found:
                self.done.append(f"group {group}")
