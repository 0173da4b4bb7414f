"""While a peer changes its WireGuard key: its allowed IPs go to whichever of its two keys answers.

An allowed IP belongs to one key at a time (wg(8)), so somebody on this machine has to move it in the moment in which
the peer has changed, and back when the peer has changed its mind.
"""

from __future__ import annotations

import json
import re
import time

from converge.confirm import received
from converge.durable import text_of
from converge.errors import Refused
from converge.machine import Machine
from converge.typed import TypedDict, cast

LOOK = 0.2
"""Seconds between two looks."""


class Turn(TypedDict):
    """An interface, and the two keys of one peer: the one in use and the next one."""

    interface: str
    keys: list[str]


def follow(machine: Machine, path: str) -> list[str]:
    """The verb `turn`: watches until it is stopped."""
    turn = read_turn(machine, path)
    before = received(machine, set(turn["keys"]))
    while True:
        time.sleep(LOOK)
        before = step(machine, turn, before)


def read_turn(machine: Machine, path: str) -> Turn:
    """What the role `wireguard` wrote for us."""
    text = text_of(machine.at(path))
    if not text:
        raise Refused(f"there is no {path}: no key is being changed")
    return cast(Turn, json.loads(text))


def step(machine: Machine, turn: Turn, before: dict[str, int]) -> dict[str, int]:
    """One look: moves the allowed IPs to the key that alone was heard since the last one. Gives what was received."""
    now = received(machine, set(turn["keys"]))
    heard = [key for key in turn["keys"] if now.get(key, 0) > before.get(key, 0)]
    if len(heard) == 1:
        move(machine, turn, heard[0])
    return now


def move(machine: Machine, turn: Turn, to: str) -> None:
    """Gives a key the allowed IPs of the other one, if that has any; WireGuard takes them from it by itself."""
    interface = turn["interface"]
    listed = machine.system.run(["wg", "show", interface, "allowed-ips"], 5).output
    held = dict(re.findall(r"^(\S{44})\t(.*)$", listed, re.MULTILINE))
    others = [ip for key in turn["keys"] if key != to for ip in held.get(key, "(none)").split() if ip != "(none)"]
    if not others:
        return
    own = [ip for ip in held.get(to, "(none)").split() if ip != "(none)"]
    words = ["wg", "set", interface, "peer", to, "allowed-ips", ",".join([*own, *others])]
    machine.run("turn", words, 5)
    print(f"the peer answers with {'its next key' if to == turn['keys'][1] else 'the key it had'}", flush=True)
