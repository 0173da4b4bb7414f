"""What is fitted to a machine, as the kernel shows it: disks, processors beside the main one, heat."""

from __future__ import annotations

import contextlib
import os
import re

from converge.durable import text_of
from converge.machine import Machine
from converge.typed import TypedDict


class Disk(TypedDict):
    """A disk: `kind` is sd, emmc, usb, nvme, ssd, hdd or virtual, `size` is in bytes."""

    kind: str
    size: int


class Throttling(TypedDict):
    """What slows a Raspberry Pi down, in words: now, and at any time since it was started."""

    now: list[str]
    sinceBoot: list[str]


NO_DISKS = re.compile(r"(loop|ram|zram|dm-|md|sr|fd|nbd|mtdblock)\d|mmcblk\d+(boot\d|rpmb)")
"""Block devices that are no disks of their own."""
HAILO = "0x1e60"
"""Hailo's PCI vendor number. 2864 is Hailo-8 and Hailo-8L, which only their firmware tells apart."""
GRAPHICS = {"0x10de": "nvidia", "0x1002": "amd", "0x8086": "intel"}
LIMITS = ["under-voltage", "frequency capped", "throttled", "soft temperature limit"]
"""Bits 0 to 3 of `vcgencmd get_throttled`; bits 16 to 19 are the same since the start."""


def entries(machine: Machine, directory: str) -> list[str]:
    """What a directory of the kernel's holds, as real paths, sorted by name; nothing when it is not there."""
    place = machine.kernel(directory)
    with contextlib.suppress(OSError):
        return [f"{place}/{name}" for name in sorted(os.listdir(place))]
    return []


def installed_disks(machine: Machine) -> dict[str, Disk]:
    """Every disk with a medium, by the kernel's name for it."""
    disks: dict[str, Disk] = {}
    for place in entries(machine, "/sys/block"):
        name, sectors = os.path.basename(place), text_of(f"{place}/size").strip()
        # Of 512 bytes each, whatever the disk's own are (Documentation/ABI/stable/sysfs-block).
        if not NO_DISKS.match(name) and int(sectors or 0) > 0:
            disks[name] = {"kind": disk_kind(name, place), "size": int(sectors) * 512}
    return disks


def disk_kind(name: str, place: str) -> str:
    """Kind of a disk. Behind a USB bridge one cannot tell what turns; a virtual disk may be anything."""
    if name.startswith("mmcblk"):
        return "sd" if text_of(f"{place}/device/type").strip() == "SD" else "emmc"
    if name.startswith("nvme"):
        return "nvme"
    if name.startswith(("vd", "xvd", "ubd")):
        return "virtual"
    if "/usb" in os.path.realpath(place):
        return "usb"
    return "hdd" if text_of(f"{place}/queue/rotational").strip() == "1" else "ssd"


def root_disk(machine: Machine, disks: dict[str, Disk]) -> str:
    """The disk that `/` is on; "" when it is on none that can be seen (overlay, network)."""
    lines = text_of(machine.kernel("/proc/self/mountinfo")).splitlines()
    for line in reversed(lines):
        found = re.match(r"\d+ \d+ (\d+:\d+) \S+ / .* - \S+ (\S+) ", line)
        if found:
            # btrfs has a device number of its own; then the name of its device says more.
            numbered = machine.kernel(f"/sys/dev/block/{found[1]}")
            named = machine.kernel("/sys/class/block/" + os.path.basename(found[2]))
            return disk_below(os.path.realpath(numbered if os.path.exists(numbered) else named), disks)
    return ""


def disk_below(place: str, disks: dict[str, Disk]) -> str:
    """The disk that a partition, or the first one that a mapped device, lies on."""
    for _ in range(8):
        name = os.path.basename(place)
        if name in disks:
            return name
        below = sorted(os.listdir(f"{place}/slaves")) if os.path.isdir(f"{place}/slaves") else []
        place = os.path.realpath(f"{place}/slaves/{below[0]}") if below else os.path.dirname(place)
    return ""


def pci_devices(machine: Machine) -> list[tuple[str, str, str]]:
    """Vendor, device and class of everything on PCI, in hex as the kernel writes it."""
    return [
        (text_of(f"{place}/vendor").strip(), text_of(f"{place}/device").strip(), text_of(f"{place}/class").strip())
        for place in entries(machine, "/sys/bus/pci/devices")
    ]


def accelerators(machine: Machine) -> list[str]:
    """Neural processors on PCI, as an inventory names them; a Hailo-8L shows itself as a Hailo-8."""
    return [
        "hailo-8" if device == "0x2864" else "hailo-10h"
        for vendor, device, _ in pci_devices(machine)
        if vendor == HAILO
    ]


def displays(machine: Machine, board: str) -> list[str]:
    """Graphics processors: PCI's display controllers (class 03), and that of a Raspberry Pi, which is on no bus."""
    found = [
        f"{GRAPHICS.get(vendor, vendor)} {device[2:]}"
        for vendor, device, kind in pci_devices(machine)
        if kind.startswith("0x03")
    ]
    return [*found, "videocore"] if board.startswith("Raspberry Pi") else found


def hottest(machine: Machine) -> float | None:
    """Degrees Celsius of the hottest thermal zone; None when there is none."""
    readings = [
        text_of(f"{zone}/temp").strip() for zone in entries(machine, "/sys/class/thermal") if "thermal_zone" in zone
    ]
    degrees = [int(reading) / 1000 for reading in readings if re.fullmatch(r"\d{4,6}", reading)]
    return max(degrees, default=None)


def throttling(machine: Machine) -> Throttling | None:
    """What the firmware of a Raspberry Pi says of itself; None where nothing of the kind is installed."""
    answer = machine.system.run(["vcgencmd", "get_throttled"], 5)
    found = re.search(r"throttled=0x([0-9a-fA-F]+)", answer.output) if answer.code == 0 else None
    if found is None:
        return None
    bits = int(found[1], 16)
    words = [[word for bit, word in enumerate(LIMITS) if bits >> shift + bit & 1] for shift in (0, 16)]
    return {"now": words[0], "sinceBoot": words[1]}
