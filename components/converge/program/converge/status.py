"""Status: what the machine is and what stands on it, as JSON."""

from __future__ import annotations

import json
import os
import re
import sys
import time

from converge.downloads import downloads_under_way
from converge.durable import now, text_of
from converge.jobs import job_report
from converge.lock import holder
from converge.machine import Machine
from converge.typed import cast


def status(machine: Machine) -> list[str]:
    """The verb `status`: one JSON object. Changes nothing, waits for nobody, and holds no secret."""
    manifests = machine.manifests()
    identity = cast("dict[str, object]", machine.load("node.json") or {})
    units = sorted({unit for manifest in manifests.values() for unit in manifest["touched"]["units"]})
    states = machine.unit_states(units)
    jobs = {role: found["jobs"] for role, manifest in manifests.items() if (found := manifest["desired"])}
    report = {
        "version": 1,
        "fleet": identity.get("fleet", ""),
        "node": identity.get("node", ""),
        "time": now(),
        "lock": holder(machine),
        "roles": {
            role: {
                key: cast("dict[str, object]", manifest)[key] for key in ("hash", "applied", "result", "incarnation")
            }
            for role, manifest in manifests.items()
        },
        "units": {
            unit: {key: cast("dict[str, bool]", state)[key] for key in ("running", "enabled", "failed")}
            for unit, state in states.items()
        },
        "jobs": job_report(machine, jobs),
        "downloads": downloads_under_way(machine),
        "wireguard": handshake_ages(machine),
        **facts(machine),
    }
    return [json.dumps(report, sort_keys=True)]


def handshake_ages(machine: Machine) -> dict[str, int | None]:
    """Seconds since the latest handshake with each peer, by its public key; None when there was none."""
    result = machine.system.run(["wg", "show", "all", "latest-handshakes"], 5)
    found = re.findall(r"^\S+\t(\S{44})\t(\d+)$", result.output, re.MULTILINE) if result.code == 0 else []
    return {key: max(0, int(time.time()) - int(at)) if int(at) else None for key, at in found}


def facts(machine: Machine) -> dict[str, object]:
    """What the machine is: system, processor, page size in bytes, disk, memory in bytes, uptime in seconds."""
    release_file = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text_of(machine.at("/etc/os-release")), re.MULTILINE))
    memory = dict(re.findall(r"^(\w+):\s+(\d+) kB$", text_of("/proc/meminfo"), re.MULTILINE))
    room = os.statvfs(machine.at("/"))
    return {
        "os": {"id": release_file.get("ID", ""), "version": release_file.get("VERSION_ID", "")},
        "kernel": os.uname().release,
        "python": ".".join(map(str, sys.version_info[:3])),
        "arch": os.uname().machine,
        "pageSize": os.sysconf("SC_PAGE_SIZE"),
        "disk": {"free": room.f_bavail * room.f_frsize, "total": room.f_blocks * room.f_frsize},
        "memory": {
            key: int(memory.get(name, 0)) * 1024 for key, name in (("available", "MemAvailable"), ("total", "MemTotal"))
        },
        "uptime": int(float((text_of("/proc/uptime") or "0").split()[0])),
    }
