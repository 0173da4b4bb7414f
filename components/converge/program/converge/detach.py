"""Changes run in a transient unit of systemd's own, so that a lost connection ends nobody's change half-way.

The command that the operator's connection started writes what is to be done to /run/sovereign-edge, starts the unit,
and waits for the outcome. When it dies with its connection the unit goes on, and the same command, come again, waits
for that unit or finds its outcome. A reboot forgets all of it: what was cut off is then a matter for the journal.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Mapping

from converge.durable import content, remove, write_durably
from converge.errors import Armed, Failed, Refused
from converge.machine import Machine
from converge.paths import PROGRAM, RUN
from converge.typed import TypedDict, cast

LOOK = 0.5
"""Seconds between two looks at whether the unit is still there."""


class Order(TypedDict):
    """What a unit is to do."""

    run: str
    key: str
    words: list[str]
    input: str
    who: Mapping[str, str]


class Outcome(TypedDict):
    """How it ended, in the words that main.py prints."""

    run: str
    key: str
    code: int
    lines: list[str]


def detached(machine: Machine, name: str, key: str, words: list[str], data: bytes) -> list[str]:
    """Has `words` done by a unit, and gives what it says. One `name` at a time; `key` tells orders apart."""
    os.makedirs(machine.at(RUN), mode=0o700, exist_ok=True)
    order = _going_on(machine, name, key) or _start(machine, name, key, words, data)
    outcome = _wait(machine, name, order)
    machine.when_said.append(lambda: remove(_file(machine, name, "outcome")))
    return result(outcome)


def result(outcome: Outcome) -> list[str]:
    """The lines of an outcome; raises what the unit ended with."""
    text = "\n".join(outcome["lines"])
    if outcome["code"] == 75:
        raise Armed(text)
    if outcome["code"] == 64:
        raise Refused(text)
    if outcome["code"] != 0:
        first, _, rest = text.partition("\n")
        raise Failed(first, rest)
    return outcome["lines"]


def missed_outcome(machine: Machine, name: str, key: str) -> list[str]:
    """What a unit did whose command was gone before it could say so; nothing when there is none."""
    outcome = _outcome(machine, name)
    if not outcome or outcome["key"] != key or outcome["code"] != 0:
        return []
    machine.when_said.append(lambda: remove(_file(machine, name, "outcome")))
    return outcome["lines"]


def read_order(machine: Machine, name: str) -> Order:
    """What this unit is to do."""
    return cast(Order, json.loads(content(_file(machine, name, "order"))))


def write_outcome(machine: Machine, name: str, order: Order, code: int, lines: list[str]) -> None:
    """Says how it ended."""
    outcome: Outcome = {"run": order["run"], "key": order["key"], "code": code, "lines": lines}
    with contextlib.suppress(FileNotFoundError):
        write_durably(_file(machine, name, "outcome"), json.dumps(outcome).encode())
    remove(_file(machine, name, "order"))


def _file(machine: Machine, name: str, what: str) -> str:
    return f"{machine.at(RUN)}/{name}.{what}"


def _outcome(machine: Machine, name: str) -> Outcome | None:
    text = content(_file(machine, name, "outcome"))
    return cast(Outcome, json.loads(text)) if text else None


def _unit(name: str, order: Order) -> str:
    return f"sovereign-edge-{name}-{order['run']}.service"


def _state(machine: Machine, unit: str) -> dict[str, str]:
    output = machine.system.run(["systemctl", "show", "--property=ActiveState,Result", "--", unit], 30).output
    return dict(line.partition("=")[::2] for line in output.splitlines())


def _going_on(machine: Machine, name: str, key: str) -> Order | None:
    text = content(_file(machine, name, "order"))
    order = cast(Order, json.loads(text)) if text else None
    if order and order["key"] == key and _state(machine, _unit(name, order)).get("ActiveState") == "active":
        return order
    return None


def _start(machine: Machine, name: str, key: str, words: list[str], data: bytes) -> Order:
    order: Order = {
        "run": os.urandom(4).hex(),
        "key": key,
        "words": words,
        "input": data.decode("utf-8"),
        "who": machine.who(),
    }
    remove(_file(machine, name, "outcome"))
    write_durably(_file(machine, name, "order"), json.dumps(order).encode())
    write_durably(_file(machine, name, "progress"), b"")
    # Only this process gets a SIGTERM, at shutdown: apt and systemctl are not to be stopped half-way.
    properties = ["KillMode=mixed", f"StandardError=append:{_file(machine, name, 'progress')}", "StandardOutput=null"]
    start = ["systemd-run", "--quiet", f"--unit={_unit(name, order)}", *(f"--property={word}" for word in properties)]
    root = ["--root", machine.root] if machine.root else []
    machine.run("start", [*start, sys.executable, "-I", machine.at(PROGRAM), *root, "run", name], 30)
    return order


def _wait(machine: Machine, name: str, order: Order) -> Outcome:
    told, looked, pause = 0, time.monotonic(), 0.01
    while True:
        told += _tell(_file(machine, name, "progress"), told)
        outcome = _outcome(machine, name)
        if outcome and outcome["run"] == order["run"]:
            return outcome
        if time.monotonic() - looked > LOOK:
            looked = time.monotonic()
            state = _state(machine, _unit(name, order))
            outcome = _outcome(machine, name)
            if state.get("ActiveState") != "active" and not outcome:
                raise _ended(machine, name, order, state)
        time.sleep(pause)
        pause = min(pause * 1.3, 0.1)


def _tell(file: str, start: int) -> int:
    """Passes on what the unit said on the way, such as whom it waits for."""
    new = content(file)[start:]
    if new:
        sys.stderr.write(new.decode("utf-8", "replace"))
        sys.stderr.flush()
    return len(new)


def _ended(machine: Machine, name: str, order: Order, state: Mapping[str, str]) -> Failed:
    machine.system.run(["systemctl", "reset-failed", _unit(name, order)])
    why = {"oom-kill": "the machine ran out of memory", "signal": "it was killed", "timeout": "it was stopped"}
    words = why.get(state.get("Result", ""), f"its unit ended with {state.get('Result', 'nothing')}")
    last = content(_file(machine, name, "progress")).decode("utf-8", "replace")
    return Failed(f"{name}: the change was cut off: {words}", f"{last}\nThe next run undoes it, and tries again.")
