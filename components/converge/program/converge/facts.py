"""Facts: what the machine is, measured. Reads only, needs no package, and takes some milliseconds."""

from __future__ import annotations

import json
import os
import re
import struct
import sys

from converge.durable import text_of
from converge.machine import Machine
from converge.peripherals import (
    Disk,
    Throttling,
    accelerators,
    displays,
    hottest,
    installed_disks,
    root_disk,
    throttling,
)
from converge.typed import TypedDict

HOST_KEY = "/etc/ssh/ssh_host_ed25519_key.pub"


class Room(TypedDict):
    """Bytes of the file system that `/` is on."""

    free: int
    total: int


class Memory(TypedDict):
    """Bytes of main memory, as the kernel counts them: some percent less than what is fitted."""

    available: int
    total: int


class Os(TypedDict):
    """os-release(5), and the name that an inventory has for the system."""

    id: str
    version: str
    name: str


class Clock(TypedDict):
    """Whether the kernel's clock is kept right by somebody; None where the machine is not allowed to ask."""

    synchronized: bool | None


class Measured(TypedDict):
    """A machine as its files show it. What it does not have, or does not tell, is empty."""

    hostname: str
    machineId: str
    hostKey: str
    """public ed25519 key of its sshd, `ssh-ed25519 AAAA…`"""
    board: str
    """as the device tree or the firmware names it"""
    arch: str
    """of its programs, in Debian's words"""
    os: Os
    kernel: str
    python: str
    pageSize: int
    memory: Memory
    disk: Room
    disks: dict[str, Disk]
    rootDisk: str
    """which of them `/` is on"""
    npu: list[str]
    gpu: list[str]
    clock: Clock
    temperature: float | None
    """degrees Celsius of the hottest sensor"""
    uptime: int
    """seconds"""


class Facts(Measured):
    """A machine as it was found, by what its firmware says of itself too."""

    throttled: Throttling | None
    """None where the firmware does not say (no Raspberry Pi)"""


def facts(machine: Machine) -> Facts:
    """Everything that can be measured."""
    return {**measured(machine), "throttled": throttling(machine)}


def measured(machine: Machine) -> Measured:
    """What can be measured without running anything."""
    board = board_name(machine)
    room = os.statvfs(machine.at("/"))
    disks = installed_disks(machine)
    return {
        "hostname": hostname(machine),
        "machineId": machine.machine_id(),
        "hostKey": " ".join(text_of(machine.at(HOST_KEY)).split()[:2]),
        "board": board,
        "arch": architecture(),
        "os": system(machine),
        "kernel": os.uname().release,
        "python": ".".join(map(str, sys.version_info[:3])),
        "pageSize": os.sysconf("SC_PAGE_SIZE"),
        "memory": {"available": memory(machine, "MemAvailable"), "total": memory_total(machine)},
        "disk": {"free": room.f_bavail * room.f_frsize, "total": room.f_blocks * room.f_frsize},
        "disks": disks,
        "rootDisk": root_disk(machine, disks),
        "npu": accelerators(machine),
        "gpu": displays(machine, board),
        "clock": {"synchronized": clock_synchronized()},
        "temperature": hottest(machine),
        "uptime": uptime(),
    }


def uptime() -> int:
    """Seconds since the system's first process started: in a container that is later than the kernel's own start."""
    kernel = float((text_of("/proc/uptime") or "0").split()[0])
    # proc_pid_stat(5): the 22nd field, of which the second may hold blanks and ends with the last parenthesis.
    fields = text_of("/proc/1/stat").rpartition(")")[2].split()
    started = int(fields[19]) / os.sysconf("SC_CLK_TCK") if len(fields) > 19 else 0
    return max(0, int(kernel - started))


def hostname(machine: Machine) -> str:
    """What the machine calls itself."""
    return text_of(machine.kernel("/proc/sys/kernel/hostname")).strip()


def print_facts(machine: Machine) -> list[str]:
    """The verb `facts`: one JSON object."""
    return [json.dumps(facts(machine), sort_keys=True)]


def memory(machine: Machine, name: str) -> int:
    """Bytes that a line of /proc/meminfo stands for; 0 when there is none."""
    found = re.search(rf"^{name}:\s+(\d+) kB$", text_of(machine.kernel("/proc/meminfo")), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def memory_total(machine: Machine) -> int:
    """Bytes of memory that the kernel has."""
    return memory(machine, "MemTotal")


def release_of(machine: Machine) -> tuple[str, str]:
    """ID and VERSION_ID of os-release(5)."""
    found = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text_of(machine.at("/etc/os-release")), re.MULTILINE))
    return found.get("ID", "unknown"), found.get("VERSION_ID", "unknown")


def system_name(machine: Machine) -> str:
    """ID and VERSION_ID with a dash between, such as debian-13."""
    return "-".join(release_of(machine))


def system(machine: Machine) -> Os:
    """The system. Raspberry Pi OS of 64 bits calls itself debian; pi-gen leaves /etc/rpi-issue on it."""
    name, version = release_of(machine)
    raspberry = name in ("debian", "raspbian") and os.path.exists(machine.at("/etc/rpi-issue"))
    return {"id": name, "version": version, "name": f"{'raspberry-pi-os' if raspberry else name}-{version}"}


def architecture() -> str:
    """What programs have to be made for, in Debian's words. A 64-bit kernel may carry a 32-bit system, as on some
    Raspberry Pis; this Python is part of that system."""
    machine, wide = os.uname().machine, struct.calcsize("P") == 8
    names = {"x86_64": ("amd64", "i386"), "aarch64": ("arm64", "armhf"), "armv7l": ("armhf", "armhf")}
    long, short = names.get(machine, (machine, machine))
    return long if wide else short


def board_name(machine: Machine) -> str:
    """What the device tree (boards) or the firmware's tables (PCs, servers) call the machine."""
    for name in ("/proc/device-tree/model", "/sys/class/dmi/id/product_name"):
        found = text_of(machine.kernel(name)).rstrip("\0\n").strip()
        if found:
            return found
    return ""


def clock_synchronized() -> bool | None:
    """What timedatectl calls "System clock synchronized": adjtimex(2) estimates an error below 16 s."""
    import ctypes

    # Of struct timex (64 bits) the fourth long is the largest error in µs; all zero: nothing is changed.
    timex = (ctypes.c_long * 64)()
    if ctypes.CDLL(None).adjtimex(timex) < 0:
        return None
    return bool(timex[3] < 16_000_000)
