"""Debian packages."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence

from converge.documents import PackageSpec
from converge.durable import write_durably
from converge.errors import Failed
from converge.machine import Machine, Result
from converge.paths import OLD

LISTS_FRESH = 24 * 3600.0
"""Age in seconds up to which apt's package lists are taken as they are."""


def missing_packages(machine: Machine, packages: Mapping[str, PackageSpec]) -> list[str]:
    """Packages that are not installed, or not in the version wanted."""
    if not packages:
        return []
    form = "${Package}\t${Version}\t${db:Status-Status}\n"
    output = machine.system.run(["dpkg-query", "-W", "-f", form, "--", *sorted(packages)]).output
    there = dict(re.findall(r"^(\S+)\t(\S+)\tinstalled$", output, re.MULTILINE))
    bare = {name: name.partition(":")[0] for name in packages}
    return sorted(
        name
        for name, spec in packages.items()
        if bare[name] not in there or spec["version"] not in ("", there[bare[name]])
    )


def installed_packages(machine: Machine) -> set[str]:
    """Names of all installed packages."""
    output = machine.run("packages", ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n"])
    return {line.partition(" ")[2] for line in output.splitlines() if line.startswith("installed ")}


def apt(machine: Machine, *arguments: str, timeout: float = 3600) -> Result:
    """apt-get without questions; waits up to 5 min for whoever holds apt's locks."""
    options = ["-y", "-q", "-o", "DPkg::Lock::Timeout=300"]
    options += ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"]
    deadline = time.monotonic() + 300
    while True:
        result = machine.system.run(
            ["apt-get", *options, *arguments],
            timeout,
            DEBIAN_FRONTEND="noninteractive",
            NEEDRESTART_SUSPEND="1",
        )
        # The timeout above is for dpkg's lock; the one on the package lists is not waited for by apt itself.
        busy = result.code != 0 and "/var/lib/apt/lists/lock" in result.output
        if not busy or time.monotonic() > deadline:
            return result
        time.sleep(2)


def install_packages(machine: Machine, packages: Mapping[str, PackageSpec], names: Sequence[str]) -> list[str]:
    """Installs packages without starting their daemons. Returns what came along with them."""
    wanted = [f"{name}={packages[name]['version']}" if packages[name]["version"] else name for name in names]
    before = installed_packages(machine)
    updated = not lists_fresh(machine)
    if updated:
        update_lists(machine)
    with daemons_kept_from_starting(machine):
        result = apt(machine, "install", "--no-install-recommends", "--", *wanted)
        if result.code != 0 and not updated and _lists_outdated(result.output):
            update_lists(machine)
            result = apt(machine, "install", "--no-install-recommends", "--", *wanted)
    if result.code != 0:
        raise Failed(f"packages: apt-get install failed (exit {result.code})", apt_words(result.output))
    return sorted(installed_packages(machine) - before - {name.partition(":")[0] for name in names})


def _lists_outdated(output: str) -> bool:
    signs = r"Unable to locate|has no installation candidate|was not found|404 +Not Found|Hash Sum mismatch"
    return re.search(signs, output) is not None


def apt_words(output: str) -> str:
    """The lines of apt's output that say what is wrong."""
    lines = [line for line in output.splitlines() if re.match(r"(E|W|Err|dpkg):", line)]
    return "\n".join(lines) or output


def lists_fresh(machine: Machine) -> bool:
    """Whether there are package lists, not older than a day."""
    lists = machine.at("/var/lib/apt/lists")
    times = []
    for name in (lists, lists + "/partial", machine.state("apt-lists")):
        with contextlib.suppress(OSError):
            times.append(os.stat(name).st_mtime)
    try:
        present = any(name.endswith(("_Packages", "_InRelease", "_Packages.lz4")) for name in os.listdir(lists))
    except OSError:
        present = False
    return present and time.time() - max(times) < LISTS_FRESH


def update_lists(machine: Machine) -> None:
    """Fetches the package lists."""
    result = apt(machine, "update", timeout=900)
    if result.code != 0:
        raise Failed(f"packages: apt-get update failed (exit {result.code})", apt_words(result.output))
    write_durably(machine.state("apt-lists"), b"")


POLICY = "/usr/sbin/policy-rc.d"
POLICY_TEXT = b"#!/bin/sh\n# Of sovereign-edge while it installs packages: daemons start with their role.\nexit 101\n"


@contextlib.contextmanager
def daemons_kept_from_starting(machine: Machine) -> Iterator[None]:
    """Has a policy-rc.d of ours in place; afterwards what was there before."""
    name = machine.at(POLICY)
    if os.path.lexists(name):
        os.replace(name, name + OLD)
    try:
        os.makedirs(os.path.dirname(name), exist_ok=True)
        write_durably(name, POLICY_TEXT, 0o755)
        yield
    finally:
        restore_policy(machine)


def restore_policy(machine: Machine) -> None:
    """Takes our policy-rc.d away and puts the machine's own back, if it has one."""
    name = machine.at(POLICY)
    if os.path.lexists(name + OLD):
        os.replace(name + OLD, name)
        return
    with contextlib.suppress(FileNotFoundError), open(name, "rb") as file:
        if file.read() == POLICY_TEXT:
            os.unlink(name)


def simulated(machine: Machine, *arguments: str) -> set[str]:
    """Names of the packages that apt would remove."""
    result = apt(machine, "-s", *arguments)
    return set(re.findall(r"^(?:Remv|Purg) ([^\s:]+)", result.output, re.MULTILINE))
