"""Changes in a unit of their own: a lost connection ends nothing, and whoever comes back gets the outcome."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from converge_support import PROGRAM, Node, converge, document, file

STUBS = {
    "systemctl": 'echo "ActiveState=$(cat "$(dirname "$0")/state" 2>/dev/null || echo active)"\necho Result=oom-kill',
    # What stands before the program are options; the unit goes on by itself, and keeps nobody's pipe open.
    "systemd-run": (
        'while [ "${1#--}" != "$1" ]; do shift; done\necho "$@" >>"$(dirname "$0")/started"\n"$@" >/dev/null 2>&1 &'
    ),
    "slow": 'touch "$1.begun"; while [ ! -e "$1" ]; do sleep 0.01; done',
}


@pytest.fixture(autouse=True)
def clock() -> None:
    """The real clock: two processes wait for each other here."""


@pytest.fixture
def stubs(node: Node, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs that stand in for systemd, on a machine where the program is installed."""
    directory = node.root / "stubs"
    directory.mkdir()
    for name, text in STUBS.items():
        (directory / name).write_text(f"#!/bin/sh\n{text}\n")
        (directory / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")
    program = node.path(converge.PROGRAM)
    program.parent.mkdir(parents=True)
    program.write_text((PROGRAM / "converge.py").read_text())
    os.symlink(PROGRAM, program.parent / "current")
    return directory


def connection(node: Node) -> Any:
    """The machine as a command sees it that came over SSH."""
    machine = converge.Machine(str(node.root), converge.System(inherit_path=True))
    machine.detaches = True
    return machine


def apply(node: Node, data: bytes) -> list[str]:
    """Applies as the engine's command does, and says that the words came through."""
    machine = connection(node)
    lines: list[str] = converge.apply(machine, data)
    for after in machine.when_said:
        after()
    return lines


def test_a_unit_does_the_work(node: Node, stubs: Path, capfd: pytest.CaptureFixture[str]) -> None:
    role = document(files={"/etc/x": file("x", validate=["true", "{}"])})
    assert apply(node, role) == ["changed: /etc/x"]
    assert apply(node, role) == ["unchanged"]
    assert (stubs / "started").read_text().count("run apply-role") == 1
    assert list(node.path("/run/sovereign-edge").iterdir()) == []
    bad = document(files={"/etc/x": file("y", validate=["sh", "-c", "echo no such word; exit 3", "{}"])})
    with pytest.raises(converge.Failed, match="role: /etc/x is refused by sh") as caught:
        apply(node, bad)
    assert caught.value.detail == "no such word\nThe configuration is as it was before."
    assert node.text("/etc/x") == "x"


def slow_role(node: Node) -> tuple[bytes, Path]:
    """A role whose action ends when a file appears."""
    flag = node.root / "go"
    action = {"argv": ["slow", str(flag)], "on": {"/etc/x": True}}
    return document(files={"/etc/x": file("x")}, actions={"wait": action}), flag


def test_a_lost_connection_ends_nothing(node: Node, stubs: Path) -> None:
    data, flag = slow_role(node)
    child = os.fork()
    if child == 0:
        apply(node, data)
        os._exit(0)
    begun = flag.with_name("go.begun")
    while not begun.exists():
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    flag.touch()
    # Whether the unit is still at work or has ended, its words are for the command that comes back.
    assert apply(node, data) == ["changed: /etc/x; ran wait"]
    assert (stubs / "started").read_text().count("run apply-role") == 1
    assert apply(node, data) == ["unchanged"]


def inattentive(node: Node, data: bytes, awake: Path) -> int:
    """Another operator's command, which looks for its outcome when a file is there; the process that ends with 0."""
    child = os.fork()
    if child == 0:

        def sleep(_seconds: float) -> None:
            while not awake.exists():
                pass

        time.sleep = sleep
        code = 1
        try:
            code = 0 if apply(node, data) == ["changed: /etc/x; ran wait"] else 2
        finally:
            os._exit(code)
    return child


@pytest.mark.parametrize("words", ["changed: /etc/x", "unchanged"], ids=["another change", "the same"])
def test_two_operators_one_behind_the_other(node: Node, stubs: Path, words: str) -> None:
    data, flag = slow_role(node)
    awake = node.root / "awake"
    first = inattentive(node, data, awake)
    while not flag.with_name("go.begun").exists():
        time.sleep(0.01)
    flag.touch()
    while not list(node.path("/run/sovereign-edge").glob("*.outcome")):
        time.sleep(0.01)
    second = data if words == "unchanged" else document(files={"/etc/x": file("y", validate=["true", "{}"])})
    assert apply(node, second) == [words]
    (stubs / "state").write_text("inactive")
    awake.touch()
    assert os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]) == 0
    (stubs / "state").unlink()
    assert apply(node, second) == ["unchanged"]
    assert list(node.path("/run/sovereign-edge").iterdir()) == []


