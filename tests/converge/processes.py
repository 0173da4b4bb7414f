"""The program as it is run on a machine: a process of its own, and stubs for systemctl and the like."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from converge_support import Node

SYSTEMCTL = """#!/bin/sh
echo "systemctl $*" >>"$(dirname "$0")/calls"
[ "$1" = show ] || exit 0
for unit; do
  case $unit in
  *.service) printf 'LoadState=loaded\\nActiveState=active\\nUnitFileState=enabled\\n\\n' ;;
  esac
done
"""
"""A systemctl that finds everything running and notes what it is asked in `calls` beside itself."""

# As installLine in command.ts has it, but for names by which coverage.py knows where the lines belong.
BOOT = (
    "import json,sys;s=open(sys.argv[4],'rb').read();"
    "exec(compile(json.loads(s)['converge/bootstrap.py'],'converge/bootstrap.py','exec'),"
    "{'__name__':'converge.bootstrap','BUNDLE':s})"
)


def environment(stubs: Path) -> dict[str, str]:
    """What a process sees: the stubs before the system's programs, and whether its lines are to be counted."""
    counting = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return {"PATH": f"{stubs}:/usr/bin:/bin", **counting}


def run(program: Path, stubs: Path, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Runs the program with the stubs first on PATH."""
    command = [sys.executable, "-I", str(program), *words]
    return subprocess.run(command, input=stdin, capture_output=True, env=environment(stubs), timeout=30, check=False)


def install(node: Node, stubs: Path, text: bytes, wanted: str = "") -> subprocess.CompletedProcess[bytes]:
    """Uploads a bundle and installs it as the engine's command line does."""
    upload = node.root / "upload.json"
    upload.write_bytes(text)
    header = {"version": 1, "fleet": "dev", "node": "alice", "incarnation": 1}
    stdin = json.dumps({**header, "program": wanted or hashlib.sha256(text).hexdigest()}).encode()
    command = [sys.executable, "-I", "-c", BOOT, "--root", str(node.root), "install", str(upload)]
    return subprocess.run(command, input=stdin, capture_output=True, env=environment(stubs), timeout=60, check=False)


def said(process: subprocess.CompletedProcess[bytes]) -> bytes:
    """Standard output without its last line, the head of the log."""
    *lines, last = process.stdout.splitlines(keepends=True)
    assert re.fullmatch(rb"log [0-9]+ [0-9a-f]{64}\n", last)
    return b"".join(lines)
