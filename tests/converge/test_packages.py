"""Packages: apt is only asked when something is missing, and daemons stay down meanwhile."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from converge_support import Node, converge


def apt(node: Node) -> list[str]:
    """apt's verbs in order, without what only looks."""
    verbs = ("install", "update", "purge", "autoremove")
    asked = [words for words in node.system.calls if words[0] == "apt-get" and "--print-uris" not in words]
    return [next(word for word in words if word in verbs) for words in asked]


def lists(node: Node, age: float) -> None:
    """Package lists fetched `age` seconds ago."""
    directory = node.path("/var/lib/apt/lists")
    (directory / "deb_dists_trixie_InRelease").write_text("")
    os.utime(directory, (time.time() - age, time.time() - age))


def role(*names: str, **versions: str) -> dict[str, Any]:
    """A role with packages."""
    return {"packages": {**{name: {} for name in names}, **{name: {"version": v} for name, v in versions.items()}}}


def test_nothing_missing_asks_apt_nothing(node: Node) -> None:
    node.apply(**role("coreutils", "python3"))
    assert apt(node) == []
    assert node.apply(**role("coreutils", "python3")) == ["unchanged"]


def test_missing_package_without_its_recommendations(node: Node) -> None:
    lists(node, 60)
    node.system.available["caddy"] = ["libcaddy"]
    assert node.apply(**role("coreutils", "caddy")) == ["changed: packages caddy"]
    assert apt(node) == ["install"]
    command = [words for words in node.system.calls if words[0] == "apt-get"][-1]
    assert command[-5:] == ["--no-remove", "--no-install-recommends", "install", "--", "caddy"]
    assert {"DPkg::Lock::Timeout=5", "Dpkg::Use-Pty=0"} <= set(command)
    assert "exit 101" in node.system.policy[0]
    assert not node.path("/usr/sbin/policy-rc.d").exists()
    assert node.manifest()["touched"]["packages"] == {"caddy": True}
    assert node.manifest()["touched"]["dependencies"] == {"libcaddy": True}


def test_machine_has_a_policy_of_its_own(node: Node) -> None:
    lists(node, 60)
    node.path("/usr/sbin/policy-rc.d").write_text("mine")
    broken = (100, "E: Sub-process /usr/bin/dpkg returned an error code (1)\n")
    node.system.answers["apt-get"] = lambda words: (0, "") if "--print-uris" in words else broken
    with pytest.raises(converge.Failed, match=r"packages: apt-get install failed \(exit 100\)") as caught:
        node.apply(**role("caddy"))
    assert caught.value.detail.startswith("E: Sub-process")
    assert node.text("/usr/sbin/policy-rc.d") == "mine"
    assert apt(node) == ["install"]


@pytest.mark.parametrize("age", [None, 25 * 3600.0])
def test_lists_that_are_absent_or_old_are_fetched_first(node: Node, age: float | None) -> None:
    if age is not None:
        lists(node, age)
    node.system.after_update["caddy"] = []
    node.apply(**role("caddy"))
    assert apt(node) == ["update", "install"]


def test_lists_that_turn_out_old_are_fetched_once(node: Node) -> None:
    lists(node, 60)
    node.system.after_update["caddy"] = []
    node.apply(**role("caddy"))
    assert apt(node) == ["update", "install"]
    with pytest.raises(converge.Failed) as caught:
        node.apply(**role("caddy", "nonsense"))
    assert apt(node) == ["update"]
    assert "E: Unable to locate package nonsense" in caught.value.detail


def test_version_wanted(node: Node) -> None:
    lists(node, 60)
    node.system.available["python3"] = []
    node.apply(**role(python3="3.14"))
    assert node.system.packages["python3"] == "3.14"
    # It was here before us in another version, so removal leaves it.
    assert node.manifest()["touched"]["packages"] == {}


def test_removed_again_with_what_came_along(node: Node) -> None:
    lists(node, 60)
    before = dict(node.system.packages)
    node.system.available["caddy"] = ["libcaddy"]
    node.apply(**role("coreutils", "caddy"))
    node.finish(role=role("coreutils", "caddy"))
    assert "caddy" in node.system.packages
    assert node.finish() == ["changed: swept packages caddy"]
    assert node.system.packages == before
    assert [words[-1] for words in node.system.calls if "purge" in words and "-s" not in words] == ["caddy", "libcaddy"]


def test_package_that_others_need_stays(node: Node) -> None:
    lists(node, 60)
    node.system.available["caddy"] = []
    node.apply(**role("caddy"))
    simulation = "Purg caddy [1.0]\nPurg theirs [1.0]\n"
    node.system.answers["apt-get"] = lambda words: (0, simulation) if "-s" in words else (1, "must not run")
    assert node.finish() == ["unchanged", "kept: packages caddy (needed by theirs)"]
    assert "caddy" in node.system.packages


def test_busy_package_lists_are_waited_for(node: Node) -> None:
    busy = (100, "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt-get)\n")
    answers = iter([busy, busy, (0, "")])
    node.system.answers["apt-get"] = lambda _: next(answers)
    assert converge.apt(node.machine, "update").code == 0
