"""What a machine should be started with, what is remembered of it, and why it should be started again."""

from __future__ import annotations

import os

from converge import boot_files, journal
from converge.boot_files import Texts
from converge.durable import text_of
from converge.errors import enumerate_some
from converge.light import loads, sha256
from converge.machine import Machine
from converge.typed import TypedDict, cast

WISH = "/etc/sovereign-edge/boot.json"
"""What the role `boot` says: lines of config.txt, words of cmdline.txt, and what else a boot brings, in words."""
KEPT = "boot.json"
REQUIRED = "/run/reboot-required"
"""Made by packages (a kernel, libc) that are in use in an older version until the next boot; gone with it."""


class Wish(TypedDict):
    """The file WISH."""

    config: list[str]
    cmdline: list[str]
    atBoot: dict[str, str]


class Kept(TypedDict):
    """What is remembered from one boot to the next."""

    words: list[str]
    """Words of cmdline.txt that were not there before us."""
    atBoot: dict[str, str]
    since: str
    """The boot in which `atBoot` changed."""
    trial: str
    """Mark of the texts that the firmware was asked to try; "" when it was not."""
    boot: str
    """The boot in which it was asked."""
    peers: list[str]
    """WireGuard peers that answered then."""
    keeping: bool
    """It went well, and its texts are being made the usual ones."""
    failed: dict[str, str]
    """Mark of texts that did not come up well → what they were, and why."""


class Report(TypedDict):
    """What `status` says of it."""

    needed: list[str]
    """Why the machine should be started again."""
    failed: list[str]
    """What was tried and did not come up well."""
    trying: bool
    boot: str
    """What tells this boot from every other one."""


def load_wish(machine: Machine) -> Wish | None:
    """What the role says; None on a machine that does not have it."""
    text = text_of(machine.at(WISH))
    return cast(Wish, loads(text)) if text else None


def load_kept(machine: Machine) -> Kept:
    """What is remembered."""
    fresh = {"words": [], "atBoot": {}, "since": "", "trial": "", "boot": "", "peers": [], "keeping": False}
    return cast(Kept, {**fresh, "failed": {}, **cast("dict[str, object]", machine.load(KEPT) or {})})


def wanted(wish: Wish | None, kept: Kept, now: Texts) -> Texts:
    """What the firmware should read; without a wish nothing of ours."""
    lines, words = (wish["config"], wish["cmdline"]) if wish else ([], [])
    config = boot_files.with_lines(now.config, lines)
    return Texts(config, boot_files.with_words(now.cmdline, words, kept["words"]))


def mark(texts: Texts) -> str:
    """What tells these texts from others."""
    return sha256("\0".join(texts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def difference(now: Texts, then: Texts) -> str:
    """What changes, in words."""
    marks = {"[all]", boot_files.BEGIN, boot_files.END}
    before = [*now.config.splitlines(), *now.cmdline.split()]
    after = [*then.config.splitlines(), *then.cmdline.split()]
    added = [word for word in after if word not in before and word not in marks]
    gone = [f"without {word}" for word in before if word not in after and word not in marks]
    return ", ".join([*added, *gone])


def report(machine: Machine) -> Report:
    """Why the machine should be started again, and what came of the last try."""
    kept = load_kept(machine)
    failed = sorted(kept["failed"].values())
    return {
        "needed": reasons(machine, kept),
        "failed": failed,
        "trying": kept["trial"] != "",
        "boot": journal.boot_id(),
    }


def reasons(machine: Machine, kept: Kept) -> list[str]:
    """Why the machine should be started again."""
    found = []
    wish = load_wish(machine)
    place = boot_files.find(machine) if wish else ""
    if place:
        now = boot_files.read(machine, place)
        then = wanted(wish, kept, now)
        if then != now and mark(then) not in kept["failed"]:
            found.append(f"the boot configuration changes: {difference(now, then)}")
    if kept["since"] and kept["since"] == journal.boot_id():
        found += [f"{name} changes: {words}" for name, words in sorted(kept["atBoot"].items())]
    if os.path.exists(machine.at(REQUIRED)):
        packages = sorted(set(text_of(machine.at(f"{REQUIRED}.pkgs")).split()))
        found.append(f"updated: {enumerate_some(packages, 4)}" if packages else "packages were updated")
    return found
