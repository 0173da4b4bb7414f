"""Jobs: started once, told how far they are, told when they failed, and gone with their role."""

from __future__ import annotations

import json
from typing import Any

import pytest

from converge_support import Node, converge, file

PULL = {"argv": ["pull", "model"]}
ASKED = {**PULL, "done": ["is-there"], "progress": ["how-far"]}
UNIT = "sovereign-edge-job-role-pull.service"


def started(node: Node) -> list[list[str]]:
    """Commands of the jobs that this run started."""
    return [words[words.index("--") + 1 :] for words in node.system.calls if words[0] == "systemd-run"]


def test_goes_on_beside_the_command(node: Node) -> None:
    node.system.answers["is-there"] = (1, "")
    node.system.answers["how-far"] = (0, "pulling\n\n35 %\n")
    role = {"jobs": {"pull": ASKED}, "files": {"/etc/x": file("x")}}
    assert node.apply(**role) == ["pending: pull started", "changed: /etc/x"]
    assert started(node) == [["pull", "model"]]
    command = next(words for words in node.system.calls if words[0] == "systemd-run")
    assert {f"--unit={UNIT}", "--no-block"} <= set(command)
    assert node.apply(**role) == ["pending: pull 35 %"]
    assert started(node) == []
    assert node.manifest()["result"] == "applied"
    log = [json.loads(line) for line in node.text(converge.LOG).splitlines()]
    assert [line["changed"] for line in log] == [["/etc/x"], ["started job pull"]]
    node.system.end_job("role", "pull")
    node.system.answers["is-there"] = (0, "")
    assert node.apply(**role) == ["unchanged"]
    assert started(node) == []


def test_systemd_fills_nothing_in(node: Node) -> None:
    node.apply(jobs={"pull": {"argv": ["sh", "-c", "echo ${HOME} $$"]}})
    assert started(node) == [["sh", "-c", "echo $${HOME} $$$$"]]


def test_nothing_to_do_is_not_started(node: Node) -> None:
    assert node.apply(jobs={"pull": ASKED}) == ["unchanged"]
    assert started(node) == []


def test_without_a_question_done_is_what_ended_well(node: Node) -> None:
    assert node.apply(jobs={"pull": PULL}) == ["pending: pull started"]
    assert node.apply(jobs={"pull": PULL}) == ["pending: pull is running"]
    node.system.end_job("role", "pull")
    assert node.apply(jobs={"pull": PULL}) == ["unchanged"]
    other = {"pull": {"argv": ["pull", "other"]}}
    assert node.apply(jobs=other) == ["pending: pull started"]
    assert started(node) == [["pull", "other"]]


def test_another_form_ends_the_one_that_runs(node: Node) -> None:
    node.apply(jobs={"pull": PULL})
    node.apply(jobs={"pull": {"argv": ["pull", "other"]}})
    verbs = [words[:2] for words in node.system.calls if words[0].startswith("system")]
    assert verbs.index(["systemctl", "stop"]) < verbs.index(["systemd-run", "--quiet"])
    assert started(node) == [["pull", "other"]]


def test_job_that_a_power_cut_ended_is_started_again(node: Node) -> None:
    node.apply(jobs={"pull": PULL})
    node.system.end_job("role", "pull", "")
    assert node.apply(jobs={"pull": PULL}) == ["pending: pull started"]


def test_failure_is_told_once_with_its_last_words(node: Node) -> None:
    node.apply(jobs={"pull": PULL})
    node.system.end_job("role", "pull", "exit-code 3")
    node.system.answers["journalctl"] = (0, "pulling\nno space left\n")
    with pytest.raises(converge.Failed, match="role: job pull failed; the next apply starts it again") as caught:
        node.apply(jobs={"pull": PULL})
    assert caught.value.detail == "pulling\nno space left\n(exit-code 3)\nThe configuration is in place."
    assert started(node) == []
    asked = next(words for words in node.system.calls if words[0] == "journalctl")
    assert asked[-1] == "_SYSTEMD_INVOCATION_ID=5ee7"
    assert node.apply(jobs={"pull": PULL}) == ["pending: pull started"]
    node.system.end_job("role", "pull", "exit-code 3")
    with pytest.raises(converge.Failed, match="job pull failed"):
        node.apply(jobs={"pull": PULL})


def test_change_of_the_role_may_be_the_remedy(node: Node) -> None:
    node.apply(jobs={"pull": PULL})
    node.system.end_job("role", "pull", "exit-code 3")
    role = {"jobs": {"pull": PULL}, "files": {"/etc/token": file("better")}}
    assert node.apply(**role) == ["pending: pull started", "changed: /etc/token"]


def test_job_that_ends_well_and_is_not_done(node: Node) -> None:
    node.system.answers["is-there"] = (1, "")
    node.apply(jobs={"pull": ASKED})
    node.system.end_job("role", "pull")
    with pytest.raises(converge.Failed, match="job pull failed") as caught:
        node.apply(jobs={"pull": ASKED})
    assert "it ended, and is-there still says that it is not done" in caught.value.detail


def test_progress_that_says_nothing(node: Node) -> None:
    node.system.answers["is-there"] = (1, "")
    node.system.answers["how-far"] = (1, "no such model\n")
    node.apply(jobs={"pull": ASKED})
    assert node.apply(jobs={"pull": ASKED}) == ["pending: pull is running"]


def test_status_says_how_it_is(node: Node) -> None:
    def report() -> Any:
        return json.loads(converge.status(node.machine)[0])["jobs"]

    node.apply(jobs={"pull": PULL})
    assert report() == {"role/pull": {"state": "running", "words": "is running"}}
    node.system.end_job("role", "pull", "oom-kill KILL")
    node.system.answers["journalctl"] = (0, "last words\n")
    assert report() == {"role/pull": {"state": "failed", "words": "last words\n(oom-kill KILL)"}}


def test_removal_stops_it(node: Node) -> None:
    node.apply(jobs={"pull": PULL, "other": PULL})
    node.apply("role-2", jobs={"pull": PULL})
    kept = {"jobs": {"pull": PULL}}
    node.apply(**kept)
    assert node.finish(**{"role": kept, "role-2": kept}) == ["changed: swept job role/other"]
    assert sorted(node.system.jobs) == ["sovereign-edge-job-role-2-pull.service", UNIT]
    assert node.finish() == ["changed: swept job role-2/pull, job role/pull"]
    assert node.system.jobs == {}
    assert converge.job_notes(node.machine) == []
