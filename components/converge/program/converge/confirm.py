"""Confirmed commit: a change that can cut the operator off goes back by itself unless a fresh connection confirms it.

The word is that of RFC 6241 §8.4. The revert is armed before the swap, by a timer of systemd's for this boot and by the
recovery unit for the next one.
"""

from __future__ import annotations

import re
import time
from typing import cast

from converge import journal as journals
from converge.errors import Failed
from converge.journal import Confirm, Journal
from converge.machine import Machine
from converge.paths import PROGRAM

ALIVE = 180
"""Age in seconds up to which a handshake counts as alive: WireGuard then gives a session up (Reject-After-Time)."""
ANSWER = 12.0
"""Seconds that a peer has to answer in, at the confirmation."""


def arm(machine: Machine, run: str, window: int) -> Confirm:
    """Starts the timer that undoes the change, and says what the journal has to hold. Before the swap."""
    confirm: Confirm = {
        "boot": journals.boot_id(),
        "deadline": journals.since_boot() + window * 1000,
        "window": window,
        "applied": False,
        "done": [],
        "found": [],
        "peers": received(machine, alive_peers(machine)),
    }
    timer = ["systemd-run", "--quiet", "--collect", f"--unit={unit(run)}", f"--on-active={window}s"]
    program = ["/usr/bin/python3", "-I", PROGRAM, "recover"]
    machine.run("confirm", [*timer, "--timer-property=AccuracySec=100ms", *program], 30)
    return confirm


def disarm(machine: Machine, run: str) -> None:
    """Stops the timer; one that is gone is fine."""
    machine.system.run(["systemctl", "stop", unit(run) + ".timer"], 30)


def unit(run: str) -> str:
    """Name of the transient units of a run's revert."""
    return f"sovereign-edge-revert-{run}"


def alive_peers(machine: Machine) -> set[str]:
    """Public keys of the WireGuard peers with a handshake that is not too old."""
    output = machine.system.run(["wg", "show", "all", "latest-handshakes"], 5)
    found = re.findall(r"^\S+\t(\S{44})\t(\d+)$", output.output, re.MULTILINE) if output.code == 0 else []
    return {key for key, at in found if int(at) and time.time() - int(at) < ALIVE}


def received(machine: Machine, keys: set[str]) -> dict[str, int]:
    """Bytes received so far from those of the peers that are configured."""
    output = machine.system.run(["wg", "show", "all", "transfer"], 5)
    found = re.findall(r"^\S+\t(\S{44})\t(\d+)\t\d+$", output.output, re.MULTILINE) if output.code == 0 else []
    return {key: int(count) for key, count in found if key in keys}


def require_peers(machine: Machine, journal: Journal) -> None:
    """Raises Failed when a peer that was alive before the change, and is still wanted, does not answer any more."""
    confirm = cast(Confirm, journal["confirm"])
    silent = set(confirm["peers"])
    if not silent:
        return
    start = received(machine, silent)
    if not start:
        raise Failed(f"the WireGuard tunnels to {peer_names(machine, silent)} are gone")
    # A peer that is configured no more was taken out on purpose.
    silent &= start.keys()
    until = time.monotonic() + min(ANSWER, max(1.0, journals.seconds_left(confirm) - 5))
    while silent:
        knock(machine, silent)
        # Whatever comes back, a reply or a handshake, came through the tunnel.
        now = received(machine, silent)
        silent = {key for key in silent if now.get(key, 0) <= start[key]}
        if silent and time.monotonic() > until:
            raise Failed(
                f"{peer_names(machine, silent)} answered through WireGuard before this change and does not now"
            )


def knock(machine: Machine, keys: set[str]) -> None:
    """Sends one packet to each peer, and waits up to a second for what comes back."""
    output = machine.system.run(["wg", "show", "all", "allowed-ips"], 5).output
    lines = re.findall(r"^\S+\t(\S{44})\t(.*)$", output, re.MULTILINE)
    hosts = [ip for key, ips in lines if key in keys for ip in re.findall(r"(\S+)/(?:32|128)\b", ips)[:1]]
    pings = "".join(f"ping -c1 -W1 {host} & " for host in hosts)
    machine.system.run(["sh", "-c", pings + "wait; true"], 5)


def peer_names(machine: Machine, keys: set[str]) -> str:
    """Names of the nodes behind public keys."""
    names = {key: name for name, key in cast("dict[str, str]", machine.load("wireguard.json") or {}).items()}
    return ", ".join(sorted(names.get(key, key) for key in keys))
