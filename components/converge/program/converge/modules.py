"""Kernel modules: loaded now, and by a file of the role at each boot."""

from __future__ import annotations

import os
from _collections_abc import Iterable, Mapping

from converge.documents import FileSpec
from converge.durable import text_of
from converge.errors import Failed
from converge.light import suppress
from converge.machine import Machine
from converge.paths import modules_path


def module_files(role: str, modules: Mapping[str, object]) -> dict[str, FileSpec]:
    """The file that loads a role's modules at boot, see modules-load.d(5); none when there are none."""
    text = "".join(f"{name}\n" for name in sorted(modules))
    return {modules_path(role): {"mode": "0644", "owner": "root:root", "text": text, "validate": []}} if modules else {}


def missing_modules(machine: Machine, modules: Iterable[str]) -> list[str]:
    """Modules that the kernel has neither loaded nor built in."""
    absent = sorted(name for name in modules if not os.path.isdir(machine.at(f"/sys/module/{name}")))
    if not absent:
        return []
    listed = text_of(machine.at(f"/lib/modules/{os.uname().release}/modules.builtin"))
    built_in = {os.path.basename(line).partition(".")[0].replace("-", "_") for line in listed.splitlines()}
    return [name for name in absent if name not in built_in]


def load_module(machine: Machine, name: str) -> None:
    """Loads a module and what it needs."""
    result = machine.system.run(["modprobe", "--", name])
    if result.code != 0:
        raise Failed(
            f"module {name}: modprobe failed (exit {result.code}); this kernel is {os.uname().release}", result.output
        )


def unload_module(machine: Machine, name: str) -> bool:
    """Unloads a module that we loaded, when nothing uses it. Whether it is gone; one that stays does no harm."""
    with suppress(ValueError):
        if int(text_of(machine.at(f"/sys/module/{name}/refcnt")) or "0") == 0:
            return machine.system.run(["modprobe", "--remove", "--", name]).code == 0
    return False
