"""A machine in a directory, with a system that remembers what it was asked and behaves like systemd and apt."""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fake_accounts import FakeAccounts
from fake_apt import FakeApt
from fake_podman import FakePodman
from fake_units import FakeUnits

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


class FakeSystem(FakeApt, FakeUnits, FakeAccounts, FakePodman):
    """A system that a test sets up; `calls` is every command that was run."""

    def __init__(self, root: Path) -> None:
        FakeApt.__init__(self, root)
        FakeUnits.__init__(self)
        FakePodman.__init__(self)
        self.calls: list[list[str]] = []
        self.answers: dict[str, Any] = {}
        """first words of a command → (code, output), or a function of the command giving them"""

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
