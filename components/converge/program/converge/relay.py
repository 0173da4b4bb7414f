"""Moves what goes through a relay to another one while that does not answer, and back.

Two nodes behind different NATs reach each other through a public node: each allows the other's address at that peer. An
address belongs to one peer only, for what goes out and for what may come in (wg(8), AllowedIPs), so both ends have to
choose the same relay, and nobody tells them. They agree by order: the first relay of the list while it answers, the
next one while it does not. Where a relay answers and the far end does not through it, the far end may not reach that
relay itself: it is sought at the others, at the same moment of the clock from both ends. Where both ends sought each
other, because one of them was late, neither of them knows of a reason to stay: both try the first relay again.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence

from converge.errors import Failed
from converge.machine import Machine
from converge.paths import RUN
from converge.typed import TypedDict, cast

CONFIG = "/etc/wireguard/relay.json"
"""What the role `wireguard` says: the relays with their addresses, and who is reached through which."""
PATIENCE = 2.0
"""Seconds in which somebody has to answer."""
MISSES = 2
"""Looks in a row, ten seconds apart, without an answer, after which somebody counts as silent."""
EAGER = 6
"""Looks in a row for which somebody who is silent is sought at every look; later once in MINUTE."""
MINUTE = 60
"""Seconds of the clock at whose multiples both ends seek each other, or go back to a relay that answers again."""
HOUR = 3600
"""The same, for nodes that were sought in vain at their first relay."""
RETURNS = 3
"""Full minutes at which a node that was found at another relay is tried at its first one; later once in HOUR."""
LOOK = 10
"""Seconds between two looks; the timer's."""

Probe = Callable[[Collection[str], float], "set[str]"]


class Group(TypedDict):
    """Nodes that are reached through the same relays, in order of preference."""

    relays: list[str]
    addresses: list[str]


class Config(TypedDict):
    """The file CONFIG."""

    interface: str
    relays: dict[str, str]
    """Name of a public node → its address in the mesh."""
    groups: list[Group]


class Beside(Config, total=False):
    """The same of a mesh that has IPv6 too."""

    beside: dict[str, str]
    """Address of a node behind a relay → its IPv6 one, which moves with it."""


class Heard(TypedDict):
    """How often in a row a relay did not answer, and did."""

    missed: int
    answered: int


class Far(TypedDict):
    """A node behind a relay: at which one, how often in a row it did not answer, whether its first relay was left
    because that was silent itself, and how often it was tried there in vain since it was found at another."""

    at: str
    silent: int
    fled: bool
    tries: int


class Known(TypedDict):
    """What is remembered between two looks, until the next boot."""

    relays: dict[str, Heard]
    far: dict[str, Far]


def watch(machine: Machine, probe: Probe, clock: float) -> list[str]:
    """One look: who answers; says what moved, else nothing. `clock` is the time of day in seconds since 1970."""
    config = _config(machine)
    if config is None:
        return []
    os.makedirs(machine.at(RUN), 0o700, exist_ok=True)
    with open(machine.at(f"{RUN}/relay.lock"), "w", encoding="ascii") as lock:
        # A reload of the interface looks too, and may come at the same time.
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = _known(machine, config)
        # A reload or a restart put everything back to where the configuration has it.
        lines = place(machine, config, known)
        answers = probe(_hosts(config), PATIENCE)
        hear(config, known, answers)
        for group in config["groups"]:
            for address in group["addresses"]:
                choose(group["relays"], known, known["far"][address], clock)
        lines += place(machine, config, known)
        lines += go_home(machine, config, known, probe, clock)
        lines += seek(machine, config, known, probe, clock)
        _remember(machine, known)
    return lines


def _config(machine: Machine) -> Config | None:
    try:
        with open(machine.at(CONFIG), "rb") as file:
            return cast(Config, json.loads(file.read()))
    except FileNotFoundError:
        return None


def _hosts(config: Config) -> set[str]:
    far = {address for group in config["groups"] for address in group["addresses"]}
    return far | set(config["relays"].values())


def _known(machine: Machine, config: Config) -> Known:
    """What was remembered of who is still in the configuration; nobody is silent at first."""
    try:
        with open(machine.at(f"{RUN}/relay.json"), "rb") as file:
            old = cast(Known, json.loads(file.read()))
    except (FileNotFoundError, ValueError):
        old = {"relays": {}, "far": {}}
    fresh: Known = {"relays": {}, "far": {}}
    for name in config["relays"]:
        fresh["relays"][name] = old["relays"].get(name, {"missed": 0, "answered": 0})
    for group in config["groups"]:
        for address in group["addresses"]:
            kept = old["far"].get(address)
            first: Far = {"at": group["relays"][0], "silent": 0, "fled": False, "tries": 0}
            # An older program remembered less.
            fresh["far"][address] = {**first, **kept} if kept and kept["at"] in group["relays"] else first
    return fresh


def _remember(machine: Machine, known: Known) -> None:
    name = machine.at(f"{RUN}/relay.json")
    with open(f"{name}.new", "w", encoding="ascii") as file:
        json.dump(known, file, sort_keys=True)
    os.replace(f"{name}.new", name)


def hear(config: Config, known: Known, answers: Collection[str]) -> None:
    """Counts who answered this time and who did not."""
    for name, address in config["relays"].items():
        there = address in answers
        heard = known["relays"][name]
        heard["missed"] = 0 if there else heard["missed"] + 1
        heard["answered"] = heard["answered"] + 1 if there else 0
    for address, far in known["far"].items():
        far["silent"] = 0 if address in answers else far["silent"] + 1


