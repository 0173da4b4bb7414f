"""The files that a Raspberry Pi's firmware reads: what is ours in them, and how they are changed.

They lie on a FAT file system, where a rename is not all or nothing and a truncated file has lost its clusters. So they
are changed in place, from the first byte that differs on: what is ours stands at the end, and at whatever instruction
the power goes, all before it is what it was.
"""

from __future__ import annotations

import os
from _collections_abc import Collection, Sequence

from converge.durable import content
from converge.errors import Failed
from converge.light import re
from converge.machine import Machine
from converge.typed import NamedTuple

FOLDERS = ("/boot/firmware", "/boot")
"""Where the boot partition is mounted: since Debian 12, and before."""
CONFIG, CMDLINE = "config.txt", "cmdline.txt"
TRIAL_CONFIG, TRIAL_CMDLINE = "tryboot.txt", "tryboot-cmdline.txt"
"""The firmware takes the first instead of config.txt for one boot; it names the second."""
MARK = "sovereign_edge.try="
"""A word of the trial's command line, by which the system knows that it was started on trial, and with which texts."""
BEGIN, END = "# Begin of sovereign-edge", "# End of sovereign-edge"


class Texts(NamedTuple):
    """Both files."""

    config: str
    cmdline: str


def find(machine: Machine) -> str:
    """The boot partition; "" when there is none."""
    for name in FOLDERS:
        if all(os.path.isfile(machine.at(f"{name}/{file}")) for file in (CONFIG, CMDLINE)):
            return name
    return ""


def folder(machine: Machine) -> str:
    """The boot partition. Raises Failed when there is none."""
    name = find(machine)
    if name:
        return name
    raise Failed(f"there is no {CONFIG} and {CMDLINE} in {' or '.join(FOLDERS)}: is the boot partition mounted?")


def read(machine: Machine, place: str) -> Texts:
    """What the firmware reads at a usual boot."""
    return Texts(_text(machine, f"{place}/{CONFIG}"), _text(machine, f"{place}/{CMDLINE}"))


def _text(machine: Machine, name: str) -> str:
    return content(machine.at(name)).decode("utf-8", "surrogateescape")


def with_lines(text: str, lines: Sequence[str]) -> str:
    """config.txt with these lines in our block, at its end and for all models; without lines there is no block.

    A block that holds them already stays where it is, and so does everything else.
    """
    found = re.search(rf"^{BEGIN}\n(.*?)^{END}\n?", text, re.MULTILINE | re.DOTALL)
    block = "".join(f"{line}\n" for line in ["[all]", *lines]) if lines else ""
    if (found[1] if found else "") == block:
        return text
    others = text[: found.start()] + text[found.end() :] if found else text
    if not block:
        return others
    ended = others if others.endswith("\n") or not others else others + "\n"
    return f"{ended}{BEGIN}\n{block}{END}\n"


def with_words(text: str, words: Sequence[str], ours: Collection[str]) -> str:
    """cmdline.txt, which is one line, with these words; of `ours`, which we put there, without the others."""
    there = text.split()
    kept = [word for word in there if word not in ours or word in words]
    new = [*kept, *(word for word in words if word not in kept)]
    return text if new == there else " ".join(new) + "\n"


def require_plain(machine: Machine, place: str, config: str) -> None:
    """Raises Failed when the firmware reads other files than these, so that a change of them would do nothing."""
    named = re.search(r"^\s*((?:cmdline|os_prefix)\s*=.*)$", config, re.MULTILINE)
    if named:
        raise Failed(
            f"{place}/{CONFIG} names another place ({named[1].strip()}): take that line out, or this role away"
        )
    if re.search(r"^\s*tryboot_a_b\s*=\s*1", _text(machine, f"{place}/autoboot.txt"), re.MULTILINE):
        raise Failed(f"{place}/autoboot.txt starts one of two systems (tryboot_a_b=1), and this role knows one")


def write_trial(machine: Machine, place: str, wanted: Texts, mark: str) -> None:
    """Puts there what the firmware may try once: complete before anybody asks it to."""
    words = [*wanted.cmdline.split(), f"{MARK}{mark}"]
    overwrite(machine.at(f"{place}/{TRIAL_CMDLINE}"), " ".join(words) + "\n")
    overwrite(machine.at(f"{place}/{TRIAL_CONFIG}"), f"{wanted.config}[all]\ncmdline={TRIAL_CMDLINE}\n")


def drop_trial(machine: Machine, place: str) -> None:
    """Takes it away; nothing there is fine."""
    for name in (TRIAL_CONFIG, TRIAL_CMDLINE):
        if os.path.exists(machine.at(f"{place}/{name}")):
            os.unlink(machine.at(f"{place}/{name}"))


def write(machine: Machine, place: str, wanted: Texts) -> None:
    """Makes these what the firmware reads at a usual boot."""
    overwrite(machine.at(f"{place}/{CMDLINE}"), wanted.cmdline)
    overwrite(machine.at(f"{place}/{CONFIG}"), wanted.config)


def overwrite(name: str, text: str) -> None:
    """Changes a file in place from the first byte that differs on, durably; it is never shorter than its new text."""
    new = text.encode("utf-8", "surrogateescape")
    old = content(name)
    if new == old and os.path.exists(name):
        return
    same = next((at for at, (one, other) in enumerate(zip(old, new)) if one != other), min(len(old), len(new)))
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT, 0o755)
    try:
        # What is left of a longer text is blank before it is cut off.
        os.pwrite(descriptor, new[same:].ljust(len(old) - same, b"\n"), same)
        os.fsync(descriptor)
        os.ftruncate(descriptor, len(new))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
