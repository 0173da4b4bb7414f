"""apt and dpkg: waiting for who uses them, in words, and what they say in ours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from converge_support import Node, converge

HOLD = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[Any]:
    """Starts a program named `unattended-upgrade` that holds a lock until its input ends."""
    program = tmp_path / "unattended-upgrade"
    program.write_text(HOLD)
    running: list[subprocess.Popen[str]] = []

    def hold(lock: Path) -> subprocess.Popen[str]:
        lock.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, str(program), str(lock)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        running.append(process)
        return process

    yield hold
    for process in running:
        process.communicate()


@pytest.mark.parametrize("lock", converge.LOCKS)
def test_who_holds_a_lock_and_since_when(node: Node, holder: Any, lock: str) -> None:
    assert converge.lock_holder(node.machine) is None
    process = holder(node.path(lock))
    found = converge.lock_holder(node.machine)
    assert found[0] == lock
    name = re.escape(f"unattended-upgrade {Path(lock).name} (pid {process.pid}, since ")
    assert re.fullmatch(name + r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\)", found[1])
    process.communicate()
    assert converge.lock_holder(node.machine) is None


def test_waits_in_words_and_not_for_ever(
    node: Node, holder: Any, clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    process = holder(node.path("/var/lib/dpkg/lock-frontend"))
    with pytest.raises(
        converge.Failed, match=r"unattended-upgrade .* still holds .*/lock-frontend after 15 min\. When"
    ):
        converge.apt(node.machine, "update")
    assert node.system.calls == []
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("waiting for unattended-upgrade lock-frontend (pid ")
    assert lines[0].endswith(", which holds /var/lib/dpkg/lock-frontend")
    assert len(lines) == 15
    assert clock.slept == pytest.approx(900, abs=10)
    process.communicate()
    assert converge.apt(node.machine, "update").code == 0


def test_short_wait_is_silent(node: Node, holder: Any, clock: Any, capsys: pytest.CaptureFixture[str]) -> None:
    process = holder(node.path("/var/lib/dpkg/lock"))
    sleep = clock.sleep

    def end_soon(seconds: float) -> None:
        sleep(seconds)
        if clock.slept > 1:
            process.communicate()

    clock.sleep = end_soon
    assert converge.dpkg(node.machine, "--configure", "-a").code == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "busy",
    [
        "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 270 (python3)\n",
        "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\n",
        "dpkg: error: dpkg frontend lock was locked by /usr/bin/python3.13 process with pid 270\n",
    ],
)
def test_who_was_faster_is_waited_for(node: Node, busy: str) -> None:
    answers = iter([(100, busy), (100, busy), (0, "")])
    node.system.answers["apt-get"] = lambda _: next(answers)
    assert converge.apt(node.machine, "update").code == 0


def test_nothing_can_ask(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, str] = {}

    def run(_words: list[str], _timeout: float, **given: str) -> Any:
        seen.update(given)
        return converge.Result(0, "")

    monkeypatch.setattr(node.system, "run", run)
    converge.apt(node.machine, "update")
    asked = ("DEBIAN_FRONTEND", "APT_LISTCHANGES_FRONTEND", "UCF_FORCE_CONFFOLD", "NEEDRESTART_SUSPEND")
    assert [seen[name] for name in asked] == ["noninteractive", "none", "1", "1"]


def test_process_that_cannot_be_seen() -> None:
    assert converge.describe_process(0) == "another process"
    assert converge.describe_process(2**22 + 1) == f"another process (pid {2**22 + 1})"
    assert f"(pid {os.getpid()}, since " in converge.describe_process(os.getpid())


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (
            "E: Failed to fetch http://a.example/x  Temporary failure resolving 'a.example'\n",
            "a.example cannot be reached (Temporary failure resolving 'a.example')",
        ),
        (
            "Err:1 http://b.example x\n  Could not connect to b.example:80 (192.0.2.1), connection timed out\n",
            "b.example cannot be reached (Could not connect to b.example:80 (192.0.2.1), connection timed out)",
        ),
        (
            "  Unable to connect to c.example:http: [IP: 192.0.2.1 80]\n",
            "c.example cannot be reached (Unable to connect to c.example:http: [IP: 192.0.2.1 80])",
        ),
        ("E: Write error - write (28: No space left on device)\n", "the disk is full"),
        (
            "E: Release file for http://a.example/x/InRelease is not valid yet (invalid for another 59min 32s).\n",
            "this machine's clock is at least 59min 32s behind",
        ),
        (
            "W: OpenPGP: (1): Verifying signature:            Not live until 2026-11-20T01:41:47Z\nE: Not signed.\n",
            "a signature holds from 2026-11-20T01:41:47Z on only, and this machine's clock says 2",
        ),
        ("E: You don't have enough free space in /var/cache/apt/archives/.\n", "the disk is full"),
        ("The following held packages will be changed:\n  libc6 bash\nE: Held\n", "libc6, bash: held on this machine"),
        ("The following packages will be REMOVED:\n  theirs*\nE: no\n", "theirs would have to be removed for this"),
        ("E: something else\n", "apt-get install failed (exit 100)"),
    ],
)
def test_what_apt_says_in_our_words(output: str, words: str) -> None:
    failure = converge.apt_failure("install", converge.Result(100, output))
    assert str(failure).startswith(f"packages: {words}")


def test_lines_that_say_what_is_wrong() -> None:
    noise = "Reading package lists...\nE: one\nW: two\nE: one\ndpkg: error\nEverything\n"
    assert converge.apt_words(noise) == "E: one\nW: two\ndpkg: error"
    assert converge.apt_words("only this\n") == "only this\n"
