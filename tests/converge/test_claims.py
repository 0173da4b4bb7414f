"""Claims: a machine that is not what the inventory says is left alone, with both values in words."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from converge_support import Node, bundle, converge
from kernel import GIB, disk, kernel, pci, raspberry_pi, root_on

PLACE = "SE129 nodes.alice"
PI: dict[str, Any] = {
    "profile": "pi5-8gb",
    "place": PLACE,
    "arch": "arm64",
    "memory": {"bytes": 8 * GIB, "exact": True},
    "boards": {"Raspberry Pi 5 ": True, "Raspberry Pi 500 ": True},
    "os": "raspberry-pi-os-13",
    "pageSize": 4096,
    "disk": {"kind": "sd", "size": 128_000_000_000},
}


@pytest.fixture(autouse=True)
def arm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machines of these tests have an arm64 system with pages of 4 KiB."""
    monkeypatch.setattr("converge.facts.architecture", lambda: "arm64")
    monkeypatch.setattr("converge.facts.os.sysconf", lambda name: 4096 if name == "SC_PAGE_SIZE" else 100)
    monkeypatch.setattr("converge.install.bundle", bundle())


def install(node: Node, claims: dict[str, Any] | None, **header: Any) -> list[str]:
    """Installs the program as a new run would."""
    known = {"version": 1, "fleet": "dev", "node": "alice", "incarnation": 1, **header}
    program = hashlib.sha256(bundle()).hexdigest()
    said = {} if claims is None else {"claims": claims}
    node.machine = converge.Machine(str(node.root), node.system)
    lines: list[str] = converge.install(node.machine, json.dumps({**known, "program": program, **said}).encode())
    return lines


def refusal(node: Node, claims: dict[str, Any]) -> str:
    """Why the machine is left alone; nothing is written."""
    with pytest.raises(converge.Refused) as refused:
        install(node, claims)
    assert not node.path("/usr/local/lib/sovereign-edge").exists()
    assert not node.path("/var/lib/sovereign-edge").exists()
    return str(refused.value)


def test_what_is_as_it_is_said_to_be(node: Node) -> None:
    raspberry_pi(node.root)
    assert install(node, PI)[0].startswith("changed")
    assert install(node, PI) == ["unchanged"]
    assert converge.claim_report(node.machine, converge.facts(node.machine)) == {
        "wrong": {},
        "accepted": {},
        "stale": [],
    }


def test_half_the_memory_is_said_with_what_to_write(node: Node) -> None:
    raspberry_pi(node.root, memory=3.7)
    assert refusal(node, PI) == (
        "alice is not what the inventory says: memory is 3.7 GiB, and pi5-8gb has 8 GiB (hardware: pi5-4gb would be"
        ' right). Write what it is, or why it may stand, under accept: "SE129 nodes.alice.memory"'
    )


def test_everything_at_once(node: Node) -> None:
    kernel(node.root, int(0.75 * GIB))
    root_on(node.root, disk(node.root, "sda", 15, queue__rotational="0\n"), "/dev/sda", "8:0")
    node.path("/etc/os-release").write_text("ID=centos\nVERSION_ID=9\n")
    said = refusal(node, {**PI, "arch": "amd64", "pageSize": 16384, "npu": "hailo-8"})
    assert said == (
        "alice is not what the inventory says: its system is arm64, and pi5-8gb is amd64; "
        "it is no board that has a name, and pi5-8gb is Raspberry Pi 5 or Raspberry Pi 500; "
        "memory is 0.8 GiB, and pi5-8gb has 8 GiB; "
        "it runs centos-9, and the inventory says raspberry-pi-os-13 (os: centos-9 would be right); "
        "its kernel has pages of 4 KiB, and the inventory says 16 KiB (pages: 4k would be right); "
        "the system is on ssd of 15 GB, and the inventory says sd of 128 GB (disk: ssd-15gb would be right); "
        "nothing is on PCIe, and the inventory says hailo-8 (no npu: would be right). "
        'Write what it is, or why it may stand, under accept: "SE129 nodes.alice.board" and "SE129 nodes.alice.memory"'
        ' and "SE129 nodes.alice.os" and "SE129 nodes.alice.pages" and "SE129 nodes.alice.disk"'
        ' and "SE129 nodes.alice.npu"'
    )


