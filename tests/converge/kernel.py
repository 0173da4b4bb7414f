"""What the kernel shows of machines that are not at hand: trees of /proc and /sys in a directory."""

from __future__ import annotations

from pathlib import Path

GIB = 1 << 30


def write(root: Path, **texts: str) -> None:
    """Writes files; `__` in a name stands for a slash."""
    for name, text in texts.items():
        place = root / name.replace("__", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


def kernel(root: Path, memory: int, hostname: str = "alice") -> None:
    """What every machine has; `memory` is what the kernel counts, in bytes."""
    counted = f"MemTotal:       {memory // 1024} kB\nMemFree: 1 kB\nMemAvailable:   {memory // 2048} kB\n"
    write(root, proc__meminfo=counted, proc__sys__kernel__hostname=f"{hostname}\n", proc__self__mountinfo="")
    (root / "sys/block").mkdir(parents=True, exist_ok=True)


def disk(root: Path, name: str, gigabytes: float, bus: str = "pci0000:00", **files: str) -> Path:
    """A disk on a bus; the link that the kernel makes in /sys/block leads to it."""
    device = root / "sys/devices" / bus / "block" / name
    device.mkdir(parents=True)
    write(device, size=f"{int(gigabytes * 1e9) // 512}\n", **files)
    (root / "sys/block" / name).symlink_to(device)
    return device


def root_on(root: Path, device: Path, source: str, number: str) -> None:
    """Says that `/` is mounted from a device with this number."""
    write(root, proc__self__mountinfo=f"22 1 {number} / / rw,noatime shared:1 - ext4 {source} rw\n")
    numbers = root / "sys/dev/block"
    numbers.mkdir(parents=True, exist_ok=True)
    (numbers / number).symlink_to(device)


def pci(root: Path, slot: str, vendor: str, device: str, kind: str) -> None:
    """A device on PCI."""
    place = root / "sys/bus/pci/devices" / slot
    write(place, vendor=f"{vendor}\n", device=f"{device}\n", **{"class": f"{kind}\n"})


def raspberry_pi(root: Path, model: str = "Raspberry Pi 5 Model B Rev 1.0", memory: float = 7.87) -> None:
    """A Raspberry Pi with Raspberry Pi OS 13 on an SD card of 128 GB."""
    kernel(root, int(memory * GIB))
    card = disk(root, "mmcblk0", 125.1, "platform/axi/mmc0", device__type="SD\n")
    (card / "mmcblk0p2").mkdir()
    root_on(root, card / "mmcblk0p2", "/dev/mmcblk0p2", "179:2")
    tree = root / "proc/device-tree"
    tree.mkdir()
    (tree / "model").write_bytes(model.encode() + b"\0")
    write(root, **{"etc__rpi-issue": "", "etc__os-release": 'ID=debian\nVERSION_ID="13"\n'})
    write(root, sys__class__thermal__thermal_zone0__temp="48312\n")
