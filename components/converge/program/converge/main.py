"""The command line."""

from __future__ import annotations

import os
import sys
from _collections_abc import Callable, Sequence

from converge.checkers import read_input
from converge.errors import Armed, Failed, Refused, reason
from converge.light import SIGHUP, SIGINT, SIGTERM, handle_signal
from converge.machine import Machine
from converge.paths import PROGRAM
from converge.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

Verb = Callable[[Machine, Sequence[str], Callable[[], bytes]], "list[str]"]
"""Gets the words after the verb and what reads standard input; returns the lines to print."""


def _install(machine: Machine, words: Sequence[str], read: Callable[[], bytes]) -> list[str]:
    from converge.install import install

    return install(machine, read(), *words)


def _secrets(machine: Machine, _words: Sequence[str], read: Callable[[], bytes]) -> list[str]:
    from converge.store import store_secrets

    return store_secrets(machine, read())


def _apply(machine: Machine, _words: Sequence[str], read: Callable[[], bytes]) -> list[str]:
    from converge.apply import apply

    return apply(machine, read())


def _finish(machine: Machine, _words: Sequence[str], read: Callable[[], bytes]) -> list[str]:
    from converge.finish import finish

    return finish(machine, read())


def _release(machine: Machine, _words: Sequence[str], _read: Callable[[], bytes]) -> list[str]:
    from converge.sweep import release

    return release(machine)


def _history(machine: Machine, words: Sequence[str], _read: Callable[[], bytes]) -> list[str]:
    from converge.log import print_lines

    return print_lines(machine, words)


def _recover(machine: Machine, words: Sequence[str], _read: Callable[[], bytes]) -> list[str]:
    from converge.lock import locked

    machine.booting = list(words) == ["boot"]
    with locked(machine, "recover"):
        return ["done"]


def _run(machine: Machine, words: Sequence[str], _read: Callable[[], bytes]) -> list[str]:
    from converge import detach

    name, run = words
    order = detach.read_order(machine, name, run)
    machine.detaches = False
    machine.known_as = dict(order["who"])
    code, lines = outcome(machine, order["words"], order["input"].encode)
    detach.write_outcome(machine, name, order, code, lines)
    return []


def _status(machine: Machine, _words: Sequence[str], _read: Callable[[], bytes]) -> list[str]:
    from converge.status import status

    return status(machine)


def _turn(machine: Machine, words: Sequence[str], _read: Callable[[], bytes]) -> list[str]:
    from converge.turn import follow

    return follow(machine, words[0])


def _relay(machine: Machine, _words: Sequence[str], _read: Callable[[], bytes]) -> list[str]:
    import time

    from converge.ping import answering
    from converge.relay import watch

    return watch(machine, answering, time.time())


def _boot(machine: Machine, words: Sequence[str], _read: Callable[[], bytes]) -> list[str]:
    from converge.boot import boot

    return boot(machine, words[0])


def _reboot(machine: Machine, _words: Sequence[str], _read: Callable[[], bytes]) -> list[str]:
    from converge.boot import reboot

    return reboot(machine)


def _bases(machine: Machine, words: Sequence[str], _read: Callable[[], bytes]) -> list[str]:
    from converge.bases import check_bases

    return check_bases(machine, words[0])


def _anchor(machine: Machine, words: Sequence[str], _read: Callable[[], bytes]) -> list[str]:
    from converge import anchor

    if words[0] not in ("on", "off"):
        raise Refused("usage: converge.py anchor on|off")
    return anchor.use(machine, anchor.metadata) if words[0] == "on" else anchor.leave(machine)


def _facts(machine: Machine, _words: Sequence[str], _read: Callable[[], bytes]) -> list[str]:
    from converge.facts import print_facts

    return print_facts(machine)


def _pairs(machine: Machine, _words: Sequence[str], read: Callable[[], bytes]) -> list[str]:
    from converge.pairs import pairs

    return pairs(machine, read())


def _zone(machine: Machine, verb: str, words: Sequence[str]) -> list[str]:
    from converge import zones

    if verb == "zone-init":
        return zones.zone_init(machine)
    domain = zones.zone_name(words[0])
    if verb == "zone-drop":
        return zones.zone_drop(machine, domain)
    return (zones.zone_check if verb == "zone-check" else zones.zone_load)(machine, domain, words[1])