@pytest.mark.parametrize(
    ("claims", "holds"),
    [
        ({"memory": {"bytes": 8 * GIB, "exact": False}}, True),
        ({"memory": {"bytes": 2 * GIB, "exact": False}}, True),
        ({"memory": {"bytes": 4 * GIB, "exact": True}}, False),
        ({"boards": {"Raspberry Pi 400 ": True}}, False),
        ({"boards": {"Raspberry Pi 5 Model B Rev 1.0 ": True}}, True),
        ({"disk": {"kind": "sd", "size": 256_000_000_000}}, False),
        ({"disk": {"kind": "sd", "size": 64_000_000_000}}, True),
        ({"disk": {"kind": "nvme", "size": 64_000_000_000}}, False),
        ({"npu": "hailo-8l"}, True),
        ({"npu": "hailo-10h"}, False),
        ({"arch": "amd64"}, False),
    ],
)
def test_what_holds_and_what_does_not(node: Node, claims: dict[str, Any], holds: bool) -> None:
    raspberry_pi(node.root)
    pci(node.root, "0001:01:00.0", "0x1e60", "0x2864", "0x120000")
    wrong = converge.differences({**PI, **claims}, converge.facts(node.machine))
    assert ([difference.claim for difference in wrong] == []) is holds


def test_a_usb_disk_may_turn_or_not_and_an_unknown_one_is_not_judged(node: Node) -> None:
    kernel(node.root, 8 * GIB)
    usb = disk(node.root, "sda", 500, "pci0000:00/usb2/2-1", queue__rotational="1\n")
    claim = {"profile": "amd64-8gb", "place": PLACE, "disk": {"kind": "usb-ssd", "size": 500_000_000_000}}
    assert converge.differences({**claim, "disk": {"kind": "nvme", "size": 1}}, converge.facts(node.machine)) == []
    root_on(node.root, usb, "/dev/sda", "8:0")
    assert converge.differences(claim, converge.facts(node.machine)) == []
    wrong = converge.differences({**claim, "disk": {"kind": "sd", "size": 1}}, converge.facts(node.machine))
    assert [difference.fix for difference in wrong] == ["disk: usb-ssd-500gb"]


def test_what_is_accepted_stands_until_its_cause_is_gone(node: Node) -> None:
    raspberry_pi(node.root)
    claims = {**PI, "npu": "hailo-8", "accept": {"npu": True, "os": True}}
    assert install(node, claims)[0].startswith("changed")
    report = json.loads(converge.status(node.machine)[0])["claims"]
    assert report == {
        "wrong": {},
        "accepted": {"npu": "nothing is on PCIe, and the inventory says hailo-8"},
        "stale": ["SE129 nodes.alice.os"],
    }
    del claims["accept"]
    with pytest.raises(converge.Refused, match="nothing is on PCIe"):
        install(node, claims)


def test_what_went_wrong_later_is_reported(node: Node) -> None:
    raspberry_pi(node.root)
    install(node, PI)
    kernel(node.root, 4 * GIB)
    assert json.loads(converge.status(node.machine)[0])["claims"]["wrong"] == {
        "memory": "memory is 4.0 GiB, and pi5-8gb has 8 GiB"
    }


def test_a_machine_that_is_called_like_another_node(node: Node) -> None:
    kernel(node.root, GIB, hostname="bob.lan")
    key = "a" * 43 + "="
    with pytest.raises(converge.Refused) as refused:
        node.secrets({"alice": key, "bob": key})
    assert str(refused.value) == (
        "this machine calls itself bob, and bob is another node of the fleet. Correct the address of alice when it is"
        " bob's, else run `hostnamectl set-hostname alice` on it"
    )
    assert not node.path("/var/lib/sovereign-edge/node.json").exists()
    # A node that comes later may have the name that this machine has had for long.
    assert node.secrets({"alice": key}) == ["changed: public keys"]
    assert node.secrets({"alice": key, "bob": key}) == ["changed: public keys"]


def test_a_copy_of_a_disk_in_another_machine(node: Node) -> None:
    identity = node.path("/etc/machine-id")
    identity.write_text("1" * 32)
    node.secrets(k=(1, "v"))
    since = json.loads(node.text("/var/lib/sovereign-edge/node.json"))["since"]
    identity.write_text("2" * 32)
    with pytest.raises(converge.Refused) as refused:
        install(node, None)
    assert str(refused.value) == (
        f"this is a copy of alice's disk in another machine: alice had machine id {'1' * 32} since {since}, and this"
        f" one has {'2' * 32}. If it is the new alice, write incarnation: 2 in its block"
    )
    install(node, None, incarnation=2)
    body = {"version": 1, "fleet": "dev", "node": "alice", "incarnation": 2, "secrets": {}, "wireguard": {}}
    assert converge.store_secrets(node.machine, json.dumps(body).encode()) == ["unchanged"]
    assert json.loads(node.text("/var/lib/sovereign-edge/node.json"))["machine"] == "2" * 32
