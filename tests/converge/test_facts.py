"""Facts: what is measured on machines of every kind, from what their kernels show."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from converge_support import Node, converge
from kernel import GIB, disk, kernel, pci, raspberry_pi, root_on, write


def facts(node: Node) -> dict[str, Any]:
    """What the verb prints."""
    report: dict[str, Any] = json.loads(converge.print_facts(node.machine)[0])
    return report


def test_a_raspberry_pi(node: Node) -> None:
    raspberry_pi(node.root)
    pci(node.root, "0001:01:00.0", "0x1e60", "0x2864", "0x120000")
    node.system.answers["vcgencmd get_throttled"] = (0, "throttled=0x40001\n")
    write(node.root, **{"etc__machine-id": "0123456789abcdef0123456789abcdef\n"})
    write(node.root, **{converge.HOST_KEY.lstrip("/"): "ssh-ed25519 AAAA root@pi\n"})
    found = facts(node)
    assert found["board"] == "Raspberry Pi 5 Model B Rev 1.0"
    assert found["os"] == {"id": "debian", "version": "13", "name": "raspberry-pi-os-13"}
    assert found["memory"] == {"total": int(7.87 * GIB) // 1024 * 1024, "available": int(7.87 * GIB) // 2048 * 1024}
    assert found["disks"] == {"mmcblk0": {"kind": "sd", "size": int(125.1e9) // 512 * 512}}
    assert (found["rootDisk"], found["npu"], found["gpu"]) == ("mmcblk0", ["hailo-8"], ["videocore"])
    assert found["temperature"] == 48.312
    assert found["throttled"] == {"now": ["under-voltage"], "sinceBoot": ["throttled"]}
    assert (found["hostname"], found["machineId"]) == ("alice", "0123456789abcdef0123456789abcdef")
    assert found["hostKey"] == "ssh-ed25519 AAAA"


def test_a_computer_with_graphics_and_many_disks(node: Node) -> None:
    kernel(node.root, 16 * GIB)
    ssd = disk(node.root, "nvme0n1", 1000)
    (ssd / "nvme0n1p1").mkdir()
    mapped = node.root / "sys/devices/virtual/block/dm-0"
    (mapped / "slaves").mkdir(parents=True)
    (mapped / "slaves/nvme0n1p1").symlink_to(ssd / "nvme0n1p1")
    root_on(node.root, mapped, "/dev/mapper/root", "253:0")
    disk(node.root, "sda", 4000, queue__rotational="1\n")
    disk(node.root, "sdb", 500, queue__rotational="0\n")
    disk(node.root, "sdc", 500, "pci0000:00/usb2/2-1", queue__rotational="1\n")
    disk(node.root, "sdd", 0)
    disk(node.root, "vda", 80, queue__rotational="1\n")
    disk(node.root, "mmcblk1", 32, device__type="MMC\n")
    disk(node.root, "mmcblk1boot0", 0.004)
    disk(node.root, "loop0", 1)
    pci(node.root, "0000:01:00.0", "0x10de", "0x2e12", "0x030200")
    pci(node.root, "0000:02:00.0", "0x1e60", "0x45c4", "0x120000")
    pci(node.root, "0000:03:00.0", "0x1b21", "0x1064", "0x010601")
    write(node.root, sys__class__dmi__id__product_name="NVIDIA_DGX_Spark\n")
    found = facts(node)
    kinds = {name: of["kind"] for name, of in found["disks"].items()}
    assert kinds == {"nvme0n1": "nvme", "sda": "hdd", "sdb": "ssd", "sdc": "usb", "vda": "virtual", "mmcblk1": "emmc"}
    assert (found["rootDisk"], found["gpu"], found["npu"]) == ("nvme0n1", ["nvidia 2e12"], ["hailo-10h"])
    assert (found["board"], found["temperature"], found["throttled"]) == ("NVIDIA_DGX_Spark", None, None)


def test_a_root_that_is_on_no_disk_and_one_that_only_its_name_leads_to(node: Node) -> None:
    kernel(node.root, GIB)
    write(node.root, proc__self__mountinfo="9 1 0:61 / / rw - overlay overlay rw\n")
    assert facts(node)["rootDisk"] == ""
    device = disk(node.root, "nvme0n1", 500)
    (device / "nvme0n1p2").mkdir()
    names = node.root / "sys/class/block"
    names.mkdir(parents=True)
    (names / "nvme0n1p2").symlink_to(device / "nvme0n1p2")
    write(node.root, proc__self__mountinfo="9 1 0:31 / / rw - btrfs /dev/nvme0n1p2 rw\n")
    assert facts(node)["rootDisk"] == "nvme0n1"


def test_a_machine_id_that_goes_with_the_next_boot_is_none(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    place = node.path("/etc/machine-id")
    place.write_text("0123456789abcdef0123456789abcdef\n")
    assert node.machine.machine_id() == "0123456789abcdef0123456789abcdef"
    real = os.stat(node.path("/etc"))
    elsewhere = os.stat_result((*real[:2], real.st_dev + 1, *real[3:]))
    monkeypatch.setattr("converge.machine.os.stat", lambda name: elsewhere if str(name).endswith("/etc") else real)
    assert node.machine.machine_id() == ""


@pytest.mark.parametrize(("answer", "error", "wanted"), [(0, 1000, True), (5, 16_000_000, False), (-1, 0, None)])
def test_whether_the_clock_is_kept(answer: int, error: int, wanted: object, monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        def adjtimex(self, timex: list[int]) -> int:
            timex[3] = error
            return answer

    monkeypatch.setattr("ctypes.CDLL", lambda _: Library())
    assert converge.clock_synchronized() is wanted


def test_a_container_counts_from_its_own_start(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = os.sysconf("SC_CLK_TCK")
    fields = ["S", *("0" for _ in range(18)), str(900 * ticks), "0"]
    texts = {"/proc/uptime": "1000.5 1.0\n", "/proc/1/stat": f"1 (a (b) c) {' '.join(fields)}\n"}
    monkeypatch.setattr("converge.facts.text_of", lambda name: texts[name])
    assert converge.uptime() == 100


def test_on_this_machine(tmp_path: Path) -> None:
    found = json.loads(converge.print_facts(converge.Machine(str(tmp_path), converge.System()))[0])
    assert found["memory"]["total"] > found["memory"]["available"] > 0
    assert found["hostname"] == os.uname().nodename
    assert 0 < found["uptime"] < float(Path("/proc/uptime").read_text().split()[0])
    assert found["pageSize"] == os.sysconf("SC_PAGE_SIZE")
