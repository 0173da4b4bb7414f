"""Debian packages: what is missing, and bringing it in one apt transaction that starts no daemon and breaks no hold."""

from __future__ import annotations

import os
import sys
import time
from _collections_abc import Collection, Iterator, Mapping, Sequence

from converge.apt import apt, apt_failure, apt_words, dpkg, lock_holder, patiently, unreachable
from converge.documents import PackageSpec
from converge.durable import content, fsync_directory, remove, write_durably
from converge.errors import Failed, enumerate_some
from converge.light import contextmanager, re, suppress
from converge.machine import Machine, Result
from converge.paths import OLD
from converge.room import room_at
from converge.sources import apt_view, update_source
from converge.typed import NamedTuple

LISTS_FRESH = 24 * 3600.0
"""Age in seconds up to which apt's package lists are taken as they are."""
MARGIN = 32 * 1024 * 1024
"""Bytes that stay free beside what apt says it needs: dpkg unpacks beside the old files and rewrites its lists."""
NO_LISTS = b"the last update did not reach every host\n"


class PackageState(NamedTuple):
    """What dpkg says of a package."""

    version: str
    installed: bool
    held: bool
    broken: bool
    """dpkg was cut off in it, or its scripts failed."""
    torn: bool
    """Some of its files may be there: it has to be unpacked again."""


def package_states(machine: Machine, names: Sequence[str] = ()) -> dict[str, PackageState]:
    """States of packages, by name and by name:architecture; without names those of all that dpkg knows."""
    form = "${Package}\t${Architecture}\t${Version}\t${db:Status-Want}\t${db:Status-Eflag}\t${db:Status-Status}\n"
    result = machine.system.run(["dpkg-query", "-W", "-f", form, *(["--", *names] if names else [])])
    found: dict[str, PackageState] = {}
    lines = re.findall(r"^(\S+)\t(\S*)\t(\S*)\t(\S+)\t(\S+)\t(\S+)$", result.output, re.MULTILINE)
    for name, architecture, version, want, flag, status in lines:
        broken = status in _UNFINISHED or flag != "ok"
        state = PackageState(version, status == "installed", want == "hold", broken, flag == "reinstreq")
        found[f"{name}:{architecture}"] = state
        if name not in found or not found[name].installed:
            found[name] = state
    return found


_UNFINISHED = {"half-installed", "unpacked", "half-configured", "triggers-awaited"}


def missing_packages(machine: Machine, packages: Mapping[str, PackageSpec]) -> list[str]:
    """Packages that are not installed, or not in the version wanted."""
    states = package_states(machine, sorted(packages)) if packages else {}
    return missing_among(packages, states)


def missing_among(packages: Mapping[str, PackageSpec], states: Mapping[str, PackageState]) -> list[str]:
    """Packages that are not installed according to `states`, or not in the version wanted."""
    there = {name: state.version for name, state in states.items() if state.installed}
    return sorted(
        name for name, spec in packages.items() if name not in there or spec["version"] not in ("", there[name])
    )


def holds_to_change(
    packages: Mapping[str, PackageSpec], states: Mapping[str, PackageState], ours: Mapping[str, bool]
) -> list[str]:
    """Packages to hold, and those that we hold (`ours`: package → held by us) and that need no hold any more."""
    held = {name for name, state in states.items() if state.held}
    wanted = {name for name, spec in packages.items() if spec["hold"]}
    mine = {name for name in packages if ours.get(name)}
    return sorted((wanted - held) | (mine & held) - wanted)


def change_holds(machine: Machine, packages: Mapping[str, PackageSpec], names: Sequence[str]) -> None:
    """Holds packages that want it and lets go of the others."""
    for verb, wanted in (("hold", True), ("unhold", False)):
        chosen = [name for name in names if (name in packages and packages[name]["hold"]) == wanted]
        if chosen:
            _mark(machine, verb, chosen)


def _mark(machine: Machine, verb: str, names: Sequence[str]) -> None:
    result = patiently(machine, ["apt-mark", verb, *names], 120)
    if result.code != 0:
        raise Failed(f"packages: apt-mark {verb} failed (exit {result.code})", result.output)


def installed_packages(machine: Machine) -> set[str]:
    """Names of all installed packages."""
    return {name for name, state in package_states(machine).items() if state.installed and ":" not in name}


