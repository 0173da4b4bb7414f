"""Pairs: which nodes answer over the mesh, and what WireGuard knows of the way to each. Public keys only."""

from __future__ import annotations

import json
import re
import time

from converge.checkers import parse_json, record, struct
from converge.errors import Refused
from converge.machine import Machine
from converge.paths import MESH
from converge.shapes import ADDRESS, NAME
from converge.typed import TypedDict, cast

PINGS = 3
PATIENCE = 7
"""Seconds for the answers: a tunnel that was at rest opens with the first packet, and where that was lost with the next
one after 5 (WireGuard's REKEY_TIMEOUT); one that needs more is not well."""
QUESTION = struct({"nodes": record(NAME, ADDRESS)}, {})


class Peer(TypedDict):
    """A peer as WireGuard sees it."""

    node: str
    """whose key it is, as the machine was told; "" when it was not"""
    endpoint: str
    """where packets go now, `address:port`; "" while nobody knows"""
    allowedIps: list[str]
    handshake: int | None
    """seconds since the last one; None when there was none, less than 0 when the clock went back since"""
    received: int
    sent: int


class Ping(TypedDict):
    """Answers of PINGS, and milliseconds of the fastest."""

    answers: int
    latency: float | None


def pairs(machine: Machine, data: bytes) -> list[str]:
    """The verb `pairs`: pings the nodes that `data` names by their mesh addresses, all at once; one JSON object."""
    question = parse_json(data)
    QUESTION(question, "")
    nodes = cast("dict[str, dict[str, str]]", question)["nodes"]
    if len(nodes) > 256:
        raise Refused("nodes has to hold at most 256 at a time")
    pings = ping_all(machine, nodes)
    own = _words(machine, "public-key").strip()
    report = {
        "version": 1,
        "publicKey": own if re.fullmatch(r"[A-Za-z0-9+/]{43}=", own) else "",
        "port": int(_words(machine, "listen-port").strip() or 0),
        "peers": peers(machine),
        "pings": pings,
    }
    return [json.dumps(report, sort_keys=True)]


def peers(machine: Machine) -> dict[str, Peer]:
    """The peers of the mesh's interface, by public key."""
    endpoints, handshakes = _columns(machine, "endpoints"), _columns(machine, "latest-handshakes")
    transfers = _columns(machine, "transfer")
    known = cast("dict[str, str]", machine.load("wireguard.json") or {})
    owners = {key: name for name, key in known.items()}
    return {
        key: {
            "node": owners.get(key, ""),
            "endpoint": "".join(endpoints.get(key, [""])).replace("(none)", ""),
            "allowedIps": [ip for words in networks for ip in words.split() if ip != "(none)"],
            "handshake": _age(handshakes.get(key, ["0"])[0]),
            "received": int(transfers.get(key, ["0", "0"])[0]),
            "sent": int(transfers.get(key, ["0", "0"])[1]),
        }
        for key, networks in _columns(machine, "allowed-ips").items()
    }


def _age(at: str) -> int | None:
    if not int(at):
        return None
    age = int(time.time()) - int(at)
    # The two clocks that are read here may differ by a second.
    return age if age < -1 else max(0, age)


def _words(machine: Machine, what: str) -> str:
    """What `wg show` says of one thing; "" when there is no such interface. Never `dump`, which has secrets in it."""
    result = machine.system.run(["wg", "show", MESH, what], 5)
    return result.output if result.code == 0 else ""


def _columns(machine: Machine, what: str) -> dict[str, list[str]]:
    lines = [line.split("\t") for line in _words(machine, what).splitlines()]
    return {line[0]: line[1:] for line in lines if len(line) > 1}


def ping_all(machine: Machine, nodes: dict[str, str]) -> dict[str, Ping]:
    """Pings every address at the same time: takes as long as the slowest."""
    from threading import Thread

    found: dict[str, Ping] = {}

    def look(name: str, address: str) -> None:
        found[name] = ping(machine, address)

    threads = [Thread(target=look, args=each) for each in nodes.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def ping(machine: Machine, address: str) -> Ping:
    """Ends with the last answer, or after PATIENCE seconds (ping(8): -c with -w counts answers)."""
    command = ["ping", "-n", "-q", "-c", str(PINGS), "-i", "0.2", "-w", str(PATIENCE), "-I", MESH, address]
    output = machine.system.run(command, PATIENCE + 2).output
    answers = re.search(r" (\d+) received", output)
    fastest = re.search(r"= ([\d.]+)/", output)
    return {"answers": int(answers[1]) if answers else 0, "latency": float(fastest[1]) if fastest else None}
