"""Where things stand on a machine."""

from __future__ import annotations

LIBRARY = "/usr/local/lib/sovereign-edge"
PROGRAM = LIBRARY + "/converge.py"
BUNDLE = LIBRARY + "/program.json"
"""Copy of the bundle that the installed program came from."""
STATE = "/var/lib/sovereign-edge"
RUN = "/run/sovereign-edge"
"""Orders and outcomes of the changes that are going on; gone with the next boot."""
LOG = "/var/log/sovereign-edge/history.jsonl"
HOSTNAME = "/etc/hostname"
RECOVER_UNIT = "sovereign-edge-recover.service"
UNITS = "/etc/systemd/system/"
MESH = "wg0"
"""The interface whose WireGuard peers are the fleet's nodes."""
STAGE = ".sovereign-edge.new"
"""Directory beside the place of a file, where its new content waits."""
OLD = ".sovereign-edge.old"
"""Directory beside the place of a file, where what it had is kept until the end."""
OWN_STATE = ["roles", "secrets", "before", "runs", "lock", "node.json", "roster.json", "journal.json"]
OWN_STATE += ["wireguard.json", "addresses.json", "artifacts.json", "claims.json", "boot.json", "apt-lists", "fetched"]

_LIBRARIES = ("/etc", "/run", "/usr/lib", "/lib", "/usr/local/lib")
_UNIT_DIRECTORIES = tuple(f"{top}/{kind}/" for top in _LIBRARIES for kind in ("systemd/system", "containers/systemd"))


def sysctl_path(role: str) -> str:
    """Where a role's kernel settings stand."""
    return f"/etc/sysctl.d/60-sovereign-edge-{role}.conf"


def modules_path(role: str) -> str:
    """Where a role's kernel modules stand, to be loaded at boot."""
    return f"/etc/modules-load.d/60-sovereign-edge-{role}.conf"


def source_path(name: str) -> str:
    """Where an apt source stands."""
    return f"/etc/apt/sources.list.d/sovereign-edge-{name}.sources"


def parents(name: str) -> list[str]:
    """The directories above a path, the outermost first, without `/`."""
    parts = name.split("/")
    return ["/".join(parts[:end]) for end in range(2, len(parts))]


def is_unit_path(name: str) -> bool:
    """Whether systemd has to read its units again when this path changes."""
    return name.startswith(_UNIT_DIRECTORIES)
