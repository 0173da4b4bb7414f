"""What a run with nothing to do loads: the time that it takes is the time that modules take to load."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from converge_support import Node, bundle, converge, document, file, unit
from processes import environment, install

SLOW = {"typing", "random", "secrets", "hmac", "tempfile", "shutil", "pathlib", "socket", "ssl", "urllib", "http"}
SLOW |= {"email", "sqlite3", "tarfile", "zipfile", "logging", "datetime", "dataclasses", "inspect", "py_compile"}
HEAVY = {"re", "enum", "functools", "collections", "contextlib", "json", "hashlib", "_hashlib", "signal", "struct"}
"""Half of a run, where nothing of them is needed; `converge.light` has what is."""
CHANGING = {"converge.install", "converge.sweep", "converge.zones", "converge.status"}
CHANGING |= {"converge.transaction", "converge.prefetch", "converge.downloads", "converge.jobs", "converge.confirm"}


def modules(process: subprocess.CompletedProcess[bytes]) -> set[str]:
    """Names of the modules that a Python loaded which was told to say so."""
    return set(re.findall(r"^import time: .*\| +(\S+)$", process.stderr.decode(), re.MULTILINE))


def loaded(node: Node, stubs: Path, verb: str, document: bytes) -> list[set[str]]:
    """Names of the modules that the installed program loads for a document, and for the same one again."""
    words = [str(node.path(converge.PROGRAM)), "--root", str(node.root), verb]
    # As the engine starts it (command.ts).
    command = [sys.executable, "-I", "-S", "-X", "importtime", *words]
    # Counting lines would load modules of its own.
    seen = {name: value for name, value in environment(stubs).items() if not name.startswith("COVERAGE_")}
    runs = [subprocess.run(command, input=document, capture_output=True, env=seen, check=True) for _ in range(2)]
    if verb == "apply":
        assert [run.stdout[:9] for run in runs] == [b"changed: ", b"unchanged"]
    return [modules(run) for run in runs]


def given() -> set[str]:
    """Names of the modules that Python loads for itself."""
    command = [sys.executable, "-I", "-S", "-X", "importtime", "-c", ""]
    return modules(subprocess.run(command, capture_output=True, check=True))


def test_nothing_slow_is_loaded_when_nothing_is_to_do(node: Node, stubs: Path) -> None:
    install(node, stubs, bundle())
    role = document(files={"/etc/x": file("x")}, units={"x.service": unit(reloadOn={"/etc/x": True})})
    _, found = loaded(node, stubs, "apply", role)
    assert "converge.compare" in found
    assert (found - given()) & (SLOW | CHANGING) == set()


def test_a_role_of_files_alone_runs_nothing_and_loads_little(node: Node, stubs: Path) -> None:
    install(node, stubs, bundle())
    role = document(files={"/etc/x": file("x")})
    roles = {"role": converge.parse_desired(role)[1]}
    roster = {"version": 1, "fleet": "dev", "node": "alice", "incarnation": 1, "roles": roles}
    changed, unchanged = loaded(node, stubs, "apply", role)
    finished, again = loaded(node, stubs, "finish", json.dumps(roster).encode())
    assert {"converge.transaction", "converge.sweep"} <= changed | finished
    assert CHANGING & unchanged == set()
    for found in (changed, unchanged, finished, again):
        assert "converge.log" in found
        assert (found - given()) & (SLOW | HEAVY | {"subprocess"}) == set()


def test_every_module_is_installed_compiled(node: Node, stubs: Path) -> None:
    install(node, stubs, bundle())
    package = node.path("/usr/local/lib/sovereign-edge/current/converge")
    kept = {found.name.split(".")[0] for found in (package / "__pycache__").glob("*.pyc")}
    assert kept == {found.stem for found in package.glob("*.py")} != set()