def choose(relays: Sequence[str], known: Known, far: Far, clock: float) -> None:
    """Moves a node to the relay where its other end looks for it too."""
    alive = [name for name in relays if known["relays"][name]["missed"] < MISSES]
    first = relays[0]
    if not alive:
        # This node is cut off, not the relays: nothing would be better elsewhere.
        return
    if far["at"] not in alive:
        _move(far, alive[0], fled=far["fled"] or far["at"] == first)
    elif far["at"] != first and far["fled"] and _may_return(known["relays"][first], clock):
        _move(far, first, fled=False)


def _may_return(first: Heard, clock: float) -> bool:
    """Whether the first relay has answered for a while, and it is the moment at which the other end goes back too."""
    return first["answered"] > MISSES and clock % MINUTE < LOOK


def _move(far: Far, relay: str, fled: bool) -> None:
    far["at"], far["silent"], far["fled"], far["tries"] = relay, 0, fled, 0


def go_home(machine: Machine, config: Config, known: Known, probe: Probe, clock: float) -> list[str]:
    """Tries the first relay for nodes that were found at another one, as their ends do. Says who was found there."""
    firsts = {address: group["relays"][0] for group in config["groups"] for address in group["addresses"]}
    homes = {
        address: first
        for address, first in firsts.items()
        if known["relays"][first]["answered"] > MISSES and _strayed(known["far"][address], first, clock)
    }
    if not homes:
        return []
    # All at once, for the other ends do the same; they may be late by a look, which waits for hosts silent to them.
    found = _try(machine, config, known, probe, homes, PATIENCE * 1.5)
    for address in homes.keys() - set(found):
        known["far"][address]["tries"] += 1
    return [f"{address} found through {homes[address]}" for address in found]


def _strayed(far: Far, first: str, clock: float) -> bool:
    """Whether a node answers through another relay than its first one, which was not silent when it was left, and is to
    be tried there now: each try in vain is a gap of seconds between two that reach each other."""
    moment = clock % (MINUTE if far["tries"] < RETURNS else HOUR) < LOOK
    return moment and far["at"] != first and not far["fled"] and not far["silent"]


def seek(machine: Machine, config: Config, known: Known, probe: Probe, clock: float) -> list[str]:
    """Tries the other relays for nodes that do not answer through one that does. Says who was found where."""
    lines = []
    missing = _missing(config, known, clock)
    for name, heard in known["relays"].items():
        tried = [address for address, others in missing.items() if name in others]
        moves = dict.fromkeys(tried, name)
        found = _try(machine, config, known, probe, moves, PATIENCE / 2) if tried and not heard["missed"] else []
        for address in found:
            del missing[address]
            lines.append(f"{address} found through {name}")
    return lines


def _missing(config: Config, known: Known, clock: float) -> dict[str, list[str]]:
    """Who is silent behind a relay that is not, and is to be sought now, with the other relays."""
    found = {}
    for group in config["groups"]:
        for address in group["addresses"]:
            far = known["far"][address]
            due = MISSES <= far["silent"] <= EAGER or (far["silent"] > EAGER and clock % MINUTE < LOOK)
            if due and not known["relays"][far["at"]]["missed"]:
                found[address] = [name for name in group["relays"] if name != far["at"]]
    return found


def _try(
    machine: Machine, config: Config, known: Known, probe: Probe, moves: Mapping[str, str], seconds: float
) -> list[str]:
    """Asks nodes through other relays, by their address, and leaves there who answered."""
    before = {address: known["far"][address]["at"] for address in moves}
    for address, relay in moves.items():
        known["far"][address]["at"] = relay
    place(machine, config, known)
    found = sorted(probe(list(moves), seconds))
    for address, at in before.items():
        if address in found:
            _move(known["far"][address], moves[address], fled=False)
        else:
            known["far"][address]["at"] = at
    place(machine, config, known)
    return found


def place(machine: Machine, config: Config, known: Known) -> list[str]:
    """Gives each node's address to the peer where it should be. Says what moved where."""
    there = allowed_ips(machine, config["interface"])
    # A relay is the peer that has its address, whatever its key is at the moment.
    keys = {name: key for name, own in config["relays"].items() for key, ips in there.items() if f"{own}/32" in ips}
    stands = {ip: name for name, key in keys.items() for ip in there[key]}
    moves = {
        ip: far["at"] for host, far in known["far"].items() for ip in _ips(config, host) if stands.get(ip) != far["at"]
    }
    lines = []
    for name in sorted(set(moves.values())):
        key = keys.get(name, "")
        if not key:
            # The interface is down, or not yet as the file says.
            continue
        gained = sorted(ip for ip, at in moves.items() if at == name)
        ips = ",".join([*(ip for ip in there[key] if ip not in moves), *gained])
        machine.run("relay", ["wg", "set", config["interface"], "peer", key, "allowed-ips", ips], 10)
        lines.append(f"through {name} now: {', '.join(ip.partition('/')[0] for ip in gained)}")
    return lines


def _ips(config: Config, host: str) -> list[str]:
    """What has to be allowed for a node."""
    beside = cast(Beside, config).get("beside", {}).get(host)
    return [f"{host}/32", *([f"{beside}/128"] if beside else [])]


def allowed_ips(machine: Machine, interface: str) -> Mapping[str, list[str]]:
    """Allowed addresses of each peer, by its public key; nothing when there is no such interface."""
    result = machine.system.run(["wg", "show", interface, "allowed-ips"], 10)
    if result.code == 127:
        raise Failed("relay: wg is not installed")
    lines = re.findall(r"^(\S{44})\t(.*)$", result.output, re.MULTILINE) if result.code == 0 else []
    return {key: re.findall(r"\S+/\d+", ips) for key, ips in lines}
