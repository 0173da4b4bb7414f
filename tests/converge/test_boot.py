"""A Raspberry Pi's boot configuration: tried for one boot, and kept when the machine is well."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from converge_support import Node, converge, file, unit
from kernel import write

CONFIG = "# mine\ndtparam=audio=on\n[cm5]\ndtoverlay=dwc2\n"
CMDLINE = "console=tty1 root=PARTUUID=1-02 rootwait\n"
LINES = ["kernel=kernel8.img"]
WORDS = ["cgroup_enable=memory"]
BLOCK = "# Begin of sovereign-edge\n[all]\nkernel=kernel8.img\n# End of sovereign-edge\n"
PYTHON = "/usr/bin/python3 -I /usr/local/lib/sovereign-edge/converge.py boot"


class Pi:
    """A machine with a boot partition, whose firmware takes tryboot.txt for one boot."""

    def __init__(self, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
        self.node, self.number, self.broken = node, 1, False
        folder = node.path("/boot/firmware")
        folder.mkdir(parents=True)
        (folder / "config.txt").write_text(CONFIG)
        (folder / "cmdline.txt").write_text(CMDLINE)
        self.started("cmdline.txt")
        node.system.answers["systemctl --no-block reboot"] = (0, "")
        node.system.answers[f"{PYTHON} stage"] = lambda _: self.verb("stage")
        node.system.answers[f"{PYTHON} drop"] = lambda _: self.verb("drop")
        monkeypatch.setattr("converge.journal.boot_id", lambda: f"boot {self.number}")

    def verb(self, what: str) -> tuple[int, str]:
        """The program, called by itself."""
        code, lines = converge.outcome(converge.Machine(str(self.node.root), self.node.system), ["boot", what], bytes)
        return code, "\n".join(lines)

    def started(self, name: str) -> None:
        """What the kernel was given."""
        write(self.node.root, proc__cmdline=self.text(name))

    def text(self, name: str) -> str:
        """A file of the boot partition."""
        return self.node.text(f"/boot/firmware/{name}")

    def wish(self, config: list[str], cmdline: list[str], at_boot: dict[str, str] | None = None) -> list[str]:
        """Applies the role."""
        text = json.dumps({"config": config, "cmdline": cmdline, "atBoot": at_boot or {}})
        path = "/etc/sovereign-edge/boot.json"
        return self.node.apply(
            "boot",
            files={path: file(text)},
            actions={"stage": {"argv": [*PYTHON.split(), "stage"], "on": {path: True}}},
            removal={"boot": {"argv": [*PYTHON.split(), "drop"]}},
        )

    def reboot(self) -> list[str]:
        """Restarts it by the verb, and lets the firmware choose. Gives the words of the restart."""
        self.node.system.calls.clear()
        machine = converge.Machine(str(self.node.root), self.node.system)
        converge.reboot(machine)
        assert not self.restarts()
        for after in machine.when_said:
            after()
        restarts = self.restarts()
        self.power("--reboot-argument=0 tryboot" in restarts)
        return restarts

    def power(self, trial: bool = False) -> None:
        """The next boot."""
        self.number += 1
        there = self.node.path("/boot/firmware/tryboot.txt").exists()
        self.started("tryboot-cmdline.txt" if trial and there and not self.broken else "cmdline.txt")

    def confirm(self) -> list[str]:
        """What the unit does after a boot."""
        self.node.system.calls.clear()
        machine = converge.Machine(str(self.node.root), self.node.system)
        lines: list[str] = converge.boot(machine, "confirm")
        for after in machine.when_said:
            after()
        return lines

    def restarts(self) -> list[str]:
        """The last restart that was asked for."""
        calls = self.node.system.calls
        return next((words for words in calls if words[:3] == ["systemctl", "--no-block", "reboot"]), [])

    def report(self) -> dict[str, Any]:
        """What status says."""
        found: dict[str, Any] = converge.report(self.node.machine)
        return found


@pytest.fixture
def pi(node: Node, monkeypatch: pytest.MonkeyPatch) -> Pi:
    return Pi(node, monkeypatch)


def untouched(pi: Pi) -> bool:
    """Whether the firmware reads at a usual boot what it always did."""
    return (pi.text("config.txt"), pi.text("cmdline.txt")) == (CONFIG, CMDLINE)


def test_a_change_waits_to_be_tried_and_says_so(pi: Pi) -> None:
    pi.wish(LINES, WORDS)
    assert untouched(pi)
    assert pi.report()["needed"] == ["the boot configuration changes: kernel=kernel8.img, cgroup_enable=memory"]
    assert pi.text("tryboot.txt") == f"{CONFIG}{BLOCK}[all]\ncmdline=tryboot-cmdline.txt\n"
    assert pi.text("tryboot-cmdline.txt").startswith(f"{CMDLINE.strip()} cgroup_enable=memory sovereign_edge.try=")
    assert pi.text("tryboot-cmdline.txt").count("\n") == 1
    assert pi.wish(LINES, WORDS) == ["unchanged"]


def test_a_try_that_comes_up_well_is_kept(pi: Pi) -> None:
    pi.wish(LINES, WORDS)
    assert pi.reboot() == ["systemctl", "--no-block", "reboot", "--reboot-argument=0 tryboot"]
    assert pi.report()["trying"]
    assert pi.confirm() == ["changed: keeps kernel=kernel8.img, cgroup_enable=memory"]
    assert pi.text("config.txt") == CONFIG + BLOCK
    assert pi.text("cmdline.txt") == f"{CMDLINE.strip()} cgroup_enable=memory\n"
    assert sorted(os.listdir(pi.node.path("/boot/firmware"))) == ["cmdline.txt", "config.txt"]
    assert pi.report() == {"needed": [], "failed": [], "trying": False, "boot": "boot 2"}
    assert pi.confirm() == ["unchanged"]
    assert pi.wish(LINES, WORDS) == ["unchanged"]


def test_a_machine_that_does_not_come_up_has_what_it_had(pi: Pi) -> None:
    pi.wish(LINES, WORDS)
    pi.broken = True
    pi.reboot()
    assert pi.confirm()[0].startswith(
        "changed: goes back, kernel=kernel8.img, cgroup_enable=memory: the machine did not"
    )
    assert untouched(pi)
    assert pi.restarts() == []
    report = pi.report()
    assert report["needed"] == []
    assert "did not come up with it" in report["failed"][0]
    assert pi.wish(LINES, WORDS) == ["unchanged"]


def test_a_machine_that_is_not_well_goes_back(pi: Pi) -> None:
    pi.node.system.unit("web.service")
    pi.node.apply("web", units={"web.service": unit()})
    pi.wish(LINES, WORDS)
    pi.reboot()
    pi.node.system.answers["systemctl show"] = (0, "LoadState=loaded\nActiveState=failed\nUnitFileState=enabled\n")
    assert "web.service did not run" in pi.confirm()[0]
    assert pi.restarts() == ["systemctl", "--no-block", "reboot"]
    assert untouched(pi)
    pi.power()
    assert pi.confirm() == ["unchanged"]


def test_a_machine_that_nobody_answers_any_more_goes_back(pi: Pi, monkeypatch: pytest.MonkeyPatch) -> None:
    peers = [{"one", "two"}, set(), {"two"}]
    monkeypatch.setattr("converge.boot.alive_peers", lambda _: peers.pop(0) if len(peers) > 1 else peers[0])
    pi.wish(LINES, WORDS)
    pi.reboot()
    # One of them is enough, and it may take its time.
    assert pi.confirm()[0].startswith("changed: keeps")
    peers[:] = [{"one"}, set()]
    pi.wish([], WORDS)
    pi.reboot()
    assert "no node answered over the mesh" in pi.confirm()[0]


def test_another_wish_is_another_try(pi: Pi) -> None:
    pi.wish(LINES, WORDS)
    pi.broken = True
    pi.reboot()
    pi.confirm()
    pi.wish([], WORDS)
    assert pi.report()["failed"] == []
    assert pi.report()["needed"] == ["the boot configuration changes: cgroup_enable=memory"]


def test_a_restart_by_the_verb_tries_again_what_failed(pi: Pi) -> None:
    pi.wish(LINES, WORDS)
    pi.broken = True
    pi.reboot()
    pi.confirm()
    pi.broken = False
    assert pi.reboot()[-1] == "--reboot-argument=0 tryboot"
    assert pi.confirm()[0].startswith("changed: keeps")


def test_somebody_elses_restart_tries_nothing(pi: Pi) -> None:
    pi.wish(LINES, WORDS)
    pi.power()
    assert pi.confirm() == ["unchanged"]
    assert untouched(pi)
    assert pi.report()["needed"] != []


def test_what_else_takes_effect_with_a_boot_is_said_until_then(pi: Pi) -> None:
    pi.wish([], [], {"swap": "in memory only"})
    assert pi.report()["needed"] == ["swap changes: in memory only"]
    assert pi.reboot() == ["systemctl", "--no-block", "reboot"]
    assert pi.report()["needed"] == []


def test_the_persons_own_lines_and_words_stay(pi: Pi) -> None:
    folder = pi.node.path("/boot/firmware")
    (folder / "cmdline.txt").write_text("root=1 cgroup_enable=memory quiet\n")
    (folder / "config.txt").write_text("arm_boost=1")
    pi.wish(LINES, [*WORDS, "panic=10"])
    pi.reboot()
    pi.confirm()
    assert pi.text("cmdline.txt") == "root=1 cgroup_enable=memory quiet panic=10\n"
    assert pi.text("config.txt") == f"arm_boost=1\n{BLOCK}"
    (folder / "config.txt").write_text(f"{pi.text('config.txt')}dtoverlay=mine\n")
    (folder / "cmdline.txt").write_text(pi.text("cmdline.txt").replace("quiet", "quiet splash"))
    pi.wish(["dtparam=pciex1_gen=3"], ["other=1"])
    assert pi.report()["needed"] == [
        "the boot configuration changes: dtparam=pciex1_gen=3, other=1, without kernel=kernel8.img, without panic=10"
    ]
    pi.reboot()
    pi.confirm()
    assert pi.text("config.txt") == f"arm_boost=1\ndtoverlay=mine\n{BLOCK.replace(LINES[0], 'dtparam=pciex1_gen=3')}"
    assert pi.text("cmdline.txt") == "root=1 cgroup_enable=memory quiet splash other=1\n"
    pi.node.finish()
    assert pi.text("config.txt") == "arm_boost=1\ndtoverlay=mine\n"
    assert pi.text("cmdline.txt") == "root=1 cgroup_enable=memory quiet splash\n"


def test_a_word_that_was_ours_and_comes_back_by_hand_is_the_persons(pi: Pi) -> None:
    for words in (["panic=10"], []):
        pi.wish([], words)
        pi.reboot()
        pi.confirm()
    assert untouched(pi)
    pi.wish(LINES, [])
    pi.node.path("/boot/firmware/cmdline.txt").write_text("root=1 panic=10\n")
    pi.reboot()
    pi.confirm()
    assert pi.text("cmdline.txt") == "root=1 panic=10\n"


def test_leaving_takes_what_is_ours_away_also_while_it_is_tried(pi: Pi) -> None:
    pi.wish(LINES, WORDS)
    pi.reboot()
    pi.node.finish()
    assert untouched(pi)
    assert pi.confirm() == ["unchanged"]
    assert not pi.node.path("/boot/firmware/tryboot.txt").exists()


def test_a_wish_of_nothing_changes_nothing(pi: Pi) -> None:
    pi.wish([], [])
    assert pi.report()["needed"] == []
    assert pi.reboot() == ["systemctl", "--no-block", "reboot"]
    assert untouched(pi)


@pytest.mark.parametrize("save", range(1, 4))
def test_a_power_cut_while_a_try_is_kept_is_made_good(pi: Pi, save: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pi.wish(LINES, WORDS)
    pi.reboot()
    real, done = converge.overwrite, []

    def cut(name: str, text: str) -> None:
        done.append(name)
        if len(done) == save:
            raise KeyboardInterrupt
        real(name, text)

    monkeypatch.setattr("converge.boot_files.overwrite", cut)
    if save == 3:
        monkeypatch.setattr("converge.boot.note", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        pi.confirm()
    monkeypatch.undo()
    monkeypatch.setattr("converge.journal.boot_id", lambda: "boot 3")
    monkeypatch.setattr(os, "fsync", lambda _: None)
    pi.started("cmdline.txt")
    pi.confirm()
    assert pi.text("config.txt") == CONFIG + BLOCK
    assert pi.report()["failed"] == []
    assert not pi.report()["trying"]


def test_files_that_somebody_changes_during_the_try_are_not_written(pi: Pi) -> None:
    pi.wish(LINES, WORDS)
    pi.reboot()
    pi.node.path("/boot/firmware/config.txt").write_text("other=1\n")
    assert "somebody else changed" in pi.confirm()[0]
    assert pi.text("config.txt") == "other=1\n"
    assert pi.restarts() == ["systemctl", "--no-block", "reboot"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("config.txt", "cmdline=other.txt\n", "names another place (cmdline=other.txt)"),
        ("config.txt", "[pi5]\n os_prefix = next/\n", "names another place (os_prefix = next/)"),
        ("autoboot.txt", "[all]\ntryboot_a_b=1\n", "starts one of two systems (tryboot_a_b=1)"),
    ],
)
def test_a_firmware_that_reads_other_files_is_left_alone(pi: Pi, name: str, text: str, words: str) -> None:
    pi.node.path(f"/boot/firmware/{name}").write_text(text)
    with pytest.raises(converge.Failed) as failed:
        pi.wish(LINES, WORDS)
    assert words in failed.value.detail
    assert pi.text("cmdline.txt") == CMDLINE
    assert not pi.node.path("/etc/sovereign-edge/boot.json").exists()


def test_the_older_place_of_the_boot_partition_and_none(pi: Pi) -> None:
    folder = pi.node.path("/boot/firmware")
    for name in ("config.txt", "cmdline.txt"):
        (folder / name).rename(folder.parent / name)
    pi.wish(LINES, WORDS)
    assert (folder.parent / "tryboot.txt").exists()
    for name in ("config.txt", "cmdline.txt"):
        (folder.parent / name).unlink()
    assert pi.report()["needed"] == []
    with pytest.raises(converge.Failed) as failed:
        pi.wish([], WORDS)
    assert "is the boot partition mounted?" in failed.value.detail


def test_packages_that_want_a_boot_are_named(node: Node) -> None:
    assert converge.report(node.machine)["needed"] == []
    write(node.root, **{"run__reboot-required": ""})
    assert converge.report(node.machine)["needed"] == ["packages were updated"]
    write(node.root, **{"run__reboot-required.pkgs": "linux-image-6.12\nlibc6\nlibc6\n"})
    assert converge.report(node.machine)["needed"] == ["updated: libc6, linux-image-6.12"]
    assert node.finish() == ["unchanged", "reboot: updated: libc6, linux-image-6.12"]


def test_any_machine_can_be_restarted(node: Node) -> None:
    code, lines = converge.outcome(node.machine, ["reboot"], bytes)
    assert (code, lines) == (0, ["changed: restarts"])
    assert json.loads(node.text("/var/log/sovereign-edge/history.jsonl").splitlines()[-1])["verb"] == "reboot"
    assert converge.outcome(node.machine, ["boot", "now"], bytes)[0] == 64


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "a\n"),
        ("a b\n", "a b c\n"),
        ("a b c\n", "a c\n"),
        ("a b c\n", "a b c\n"),
        ("x" * 600 + "\n", "x" * 600 + " y\n"),
    ],
)
def test_a_file_is_changed_from_the_first_byte_that_differs(tmp_path: Path, old: str, new: str) -> None:
    place = tmp_path / "cmdline.txt"
    place.write_text(old)
    number = place.stat().st_ino
    converge.overwrite(str(place), new)
    assert place.read_text() == new
    assert place.stat().st_ino == number


def test_power_that_goes_before_a_file_is_shortened_leaves_no_old_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "ftruncate", cut)
    place = tmp_path / "cmdline.txt"
    place.write_text("root=1 panic=10 quiet\n")
    with pytest.raises(KeyboardInterrupt):
        converge.overwrite(str(place), "root=1 quiet\n")
    assert place.read_text().split() == ["root=1", "quiet"]
