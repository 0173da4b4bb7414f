"""Preflight: what stands against a role is told at once, and nothing was touched."""

from __future__ import annotations

import os
import struct
import sys
from typing import Any

import pytest

from converge_support import Node, converge, file

FREE = 1000 * 4096


class Room:
    """A file system, as os.statvfs describes it."""

    f_bavail, f_frsize, f_flag = 1000, 4096, 0


@pytest.fixture
def small(node: Node, monkeypatch: pytest.MonkeyPatch) -> Node:
    """A Debian 13 with 2 GB of memory and little room."""
    node.path("/etc/os-release").write_text('ID=debian\nVERSION_ID="13"\n')
    node.path("/proc").mkdir()
    node.path("/proc/meminfo").write_text("MemTotal:        2000000 kB\nMemFree: 1 kB\n")
    monkeypatch.setattr(os, "statvfs", lambda _: Room)
    monkeypatch.setattr(os, "sysconf", lambda name: 16384 if name == "SC_PAGE_SIZE" else 100)
    return node


def test_a_machine_that_is_as_required(small: Node) -> None:
    requires = {"memory": 2_048_000_000, "pageSize": 16384, "os": {"debian-13": True, "debian-12": True}}
    requires.update(disk={"/srv/data": FREE - 1, "/": 1}, arch=converge.architecture())
    assert small.apply(requires=requires, files={"/etc/x": file("x")}) == ["changed: /etc/x"]


def test_everything_at_once(small: Node) -> None:
    wrong = "arm64" if converge.architecture() == "amd64" else "amd64"
    requires = {"memory": 4 * 1024**3, "pageSize": 4096, "os": {"debian-12": True, "ubuntu-24.04": True}}
    requires.update(disk={"/srv/data": FREE}, arch=wrong)
    with pytest.raises(converge.Failed) as caught:
        small.apply(requires=requires, files={"/etc/x": file("x")}, packages={"caddy": {}})
    problems = [
        "4,294,967,296 bytes of memory are required, and there are 2,048,000,000",
        "pages of at most 4096 bytes are required, and this kernel's have 16384",
        "the system has to be debian-12 or ubuntu-24.04, and it is debian-13",
        f"the processor has to be {wrong}, and it is {converge.architecture()}",
        f"{FREE + 1:,} bytes of disk are needed for /srv/data, and {FREE:,} are free",
    ]
    assert str(caught.value) == "role: preflight: " + "; ".join(problems)
    assert "Nothing was changed." in caught.value.detail
    assert not [words for words in small.system.calls if words[0] == "apt-get"]
    assert small.machine.names("roles") == []


def test_what_was_asked_for_before_may_be_in_use_by_now(small: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    small.apply(requires={"disk": {"/srv": FREE}})
    monkeypatch.setattr(Room, "f_bavail", 20)
    small.apply(requires={"disk": {"/srv": FREE}}, files={"/etc/x": file("x")})
    with pytest.raises(converge.Failed, match="bytes of disk are needed for /srv"):
        small.apply(requires={"disk": {"/srv": FREE + 1}}, files={"/etc/x": file("x")})


def test_texts_need_room_too(small: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Room, "f_bavail", 16)
    with pytest.raises(converge.Failed, match="65,537 bytes of disk are needed for /etc/x, and 65,536 are free"):
        small.apply(files={"/etc/x": file("x" * 65_537), "/etc/a": file("")})
    small.apply(files={"/etc/x": file("x" * 65_536)})


def test_read_only_file_systems_are_named(small: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Room, "f_flag", os.ST_RDONLY)
    words = "/var/lib/sovereign-edge is on a read-only file system; a disk that fails is often made so by the kernel"
    with pytest.raises(converge.Failed, match=words):
        small.apply(files={"/etc/x": file("x")})
    assert not small.path("/var/lib/sovereign-edge").exists()


def test_read_only_place(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs
    node.path("/boot").mkdir()
    monkeypatch.setattr(os, "statvfs", lambda name: ReadOnly if "boot" in str(name) else real(name))
    monkeypatch.setattr(sys.modules["converge.room"], "os", Devices(str(node.path("/boot"))))
    with pytest.raises(converge.Failed, match="preflight: /boot/cmdline.txt is on a read-only file system$"):
        node.apply(files={"/boot/config.txt": file("x"), "/boot/cmdline.txt": file("x"), "/etc/x": file("x")})
    assert not node.path("/etc/x").exists()


class ReadOnly(Room):
    """A file system that takes no changes."""

    f_flag = os.ST_RDONLY


class Devices:
    """The os module on a machine where one directory is another file system."""

    def __init__(self, other: str) -> None:
        self.other = other

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def stat(self, name: str) -> Any:
        """Gives what is below `other` a device of its own."""
        found = list(os.stat(name))
        if os.path.realpath(name).startswith(self.other):
            found[2] = 4711
        return os.stat_result(found)


def test_before_checks_hold_before_anything_is_touched(node: Node) -> None:
    node.system.answers["one"] = (1, "no db")
    node.system.answers["two"] = (1, "no clock")
    checks = {
        "db": {"argv": ["one"], "within": 1, "when": "before"},
        "clock": {"argv": ["two"], "within": 1, "when": "before"},
        "late": {"argv": ["three"], "within": 1},
    }
    with pytest.raises(converge.Failed) as caught:
        node.apply(checks=checks, files={"/etc/x": file("x")})
    words = "check clock did not pass within 1 s: two: no clock; check db did not pass within 1 s: one: no db"
    assert str(caught.value) == f"role: {words}"
    assert "Nothing was changed." in caught.value.detail
    assert not node.path("/etc/x").exists()
    assert ["three"] not in node.system.calls
    node.system.answers.update(one=(0, ""), two=(0, ""))
    node.apply(checks=checks, files={"/etc/x": file("x")})
    assert node.system.calls.count(["one"]) == 1
    assert node.system.calls.index(["two"]) < node.system.calls.index(["three"])


def test_processor_is_that_of_the_system_and_not_of_its_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    class Name:
        machine = "aarch64"

    monkeypatch.setattr(os, "uname", lambda: Name)
    assert converge.architecture() == "arm64"
    monkeypatch.setattr(struct, "calcsize", lambda _: 4)
    assert converge.architecture() == "armhf"
