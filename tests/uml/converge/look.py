"""Prints as JSON what the machine is in: `health`, which has no versions, and groups that are old or new as a whole."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

STATE = Path("/var/lib/sovereign-edge")
UNITS = ["web.service", "worker.service", "nftables.service"]
WEB = ["/etc/web/web.conf", "/etc/web/mode.conf", "/opt/web/extra/new.conf"]
WEB += ["/etc/systemd/system/web.service", "/etc/systemd/system/worker.service"]


def answer(*words: str) -> str:
    """What a command prints."""
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False).stdout


def file(name: str) -> list[str] | None:
    """Mode and text of a file."""
    path = Path(name)
    return [oct(path.stat().st_mode), path.read_text()] if path.exists() else None


def unit_states() -> dict[str, str]:
    """Whether units run and start at boot."""
    properties = "--property=ActiveState,SubState,UnitFileState"
    blocks = answer("systemctl", "show", properties, *UNITS).strip().split("\n\n")
    return dict(zip(UNITS, blocks))


def record(role: str) -> str:
    """Hash of the desired state that a role is recorded in."""
    path = STATE / f"roles/{role}.json"
    return str(json.loads(path.read_text())["hash"]) if path.exists() else ""


def leftovers() -> list[str]:
    """What a change has beside the files while it goes on."""
    found = [f"{top}/{name}" for top, names, _ in os.walk("/etc") for name in names if ".sovereign-edge." in name]
    found += [str(path) for path in Path("/opt").rglob(".sovereign-edge.*")]
    return found + [str(path) for path in (STATE / "journal.json",) if path.exists()]


def look() -> dict[str, object]:
    """Waits until the machine has booted, and looks."""
    system = answer("systemctl", "is-system-running", "--wait").strip()
    units = unit_states()
    return {
        "health": {"system": system, "leftovers": leftovers()},
        "web": {
            "files": {name: file(name) for name in WEB},
            "record": record("web"),
            "units": [units["web.service"], units["worker.service"]],
            "read at start": [file("/run/web.seen"), file("/run/worker.seen")],
        },
        "firewall": {
            "file": file("/etc/nftables.conf"),
            "record": record("firewall"),
            "unit": units["nftables.service"],
            "loaded": answer("nft", "list", "ruleset"),
        },
        "secrets": {path.name: path.read_text() for path in sorted((STATE / "secrets").glob("*.json"))},
    }


print(json.dumps(look(), sort_keys=True))
