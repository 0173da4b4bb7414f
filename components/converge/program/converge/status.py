"""Status: what the machine is and what stands on it, as JSON."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping

from converge.boot_wish import report as boot_report
from converge.checks import probe
from converge.claims import claim_report
from converge.downloads import downloads_under_way
from converge.durable import now
from converge.facts import facts
from converge.jobs import job_report
from converge.lock import holder
from converge.machine import Machine, Manifest
from converge.typed import cast


def status(machine: Machine) -> list[str]:
    """The verb `status`: one JSON object. Changes nothing, waits for nobody, and holds no secret."""
    manifests = machine.manifests()
    found = facts(machine)
    identity = cast("dict[str, object]", machine.load("node.json") or {})
    units = sorted({unit for manifest in manifests.values() for unit in manifest["touched"]["units"]})
    states = machine.unit_states(units)
    jobs = {role: desired["jobs"] for role, manifest in manifests.items() if (desired := manifest["desired"])}
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
        "firewall": firewall_trouble(machine, manifests),
        "claims": claim_report(machine, found),
        "reboot": boot_report(machine),
        **found,
    }
    return [json.dumps(report, sort_keys=True)]


def firewall_trouble(machine: Machine, manifests: Mapping[str, Manifest]) -> list[str]:
    """What the firewall's own checks say now: rules that were flushed leave its unit active and its files in place."""
    manifest = manifests.get("firewall")
    desired = manifest["desired"] if manifest else None
    answers = [probe(machine, check, 5) for _, check in sorted(desired["checks"].items())] if desired else []
    return [answer for answer in answers if answer]


def handshake_ages(machine: Machine) -> dict[str, int | None]:
    """Seconds since the latest handshake with each peer, by its public key; None when there was none."""
    result = machine.system.run(["wg", "show", "all", "latest-handshakes"], 5)
    found = re.findall(r"^\S+\t(\S{44})\t(\d+)$", result.output, re.MULTILINE) if result.code == 0 else []
    return {key: max(0, int(time.time()) - int(at)) if int(at) else None for key, at in found}