def install_packages(
    machine: Machine,
    packages: Mapping[str, PackageSpec],
    names: Sequence[str],
    ours: Collection[str] = (),
    sources: Mapping[str, bytes] | None = None,
) -> list[str]:
    """Installs packages without starting their daemons, after mending what dpkg was cut off in.

    `ours` are packages that we hold; `sources` are apt sources that are new or changed, not yet in their places: path →
    content. Returns what came along with the packages. Raises Failed, with nothing installed when it says so.
    """
    with apt_view(machine, sources or {}) as view:
        for name in sorted(sources or {}):
            update_source(machine, name)
        problem = update_lists(machine, view) if names and not lists_fresh(machine) else None
        with daemons_kept_from_starting(machine):
            repair(machine, view)
            return _Installation(machine, packages, names, view, problem).run(ours) if names else []


class _Installation:
    """One apt transaction."""

    def __init__(
        self,
        machine: Machine,
        packages: Mapping[str, PackageSpec],
        names: Sequence[str],
        view: Sequence[str],
        problem: Result | None,
    ) -> None:
        self.machine = machine
        self.names = names
        self.problem = problem
        """Answer of an `apt-get update` that did not reach every host."""
        self.updated = problem is not None
        pinned = any(packages[name]["version"] for name in names)
        self.view = view
        self.arguments = [*view, "--no-remove", "--no-install-recommends", *(["--allow-downgrades"] if pinned else [])]
        wanted = [f"{name}={packages[name]['version']}" if packages[name]["version"] else name for name in names]
        self.arguments += ["install", "--", *wanted]

    def run(self, ours: Collection[str]) -> list[str]:
        """Returns the names of what came along."""
        states = package_states(self.machine)
        self._respect_holds(states, ours)
        self._require_room(self._ask("--print-uris", "--allow-change-held-packages").output)
        mine = [name for name in self.names if name in states and states[name].held]
        if mine:
            _mark(self.machine, "unhold", mine)
        try:
            self._ask()
        finally:
            if mine:
                _mark(self.machine, "hold", mine)
        before = {name for name, state in states.items() if state.installed}
        return sorted(installed_packages(self.machine) - before - {name.partition(":")[0] for name in self.names})

    def _ask(self, *options: str) -> Result:
        result = apt(self.machine, *options, *self.arguments)
        if result.code != 0 and not self.updated and _lists_outdated(result.output):
            self.updated = True
            self.problem = update_lists(self.machine, self.view)
            result = apt(self.machine, *options, *self.arguments)
        if result.code == 0:
            return result
        if self.problem and not unreachable(result.output):
            # What is not to be had may well be in the lists that could not be fetched.
            result = Result(result.code, f"{self.problem.output}\n{result.output}")
        raise apt_failure("install", result)

    def _respect_holds(self, states: Mapping[str, PackageState], ours: Collection[str]) -> None:
        theirs = [name for name in self.names if name in states and states[name].held and name not in ours]
        if theirs:
            has = states[theirs[0]].version
            raise Failed(
                f"packages: {enumerate_some(theirs)}: held on this machine{f' at {has}' if has else ''}"
                " (`apt-mark hold`), and the inventory wants it otherwise; let go of it with `apt-mark unhold`,"
                " or want that version"
            )

    def _require_room(self, output: str) -> None:
        places = {
            "/var/cache/apt/archives": size_in(r"Need to get ([\d.,]+ [kMGT]?B)", output),
            "/usr": size_in(r"After this operation, ([\d.,]+ [kMGT]?B) of additional", output),
        }
        needed: dict[int, int] = {}
        for place, size in places.items():
            device, free = room_at(self.machine, place)
            needed[device] = needed.get(device, 0) + size
            if size and needed[device] + MARGIN > free:
                raise Failed(
                    f"packages: {enumerate_some(self.names, 4)}: {needed[device] + MARGIN:,} bytes of disk are needed,"
                    f" {free:,} are free for {place}; nothing was installed"
                )


def _lists_outdated(output: str) -> bool:
    signs = r"Unable to locate|has no installation candidate|was not found|404 +Not Found|Hash Sum mismatch"
    return re.search(signs, output) is not None


def size_in(pattern: str, output: str) -> int:
    """The size that a pattern finds in apt's words, in bytes; 0 when apt does not speak of it."""
    found = re.search(pattern, output)
    number, unit = found[1].replace(",", "").split() if found else ("0", "B")
    return int(float(number) * 1000 ** " kMGT".index(unit[:-1] or " "))


# A package manager that was cut off


def interrupted(machine: Machine) -> bool:
    """Whether dpkg left a change half-way and is not at work on it now."""
    try:
        left = any(name.isdigit() for name in os.listdir(machine.at("/var/lib/dpkg/updates")))
    except OSError:
        return False
    return left and lock_holder(machine) is None