VERBS: dict[str, tuple[int, int, Verb]] = {
    "install": (0, 1, _install),
    "secrets": (0, 0, _secrets),
    "apply": (0, 0, _apply),
    "finish": (0, 0, _finish),
    "release": (0, 0, _release),
    "recover": (0, 1, _recover),
    "run": (2, 2, _run),
    "status": (0, 0, _status),
    "facts": (0, 0, _facts),
    "pairs": (0, 0, _pairs),
    "history": (0, 1, _history),
    "turn": (1, 1, _turn),
    "relay": (0, 0, _relay),
    "boot": (1, 1, _boot),
    "reboot": (0, 0, _reboot),
    "apt-bases": (1, 1, _bases),
    "anchor": (1, 1, _anchor),
    "zone-init": (0, 0, lambda machine, words, _: _zone(machine, "zone-init", words)),
    "zone-drop": (1, 1, lambda machine, words, _: _zone(machine, "zone-drop", words)),
    "zone-check": (2, 2, lambda machine, words, _: _zone(machine, "zone-check", words)),
    "zone-load": (2, 2, lambda machine, words, _: _zone(machine, "zone-load", words)),
}
"""verb → fewest and most words after it, and what it does. Each imports its module when it runs."""


ANCHORED = {"install", "secrets", "apply", "finish", "release"}
"""Verbs whose answer ends with the newest line of the log, for the engine to keep."""


def run_verb(machine: Machine, words: Sequence[str], read: Callable[[], bytes]) -> list[str]:
    """Runs the verb in `words`; what it returns is printed."""
    fewest, most, verb = VERBS.get(words[0] if words else "", (1, 0, _status))
    if not fewest <= len(words) - 1 <= most:
        raise Refused(f"usage: converge.py [--root DIR] [--auth FILE] VERB, see {PROGRAM}; verbs: {', '.join(VERBS)}")
    return verb(machine, words[1:], read)


def outcome(machine: Machine, words: Sequence[str], read: Callable[[], bytes]) -> tuple[int, list[str]]:
    """Runs a verb: the exit code, and the lines to print."""
    try:
        if not machine.root and os.geteuid() != 0:
            raise Failed("converge.py has to run as root: put `sudo -n` before it")
        if machine.root:
            from converge.places import check_own

            check_own(machine)
        return 0, run_verb(machine, words, read)
    except Armed as armed:
        return 75, [str(armed)]
    except Refused as refused:
        return 64, [_clean(machine, str(refused))]
    except Exception as error:
        return 1, _clean(machine, f"{reason(error)}\n{getattr(error, 'detail', '')}").splitlines()


def answer(machine: Machine, words: Sequence[str]) -> tuple[int, list[str]]:
    """Runs a verb for whoever called. For the engine's verbs the last of at most ten lines is the newest of the log."""
    if not words or words[0] not in ANCHORED:
        return outcome(machine, words, read_input)
    # Now: `release` takes the program away.
    from converge.log import anchor

    code, lines = outcome(machine, words, read_input)
    if code:
        return code, lines
    try:
        return 0, [*[line for line in lines if line.strip()][:9], anchor(machine)]
    except OSError as error:
        return 1, [f"{words[0]} is done, but the log of changes cannot be read ({reason(error)})", *lines]


def options(arguments: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Takes `--root DIR` and `--auth FILE` out of the arguments, wherever they stand."""
    found = {"--root": "", "--auth": ""}
    words: list[str] = []
    rest = iter(arguments)
    for word in rest:
        if word in found:
            found[word] = next(rest, "")
        else:
            words.append(word)
    return found, words


def main(arguments: Sequence[str]) -> int:
    """Runs the verb in `arguments`; prints at most ten lines; returns the exit code."""
    given, words = options(arguments)
    machine = Machine(os.path.realpath(given["--root"]) if given["--root"] else "", auth=given["--auth"])
    for number in (SIGTERM, SIGHUP, SIGINT):
        handle_signal(number, machine.on_signal)
    os.umask(0o022)
    code, lines = answer(machine, words)
    if code == 64:
        lines = [f"refused: {lines[0]}. Nothing was touched."]
    if code == 75:
        lines = [f"confirm: {lines[0]}"]
    if say(sys.stderr if code else sys.stdout, lines):
        for after in machine.when_said:
            after()
    return code


def _clean(machine: Machine, text: str) -> str:
    from converge.store import Redactor

    return Redactor(machine)(text)


def say(stream: TextIO, lines: Sequence[str]) -> bool:
    """Prints up to ten lines. Whoever was listening may be gone: that changes nothing, and gives False."""
    shown = [line for line in lines if line.strip()][:10]
    try:
        stream.write("".join(line + "\n" for line in shown))
        stream.flush()
    except OSError:
        return False
    return True
