"""A machine in a directory, with a system that remembers what it was asked and behaves like systemd and apt."""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fake_apt import FakeApt

PROGRAM = Path(__file__).parents[2] / "components" / "converge" / "program"
SOURCE = PROGRAM / "converge.py"
sys.path.insert(0, str(PROGRAM))


class Program:
    """Every name of the package's modules in one place."""

    def __init__(self) -> None:
        files = sorted((PROGRAM / "converge").glob("*.py"))
        self.modules = [importlib.import_module(f"converge.{file.stem}") for file in files if file.stem != "__init__"]

    def __getattr__(self, name: str) -> Any:
        for module in self.modules:
            if name in vars(module):
                return vars(module)[name]
        raise AttributeError(name)


converge = Program()


def bundle(extra: str = "") -> bytes:
    """The program as bundle.ts makes it; `extra` goes to the end of one module, to make another version."""
    files = {str(file.relative_to(PROGRAM)): file.read_text() for file in PROGRAM.rglob("*.py")}
    files["converge/paths.py"] += extra
    return json.dumps(files, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class FakeSystem(FakeApt):
    """Units, packages and users that a test sets up; `calls` is every command that was run."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.calls: list[list[str]] = []
        self.answers: dict[str, Any] = {}
        """first words of a command → (code, output), or a function of the command giving them"""
        self.units: dict[str, dict[str, Any]] = {}

    def unit(self, name: str, running: bool = False, enabled: bool = False) -> None:
        """A unit that systemd knows."""
        self.units[name] = {"running": running, "enabled": enabled}

    def run(self, command: Sequence[str], timeout: float = 120, **environment: str) -> Any:
        """What System.run does."""
        words = list(command)
        self.calls.append(words)
        for length in range(len(words), 0, -1):
            answer = self.answers.get(" ".join(words[:length]))
            if answer is not None:
                return converge.Result(*(answer(words) if callable(answer) else answer))
        handler = getattr(self, "_" + words[0].replace("-", "_"), None)
        return converge.Result(*(handler(words) if handler else (0, "")))

    def _systemctl(self, words: list[str]) -> tuple[int, str]:
        if words[1] == "show":
            return 0, "\n\n".join(self._show(unit) for unit in words[4:])
        for name in words[2:]:
            if name not in self.units and self._unit_file(name):
                self.unit(name)
            if name not in self.units:
                return 5, f"Unit {name} not found."
            unit = self.units[name]
            if words[1] in ("start", "restart", "reload-or-restart", "stop"):
                unit["running"] = words[1] != "stop"
            if words[1] in ("enable", "disable"):
                unit["enabled"] = words[1] == "enable"
        return 0, ""

    def _unit_file(self, name: str) -> bool:
        return (self.root / "etc/systemd/system" / name).exists()

    def _show(self, name: str) -> str:
        unit = self.units.get(name)
        if unit is None and not self._unit_file(name):
            return "LoadState=not-found\nActiveState=inactive\nUnitFileState="
        unit = unit or {"running": False, "enabled": False}
        active = "active" if unit["running"] else "inactive"
        return f"LoadState=loaded\nActiveState={active}\nUnitFileState={'enabled' if unit['enabled'] else 'disabled'}"

    def _useradd(self, words: list[str]) -> tuple[int, str]:
        home, shell = words[words.index("--home") + 1], words[words.index("--shell") + 1]
        with (self.root / "etc/passwd").open("a") as file:
            file.write(f"{words[-1]}:x:990:990::{home}:{shell}\n")
        with (self.root / "etc/group").open("a") as file:
            file.write(f"{words[-1]}:x:990:\n")
        return 0, ""

    def _userdel(self, words: list[str]) -> tuple[int, str]:
        for name in ("passwd", "group"):
            file = self.root / "etc" / name
            kept = [line for line in file.read_text().splitlines() if not line.startswith(words[-1] + ":")]
            file.write_text("\n".join(kept) + "\n")
        return 0, ""

    def verbs(self) -> list[str]:
        """What was done to units, as `restart caddy.service`."""
        silent = ("show", "reset-failed")
        return [" ".join(words[1:]) for words in self.calls if words[0] == "systemctl" and words[1] not in silent]


class Node:
    """One machine and short ways to send it documents."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("etc", "usr/sbin", "var/lib/apt/lists", "var/log"):
            (root / name).mkdir(parents=True)
        (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\nme:x:1000:1000::/home/me:/bin/sh\n")
        (root / "etc/group").write_text("root:x:0:\nme:x:1000:\n")
        self.system = FakeSystem(root)
        self.machine = converge.Machine(str(root), self.system)

    def path(self, name: str) -> Path:
        """Where a path of the machine is."""
        return self.root / name.lstrip("/")

    def text(self, name: str) -> str:
        """Content of a file."""
        return self.path(name).read_text()

    def apply(self, role: str = "role", **sections: Any) -> list[str]:
        """Applies a desired state as a new run would; the calls are those of this run."""
        self.system.calls.clear()
        self.machine = converge.Machine(str(self.root), self.system)
        lines: list[str] = converge.apply(self.machine, document(role, **sections))
        return lines

    def secrets(self, wireguard: dict[str, str] | None = None, **secrets: tuple[int, str]) -> list[str]:
        """Stores secrets given as name=(generation, value)."""
        values = {name: {"generation": generation, "value": value} for name, (generation, value) in secrets.items()}
        header = {"version": 1, "fleet": "dev", "node": "alice", "incarnation": 1}
        body = {**header, "secrets": values, "wireguard": wireguard or {}}
        lines: list[str] = converge.store_secrets(self.machine, json.dumps(body).encode())
        return lines

    def finish(self, addresses: dict[str, str] | None = None, **roles: dict[str, Any]) -> list[str]:
        """Finishes with a roster of roles given as role=sections."""
        self.system.calls.clear()
        hashes = {role: digest(document(role, **sections)) for role, sections in roles.items()}
        body = {"version": 1, "fleet": "dev", "node": "alice", "incarnation": 1, "roles": hashes}
        body["addresses"] = addresses or {}
        lines: list[str] = converge.finish(self.machine, json.dumps(body).encode())
        return lines

    def manifest(self, role: str = "role") -> dict[str, Any]:
        """What the machine recorded of a role."""
        manifest: dict[str, Any] = json.loads(self.text(f"/var/lib/sovereign-edge/roles/{role}.json"))
        return manifest

    def leftovers(self) -> list[str]:
        """Temporary files that nobody removed."""
        return [
            str(found) for found in self.root.rglob("*") if "sovereign-edge." in found.name or found.suffix == ".new"
        ]


def document(role: str = "role", **sections: Any) -> bytes:
    """A desired state as JSON."""
    header = {"version": 1, "fleet": "dev", "node": "alice", "role": role, "incarnation": 1}
    return json.dumps({**header, **sections}).encode()


def digest(data: bytes) -> str:
    """Hash of a desired state, computed as canonical.ts does."""
    text = json.dumps(json.loads(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def file(text: str, mode: str = "0644", owner: str = "root:root", **more: Any) -> dict[str, Any]:
    """A desired file."""
    return {"mode": mode, "owner": owner, "text": text, **more}


def unit(**more: Any) -> dict[str, Any]:
    """A unit that is enabled and runs."""
    return {"enabled": True, "running": True, **more}
