"""Kernel settings."""

from __future__ import annotations

from converge.errors import Failed
from converge.light import re
from converge.machine import Machine


def sysctl_file(machine: Machine, key: str) -> str:
    """The file of a kernel setting; dots and slashes trade places as in sysctl.d(5)."""
    first = re.search(r"[./]", key)
    swapped = key.translate({ord("."): "/", ord("/"): "."}) if first and first.group() == "." else key
    return machine.at("/proc/sys/" + swapped)


def read_sysctl(machine: Machine, key: str) -> str:
    """Value of a kernel setting with single spaces; empty when this kernel has none of that name."""
    try:
        with open(sysctl_file(machine, key), encoding="utf-8", errors="replace") as file:
            return " ".join(file.read().split())
    except OSError:
        return ""


def write_sysctl(machine: Machine, key: str, value: str) -> None:
    """Sets a kernel setting."""
    try:
        with open(sysctl_file(machine, key), "w", encoding="utf-8") as file:
            file.write(value + "\n")
    except OSError as error:
        raise Failed(f"sysctl: {key} cannot be set: {error.strerror}") from None
