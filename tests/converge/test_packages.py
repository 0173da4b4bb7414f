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


def test_held_version_is_ours_to_change_and_goes_with_the_role(node: Node) -> None:
    lists(node, 60)
    node.system.available["caddy"] = []
    spec = {"packages": {"caddy": {"version": "1.0", "hold": True}}}
    assert node.apply(**spec) == ["changed: packages caddy; holds of caddy"]
    assert node.system.held == {"caddy"}
    assert node.apply(**spec) == ["unchanged"]
    spec["packages"]["caddy"]["version"] = "2.0"
    node.apply(**spec)
    assert (node.system.packages["caddy"], node.system.held) == ("2.0", {"caddy"})
    assert "--allow-downgrades" in [words for words in node.system.calls if words[0] == "apt-get"][-1]
    assert node.finish() == ["changed: swept packages caddy"]
    assert (node.system.held, "caddy" in node.system.packages) == (set(), False)


def test_hold_comes_and_goes_on_a_package_of_the_machine(node: Node) -> None:
    held = {"packages": {"python3": {"hold": True}}}
    assert node.apply(**held) == ["changed: holds of python3"]
    node.system.held.clear()
    assert node.apply(**held) == ["changed: holds of python3"]
    assert node.apply(packages={"python3": {}}) == ["changed: holds of python3"]
    assert node.system.held == set()
    node.apply(**held)
    assert node.finish() == ["changed: swept holds of python3"]
    assert node.system.held == set()
    assert "python3" in node.system.packages


def test_hold_of_the_operator_is_not_broken(node: Node) -> None:
    lists(node, 60)
    node.system.available["python3"] = []
    node.system.held = {"python3", "caddy"}
    words = r"python3: held on this machine at 3\.13 \(`apt-mark hold`\), and the inventory wants it otherwise"
    with pytest.raises(converge.Failed, match=words):
        node.apply(**role(python3="3.14"))
    with pytest.raises(converge.Failed, match="caddy: held on this machine"):
        node.apply(**role("caddy"))
    assert apt(node) == []
    assert node.apply(packages={"python3": {"version": "3.13", "hold": True}}) == ["unchanged"]
    node.finish()
    assert node.system.held == {"python3", "caddy"}