def broken_packages(machine: Machine) -> dict[str, PackageState]:
    """Packages that dpkg was cut off in, or whose scripts failed."""
    return {name: state for name, state in sorted(package_states(machine).items()) if state.broken and ":" not in name}


def repair(machine: Machine, view: Sequence[str] = ()) -> None:
    """Brings to an end what dpkg was cut off in; nothing to do is the usual case."""
    broken = broken_packages(machine)
    if not broken and not interrupted(machine):
        return
    print("dpkg was cut off on this machine; that is repaired first", file=sys.stderr, flush=True)
    words = dpkg(machine, "--configure", "-a").output
    torn = [name for name, state in broken.items() if state.torn]
    if torn:
        # `--fix-broken` sees no reason to touch them when the version is still the newest (seen with apt 3.0.4).
        words += "\n" + apt(machine, *view, "--no-remove", "--reinstall", "install", "--", *torn).output
    # Nothing of the machine's own may go for it.
    words += "\n" + apt(machine, *view, "--no-remove", "--fix-broken", "install").output
    left = broken_packages(machine)
    if left:
        raise Failed(
            f"packages: dpkg was cut off on this machine, and {enumerate_some(list(left))} cannot be brought to an end;"
            " see `dpkg --audit`, then apply again",
            apt_words(words),
        )


def purge_packages(machine: Machine, names: Sequence[str], ours: Collection[str] = ()) -> None:
    """Removes packages with their configuration; a hold of ours (`ours`) is let go of first."""
    held = [name for name in names if name in ours]
    repair(machine)
    if held:
        _mark(machine, "unhold", held)
    result = apt(machine, "purge", "--", *names)
    if result.code != 0:
        raise apt_failure("purge", result)


def simulated(machine: Machine, *arguments: str) -> set[str]:
    """Names of the packages that apt would remove."""
    result = apt(machine, "-s", "--allow-change-held-packages", *arguments)
    return set(re.findall(r"^(?:Remv|Purg) ([^\s:]+)", result.output, re.MULTILINE))


# Package lists


def lists_fresh(machine: Machine) -> bool:
    """Whether there are package lists, not older than a day, and the last update of ours reached every host."""
    lists = machine.at("/var/lib/apt/lists")
    times = []
    for name in (lists, lists + "/partial", machine.state("apt-lists")):
        with suppress(OSError):
            times.append(os.stat(name).st_mtime)
    try:
        present = any(name.endswith(("_Packages", "_InRelease", "_Packages.lz4")) for name in os.listdir(lists))
    except OSError:
        present = False
    return present and time.time() - max(times) < LISTS_FRESH and content(machine.state("apt-lists")) != NO_LISTS


def update_lists(machine: Machine, view: Sequence[str] = ()) -> Result | None:
    """Fetches the package lists. Returns apt's answer when a source did not give its own: that may be one which the
    operator has long forgotten, and what is wanted may be there all the same."""
    result = apt(machine, *view, "update", timeout=900)
    signs = r"^(W|E): (Failed to fetch|Some index files)"
    whole = result.code == 0 and not re.search(signs, result.output, re.MULTILINE)
    write_durably(machine.state("apt-lists"), b"" if whole else NO_LISTS)
    return None if whole else result


# Daemons


POLICY = "/usr/sbin/policy-rc.d"
POLICY_TEXT = b"#!/bin/sh\n# Of sovereign-edge while it installs packages: daemons start with their role.\nexit 101\n"


@contextmanager
def daemons_kept_from_starting(machine: Machine) -> Iterator[None]:
    """Has a policy-rc.d of ours in place; afterwards what was there before, at the latest with the next run."""
    name = machine.at(POLICY)
    restore_policy(machine)
    try:
        os.makedirs(os.path.dirname(name), exist_ok=True)
        if os.path.lexists(name):
            os.replace(name, name + OLD)
        write_durably(name, POLICY_TEXT, 0o755)
        yield
    finally:
        restore_policy(machine)


def restore_policy(machine: Machine) -> None:
    """Takes our policy-rc.d away and puts the machine's own back, if it has one. Usually there is nothing to do."""
    name = machine.at(POLICY)
    remove(name + ".new")
    if os.path.lexists(name + OLD):
        os.replace(name + OLD, name)
    elif content(name) == POLICY_TEXT:
        os.unlink(name)
    else:
        return
    fsync_directory(os.path.dirname(name))
