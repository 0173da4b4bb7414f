"""Confirmed commit: a change that can cut the operator off goes back by itself unless a fresh connection confirms it.

The word is that of RFC 6241 §8.4. The revert is armed before the swap, by a timer of systemd's for this boot and by the
recovery unit for the next one.
"""

from __future__ import annotations

import time

from converge import journal as journals
from converge.errors import Failed
from converge.journal import Confirm, Journal
from converge.light import re, suppress
from converge.machine import Machine
from converge.paths import MESH, PROGRAM
from converge.typed import cast

ALIVE = 180
"""Age in seconds up to which a handshake counts as alive: WireGuard then gives a session up (Reject-After-Time)."""
MOMENT = 0.3
"""Seconds in which a reply to a packet usually comes back."""
SPARE = 8.0
"""Seconds that the confirmation leaves until the deadline, to go back itself."""


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
    """Public keys of the WireGuard peers that answer now. A handshake alone says no more than that one did lately.

    A peer in the mesh whose key is no node's any more may be gone at its own end at any moment: it is none of them.
    """
    output = machine.system.run(["wg", "show", "all", "latest-handshakes"], 5)
    found = re.findall(r"^(\S+)\t(\S{44})\t(\d+)$", output.output, re.MULTILINE) if output.code == 0 else []
    nodes = node_names(machine).keys()
    # Without a fleet's mesh an interface of that name is somebody's own, as any other is: its peers are held.
    left = {key for interface, key, _ in found if interface == MESH} - nodes if nodes else set()
    lately = {key for _, key, at in found if int(at) and time.time() - int(at) < ALIVE} - left
    start = received(machine, lately)
    for _ in range(5):
        knock(machine, lately - answered(machine, start))
    return answered(machine, start)


def answered(machine: Machine, start: dict[str, int]) -> set[str]:
    """Those of the peers from whom something came since: a reply or a handshake, it came through the tunnel."""
    now = received(machine, set(start))
    return {key for key, count in start.items() if now.get(key, 0) > count}


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
    # A change that touches both ends of a tunnel takes until the other end has it too.
    while silent:
        knock(machine, silent)
        silent -= answered(machine, {key: start[key] for key in silent})
        if silent and journals.seconds_left(confirm) < SPARE:
            names = peer_names(machine, silent)
            raise Failed(f"{names} answered through WireGuard before this change, and does not now")


def knock(machine: Machine, keys: set[str]) -> None:
    """Sends a packet to each peer, and waits a moment for what comes back: a reply, or WireGuard's own handshake.

    To every address that it is allowed: which is its own, and which it relays to, does not show.
    """
    import socket

    if not keys:
        return
    output = machine.system.run(["wg", "show", "all", "allowed-ips"], 5).output
    lines = re.findall(r"^\S+\t(\S{44})\t(.*)$", output, re.MULTILINE)
    hosts = [ip for key, ips in lines if key in keys for ip in re.findall(r"(\S+)/(?:32|128)\b", ips)]
    for host in hosts:
        # Port 9, discard (RFC 863): nothing listens there, and the refusal is the reply.
        with suppress(OSError), socket.socket(_family(host), socket.SOCK_DGRAM) as sender:
            sender.sendto(b"sovereign-edge", (host, 9))
    time.sleep(MOMENT)


def _family(host: str) -> int:
    import socket

    return socket.AF_INET6 if ":" in host else socket.AF_INET


def node_names(machine: Machine) -> dict[str, str]:
    """Names of the fleet's nodes by their public keys, as `secrets` stored them last: before the roles of this run."""
    known = cast("dict[str, str]", machine.load("wireguard.json") or {})
    return {key: name for name, key in known.items()}


def peer_names(machine: Machine, keys: set[str]) -> str:
    """Names of the nodes behind public keys."""
    names = node_names(machine)
    return ", ".join(sorted(names.get(key, key) for key in keys))