def test_dpkg_that_was_cut_off_is_mended_first(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    lists(node, 60)
    node.system.available["caddy"] = []
    node.system.broken = {"python3": "half-configured", "theirs": "half-installed"}
    node.apply(**role("caddy"))
    asked = [words for words in node.system.calls if {"--configure", "--reinstall", "--fix-broken"} & set(words)]
    assert asked[0] == ["dpkg", "--force-confdef", "--force-confold", "--configure", "-a"]
    assert asked[1][-5:] == ["--no-remove", "--reinstall", "install", "--", "theirs"]
    assert asked[2][-3:] == ["--no-remove", "--fix-broken", "install"]
    assert "dpkg was cut off on this machine; that is repaired first" in capsys.readouterr().err
    assert not node.path("/usr/sbin/policy-rc.d").exists()


def test_dpkg_that_cannot_be_mended(node: Node) -> None:
    lists(node, 60)
    node.system.available["caddy"] = []
    node.system.broken = {"theirs": "half-installed"}
    node.system.answers["apt-get"] = (100, "E: The package theirs needs to be reinstalled\nand more\n")
    with pytest.raises(converge.Failed, match="and theirs cannot be brought to an end") as caught:
        node.apply(**role("caddy"))
    assert caught.value.detail.startswith("E: The package theirs needs")
    assert "caddy" not in node.system.packages


def test_journal_of_dpkg_is_worked_off_though_nothing_is_missing(node: Node) -> None:
    updates = node.path("/var/lib/dpkg/updates")
    updates.mkdir(parents=True)
    (updates / "tmp.i").write_text("")
    assert node.apply(**role("coreutils")) == ["unchanged"]
    (updates / "0001").write_text("")
    assert node.apply(files={}) == ["unchanged"]
    assert node.apply(**role("coreutils")) == ["changed: repaired dpkg"]
    assert not (updates / "0001").exists()


def test_policy_of_a_run_that_was_cut_off_does_not_count_as_the_machines_own(node: Node) -> None:
    policy = node.path("/usr/sbin/policy-rc.d")
    policy.write_text("mine")
    with converge.daemons_kept_from_starting(node.machine):
        # A second run begins where the first was killed.
        with converge.daemons_kept_from_starting(node.machine):
            assert "exit 101" in policy.read_text()
        assert policy.read_text() == "mine"
    assert policy.read_text() == "mine"
    assert [found.name for found in policy.parent.iterdir()] == ["policy-rc.d"]


def test_too_little_room_is_told_before_anything_is_fetched(node: Node) -> None:
    lists(node, 60)
    node.system.available["caddy"] = []
    node.system.sizes = (1, 2**50)
    with pytest.raises(converge.Failed, match=r"caddy: 1,1[\d,]+ bytes of disk are needed, [\d,]+ are free for /usr"):
        node.apply(**role("caddy"))
    assert apt(node) == []
    node.system.sizes = (2**50, 0)
    with pytest.raises(converge.Failed, match="are free for /var/cache/apt/archives; nothing was installed"):
        node.apply(**role("caddy"))


@pytest.mark.parametrize(
    ("output", "size"),
    [
        ("Need to get 0 B of archives.", 0),
        ("Need to get 3,456 kB/5 MB of archives.", 3_456_000),
        ("Need to get 1.5 GB of archives.", 1_500_000_000),
        ("After this operation, 20 kB will be freed.", 0),
    ],
)
def test_sizes_in_the_words_of_apt(output: str, size: int) -> None:
    assert converge.size_in(r"Need to get ([\d.,]+ [kMGT]?B)", output) == size


def test_update_that_missed_a_host_is_made_again_and_named(node: Node) -> None:
    missing = (100, "E: Unable to locate\n")
    silent = "W: Failed to fetch http://deb.example/debian/dists/x  Could not resolve 'deb.example'\n"
    silent += "W: Some index files failed to download. They have been ignored, or old ones used instead.\n"
    node.system.answers["apt-get"] = lambda words: (0, silent) if "update" in words else missing
    words = (
        r"deb\.example cannot be reached \(Could not resolve 'deb\.example'\); look at the machine's DNS and network"
    )
    with pytest.raises(converge.Failed, match=words):
        node.apply(**role("caddy"))
    assert apt(node) == ["update"]
    lists(node, 60)
    del node.system.answers["apt-get"]
    node.system.available["caddy"] = []
    node.apply(**role("caddy"))
    assert apt(node) == ["update", "install"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("apt-mark hold", r"apt-mark hold failed \(exit 1\)"),
        ("apt-get", r"packages: apt-get install failed \(exit 1\)"),
    ],
)
def test_what_fails_is_named(node: Node, command: str, words: str) -> None:
    node.system.available["caddy"] = []
    node.system.answers[command] = (1, "E: no\n")
    with pytest.raises(converge.Failed, match=words) as caught:
        node.apply(packages={"python3": {"hold": True}} if "mark" in command else {"caddy": {}})
    assert caught.value.detail.startswith("E: no")


def test_package_that_does_not_go(node: Node) -> None:
    lists(node, 60)
    node.system.available["caddy"] = []
    node.apply(**role("caddy"))
    node.system.answers["apt-get"] = lambda words: (0, "Purg caddy [1.0]\n") if "-s" in words else (1, "E: no\n")
    with pytest.raises(converge.Failed, match=r"packages: apt-get purge failed \(exit 1\)"):
        node.finish()
    del node.system.answers["apt-get"]
    assert node.finish() == ["changed: swept packages caddy"]


def test_source_that_is_broken_holds_nobody_up(node: Node) -> None:
    broken = (100, "E: The repository 'http://forgotten.example' does not have a Release file.\n")
    node.system.available["caddy"] = []
    node.system.answers["apt-get"] = lambda words: broken if "update" in words else node.system._apt_get(words)
    assert node.apply(**role("caddy")) == ["changed: packages caddy"]
    with pytest.raises(converge.Failed, match="apt-get install failed") as caught:
        node.apply(**role("caddy", "nonsense"))
    assert "forgotten.example" in caught.value.detail
    assert "Unable to locate package nonsense" in caught.value.detail
