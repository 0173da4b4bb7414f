"""Changes run in a transient unit of systemd's own, so that a lost connection ends nobody's change half-way.

The command that the operator's connection started writes what is to be done to /run/sovereign-edge, starts the unit,
and waits for the outcome. When it dies with its connection the unit goes on, and the same command, come again, waits
for that unit or finds its outcome. A reboot forgets all of it: what was cut off is then a matter for the journal.

Each run of a unit has files of its own there, `NAME.RUN.order`, `.progress` and `.outcome`: two operators can have the
same role changed, one right behind the other. Who waits for a run holds its order locked, shared; nobody else takes its
files away.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from _collections_abc import Iterator, Mapping

from converge.durable import content, remove, write_durably
from converge.errors import Armed, Failed, Refused
from converge.light import dumps, loads, suppress
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

    key: str
    code: int
    lines: list[str]


def detached(machine: Machine, name: str, key: str, words: list[str], data: bytes) -> list[str]:
    """Has `words` done by a unit, and gives what it says. `key` tells orders apart: who has the same waits with us."""
    os.makedirs(machine.at(RUN), mode=0o700, exist_ok=True)
    run = _going_on(machine, name, key) or _start(machine, name, key, words, data)
    return result(_wait(machine, name, run))


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
    for run, held in _left(machine, name):
        outcome = _outcome(machine, name, run)
        if outcome and outcome["key"] == key and outcome["code"] == 0:
            _forget_when_said(machine, name, run, os.dup(held))
            return outcome["lines"]
    return []


def read_order(machine: Machine, name: str, run: str) -> Order:
    """What this run of a unit is to do."""
    return cast(Order, loads(content(_file(machine, name, run, "order"))))


def write_outcome(machine: Machine, name: str, order: Order, code: int, lines: list[str]) -> None:
    """Says how it ended."""
    outcome: Outcome = {"key": order["key"], "code": code, "lines": lines}
    with suppress(FileNotFoundError):
        write_durably(_file(machine, name, order["run"], "outcome"), dumps(outcome).encode())


def _file(machine: Machine, name: str, run: str, what: str) -> str:
    return f"{machine.at(RUN)}/{name}.{run}.{what}"


def _runs(machine: Machine, name: str) -> list[str]:
    """The runs of which there are files."""
    with suppress(FileNotFoundError):
        parts = [entry.rsplit(".", 2) for entry in os.listdir(machine.at(RUN))]
        return [part[1] for part in parts if part[0] == name and part[2:] == ["order"]]
    return []


def _hold(machine: Machine, name: str, run: str, how: int) -> int | None:
    """A run's order, locked until the descriptor is closed; nothing when it is gone, or not to be had in this way."""
    try:
        held = os.open(_file(machine, name, run, "order"), os.O_RDONLY)
    except FileNotFoundError:
        return None
    with suppress(BlockingIOError):
        fcntl.flock(held, how)
        if os.fstat(held).st_nlink:
            return held
    os.close(held)
    return None


def _left(machine: Machine, name: str) -> Iterator[tuple[str, int]]:
    """The runs that nobody waits for, each held so that nobody begins to while it is looked at."""
    for run in _runs(machine, name):
        held = _hold(machine, name, run, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if held is not None:
            try:
                yield run, held
            finally:
                os.close(held)


def _forget(machine: Machine, name: str, run: str) -> None:
    """Takes the files of a run away, the order last: without it the others are not found."""
    for what in ("outcome", "progress", "order"):
        remove(_file(machine, name, run, what))


def _forget_when_said(machine: Machine, name: str, run: str, held: int) -> None:
    """Once the operator has the words. Where others wait for the same run, the last of them does it."""

    def after() -> None:
        with suppress(BlockingIOError):
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _forget(machine, name, run)
        os.close(held)

    machine.when_said.append(after)


def _outcome(machine: Machine, name: str, run: str) -> Outcome | None:
    text = content(_file(machine, name, run, "outcome"))
    return cast(Outcome, loads(text)) if text else None


def _unit(name: str, run: str) -> str:
    return f"sovereign-edge-{name}-{run}.service"


def _state(machine: Machine, unit: str) -> dict[str, str]:
    output = machine.system.run(["systemctl", "show", "--property=ActiveState,Result", "--", unit], 30).output
    return dict(line.partition("=")[::2] for line in output.splitlines())


def _going_on(machine: Machine, name: str, key: str) -> str | None:
    """The run that is at work on the same."""
    for run in _runs(machine, name):
        held = _hold(machine, name, run, fcntl.LOCK_SH)
        if held is None:
            continue
        same = read_order(machine, name, run)["key"] == key
        if same and _state(machine, _unit(name, run)).get("ActiveState") == "active":
            _forget_when_said(machine, name, run, held)
            return run
        os.close(held)
    return None


def _start(machine: Machine, name: str, key: str, words: list[str], data: bytes) -> str:
    for old, _ in _left(machine, name):
        # What it did is no news once something else is done.
        if _outcome(machine, name, old):
            _forget(machine, name, old)
    run = os.urandom(4).hex()
    order: Order = {"run": run, "key": key, "words": words, "input": data.decode("utf-8"), "who": machine.who()}
    write_durably(_file(machine, name, run, "progress"), b"")
    write_durably(_file(machine, name, run, "order"), dumps(order).encode())
    held = _hold(machine, name, run, fcntl.LOCK_SH)
    if held is not None:
        _forget_when_said(machine, name, run, held)
    # Only this process gets a SIGTERM, at shutdown: apt and systemctl are not to be stopped half-way.
    progress = _file(machine, name, run, "progress")
    properties = ["KillMode=mixed", f"StandardError=append:{progress}", "StandardOutput=null"]
    start = ["systemd-run", "--quiet", f"--unit={_unit(name, run)}", *(f"--property={word}" for word in properties)]
    root = ["--root", machine.root] if machine.root else []
    machine.run("start", [*start, sys.executable, "-I", machine.at(PROGRAM), *root, "run", name, run], 30)
    return run


def _wait(machine: Machine, name: str, run: str) -> Outcome:
    told, looked, pause = 0, time.monotonic(), 0.01
    while True:
        told += _tell(_file(machine, name, run, "progress"), told)
        outcome = _outcome(machine, name, run)
        if outcome:
            return outcome
        if time.monotonic() - looked > LOOK:
            looked = time.monotonic()
            state = _state(machine, _unit(name, run))
            if state.get("ActiveState") != "active" and not _outcome(machine, name, run):
                raise _ended(machine, name, run, state)
        time.sleep(pause)
        pause = min(pause * 1.3, 0.1)


def _tell(file: str, start: int) -> int:
    """Passes on what the unit said on the way, such as whom it waits for."""
    new = content(file)[start:]
    if new:
        sys.stderr.write(new.decode("utf-8", "replace"))
        sys.stderr.flush()
    return len(new)


def _ended(machine: Machine, name: str, run: str, state: Mapping[str, str]) -> Failed:
    machine.system.run(["systemctl", "reset-failed", _unit(name, run)])
    why = {"oom-kill": "the machine ran out of memory", "signal": "it was killed", "timeout": "it was stopped"}
    words = why.get(state.get("Result", ""), f"its unit ended with {state.get('Result', 'nothing')}")
    last = content(_file(machine, name, run, "progress")).decode("utf-8", "replace")
    return Failed(f"{name}: the change was cut off: {words}", f"{last}\nThe next run undoes it, and tries again.")
