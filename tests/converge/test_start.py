"""What a run with nothing to do loads: the time that it takes is the time that modules take to load."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from converge_support import Node, bundle, converge, document, file, unit
from processes import environment, install

SLOW = {"typing", "random", "secrets", "hmac", "tempfile", "shutil", "pathlib", "socket", "ssl", "urllib", "http"}
SLOW |= {"email", "sqlite3", "tarfile", "zipfile", "logging", "datetime", "dataclasses", "inspect", "py_compile"}
CHANGING = {"converge.install", "converge.sweep", "converge.zones", "converge.status"}
CHANGING |= {"converge.transaction", "converge.prefetch", "converge.downloads", "converge.jobs", "converge.confirm"}


def loaded(node: Node, stubs: Path, role: bytes) -> set[str]:
    """Names of the modules that the installed program loads to apply a role that is applied."""
    words = [str(node.path(converge.PROGRAM)), "--root", str(node.root), "apply"]
    command = [sys.executable, "-I", "-X", "importtime", *words]
    # Counting lines would load modules of its own.
    seen = {name: value for name, value in environment(stubs).items() if not name.startswith("COVERAGE_")}
    first, again = (subprocess.run(command, input=role, capture_output=True, env=seen, check=True) for _ in range(2))
    assert (first.stdout[:9], again.stdout[:9]) == (b"changed: ", b"unchanged")
    return set(re.findall(r"^import time: .*\| +(\S+)$", again.stderr.decode(), re.MULTILINE))


def test_nothing_slow_is_loaded_when_nothing_is_to_do(node: Node, stubs: Path) -> None:
    bare = subprocess.run([sys.executable, "-I", "-X", "importtime", "-c", ""], capture_output=True, check=True).stderr
    given = set(re.findall(r"\| +(\S+)$", bare.decode(), re.MULTILINE))
    install(node, stubs, bundle())
    role = document(files={"/etc/x": file("x")}, units={"x.service": unit(reloadOn={"/etc/x": True})})
    found = loaded(node, stubs, role)
    assert "converge.compare" in found
    assert (found - given) & (SLOW | CHANGING) == set()


def test_a_role_of_files_alone_runs_nothing(node: Node, stubs: Path) -> None:
    install(node, stubs, bundle())
    assert "subprocess" not in loaded(node, stubs, document(files={"/etc/x": file("x")}))


def test_every_module_is_installed_compiled(node: Node, stubs: Path) -> None:
    install(node, stubs, bundle())
    package = node.path("/usr/local/lib/sovereign-edge/current/converge")
    kept = {found.name.split(".")[0] for found in (package / "__pycache__").glob("*.pyc")}
    assert kept == {found.stem for found in package.glob("*.py")} != set()
