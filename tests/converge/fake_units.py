"""A stand-in for systemd, podman and the kernel's modules."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class FakeUnits:
    """Units that a test sets up; jobs are units that it lets end."""

    root: Path

    def __init__(self) -> None:
        self.units: dict[str, dict[str, Any]] = {}
        self.jobs: dict[str, str] = {}
        """unit of a job that runs → what its end is written to"""

    def unit(self, name: str, running: bool = False, enabled: bool = False, masked: bool = False) -> None:
        """A unit that systemd knows."""
        self.units[name] = {"running": running, "enabled": enabled, "masked": masked}

    def _systemctl(self, words: list[str]) -> tuple[int, str]:
        if words[1] == "show":
            return 0, "\n\n".join(self._show(unit) for unit in words[words.index("--") + 1 :])
        for name in words[2:]:
            if name in self.jobs:
                self.jobs.pop(name)
                continue
            if name not in self.units and self._unit_file(name):
                self.unit(name)
            if name not in self.units:
                return 5, f"Unit {name} not found."
            unit = self.units[name]
            if unit["masked"] and words[1] in ("start", "restart", "enable"):
                return 1, f"Failed to {words[1]} unit: Unit {name} is masked."
            if words[1] in ("start", "restart", "reload-or-restart", "stop"):
                unit["running"] = words[1] != "stop"
            if words[1] in ("enable", "disable"):
                unit["enabled"] = words[1] == "enable"
            if words[1] in ("mask", "unmask"):
                unit["masked"] = words[1] == "mask"
        return 0, ""

    def _unit_file(self, name: str) -> bool:
        return (self.root / "etc/systemd/system" / name).exists()

    def _show(self, name: str) -> str:
        if name.startswith("sovereign-edge-job-"):
            return f"ActiveState={'active' if name in self.jobs else 'inactive'}"
        unit = self.units.get(name)
        if unit is None and not self._unit_file(name):
            return "LoadState=not-found\nActiveState=inactive\nUnitFileState="
        unit = unit or {"running": False, "enabled": False, "masked": False}
        active = "active" if unit["running"] else "inactive"
        state = "masked" if unit["masked"] else "enabled" if unit["enabled"] else "disabled"
        load = "masked" if unit["masked"] else "loaded"
        return f"LoadState={load}\nActiveState={active}\nUnitFileState={state}"

    def _systemd_run(self, words: list[str]) -> tuple[int, str]:
        name = next((word[len("--unit=") :] for word in words if word.startswith("--unit=")), "")
        if name.startswith("sovereign-edge-job-"):
            after = next(word for word in words if word.startswith("--property=ExecStopPost="))
            self.jobs[name] = after.rpartition(' sh "')[2].rstrip('"')
        return 0, ""

    def end_job(self, role: str, name: str, how: str = "success 0") -> None:
        """Lets a job end, as systemd would say it; without words as after a power failure."""
        file = self.jobs.pop(f"sovereign-edge-job-{role}-{name}.service")
        if how:
            Path(file).write_text(how + " 5ee7\n")

    def _modprobe(self, words: list[str]) -> tuple[int, str]:
        place = self.root / "sys/module" / words[-1]
        if "--remove" in words:
            (place / "refcnt").unlink()
            place.rmdir()
        else:
            place.mkdir(parents=True)
            (place / "refcnt").write_text("0\n")
        return 0, ""