def test_two_operators_with_the_same_at_once(node: Node, stubs: Path) -> None:
    """The second comes before the unit of the first has begun."""
    gate, awake, asked = node.root / "gate", node.root / "awake", stubs / "asked"
    (stubs / "systemctl").write_text(f"#!/bin/sh\ntouch {asked}\n{STUBS['systemctl']}\n")
    start = STUBS["systemd-run"].replace('"$@" >/', f'(while [ ! -e {gate} ]; do sleep 0.01; done; "$@") >/')
    (stubs / "systemd-run").write_text(f"#!/bin/sh\n{start}\n")
    data = slow_role(node)[0]
    (node.root / "go").touch()
    first = inattentive(node, data, awake)
    while not (stubs / "started").exists():
        time.sleep(0.01)
    second = inattentive(node, data, asked)
    while not asked.exists():
        time.sleep(0.01)
    gate.touch()
    assert os.waitstatus_to_exitcode(os.waitpid(second, 0)[1]) == 0
    (stubs / "state").write_text("inactive")
    awake.touch()
    assert os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]) == 0
    assert (stubs / "started").read_text().count("run apply-role") == 1
    assert list(node.path("/run/sovereign-edge").iterdir()) == []


def test_a_unit_that_was_killed(node: Node, stubs: Path) -> None:
    (stubs / "systemd-run").write_text("#!/bin/sh\necho inactive >$(dirname $0)/state\n")
    with pytest.raises(converge.Failed, match="apply-role: the change was cut off: the machine ran out of memory"):
        apply(node, document(files={"/etc/x": file("x", validate=["true", "{}"])}))


def test_an_outcome_of_another_document_is_not_taken(node: Node, stubs: Path) -> None:
    order = {"run": "00", "key": "other", "words": [], "input": "", "who": {}}
    machine = connection(node)
    node.path("/run/sovereign-edge").mkdir(parents=True)
    converge.write_outcome(machine, "apply-role", order, 0, ["changed: lies"])
    role = document(files={"/etc/x": file("x", validate=["true", "{}"])})
    assert apply(node, role) == ["changed: /etc/x"]
    assert json.loads(node.text("/var/lib/sovereign-edge/roles/role.json"))["result"] == "applied"


PLACES = {"directories": {"/srv/x": {"mode": "0755", "owner": "root:root"}}, "links": {"/etc/y": {"target": "x"}}}
ACTION = {"argv": ["true"], "on": {"/etc/x": True}}


def test_no_unit_for_what_runs_nothing(node: Node, stubs: Path) -> None:
    role = document(files={"/etc/x": file("x {{secret:word}}", "0640")}, secrets={"word": 1}, **PLACES)
    node.secrets(word=(1, "mellon"))
    assert apply(node, role)[0].startswith("changed: ")
    assert (node.text("/etc/x"), node.text("/etc/y")) == ("x mellon", "x mellon")
    assert not (stubs / "started").exists()


@pytest.mark.parametrize(
    "sections",
    [
        {"actions": {"a": ACTION}},
        {"checks": {"c": {"argv": ["true"], "within": 1}}},
        {"units": {"x.service": {"enabled": True, "running": True}}},
        {"confirm": {"window": 60}},
        {"files": {"/etc/x": file("x", validate=["true", "{}"])}},
        {"files": {"/etc/systemd/system/x.service": file("x")}},
        {"links": {"/etc/systemd/system/x.service": {"target": "/dev/null"}}},
    ],
    ids=str,
)
def test_a_unit_for_what_runs_a_command(sections: dict[str, Any]) -> None:
    desired, _ = converge.parse_desired(document(**{"files": {"/etc/x": file("x")}, **sections}))
    assert not converge.only_places(desired)
    assert converge.only_places(converge.parse_desired(document(files={"/etc/x": file("x")}, **PLACES))[0])
