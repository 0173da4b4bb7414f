"""Stops converge.py before one of its steps, so that the power can be taken exactly there, or has it run out of memory.

Every Python of the machine loads this at its start. One whose command line holds the first line of an order counts its
steps: what changes names on the disk, an fsync, a command. Before the step that the order's second line numbers it says
so on the console, and waits for ever; where a third line says "memory", it takes all that there is instead, until the
kernel ends it. What it did is in /run/lab-steps.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

ORDER = "/run/lab-stop"
ORDER_FOR_BOOT = "/etc/lab-stop"
"""Holds for the next boot, and for one process only."""
STEPS = {"os.rename", "os.link", "os.symlink", "os.remove", "os.mkdir", "os.rmdir", "subprocess.Popen"}
"""Events of Python's audit table; they come before what they announce."""
fsync = os.fsync


class Stop:
    """Counts the steps of this process."""

    def __init__(self, number: int, hungry: bool) -> None:
        self.number = number
        self.hungry = hungry
        self.count = 0
        self.steps = os.open("/run/lab-steps", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def step(self, text: str) -> None:
        """To be called before each step."""
        self.count += 1
        os.write(self.steps, f"{text}\n".encode())
        if self.count != self.number:
            return
        os.write(os.open("/dev/console", os.O_WRONLY), f"\nstopped at {self.count}: {text}\n".encode())
        taken = []
        while self.hungry:
            taken.append(bytearray(b"x") * (1 << 20))
        while True:
            signal.pause()

    def on_event(self, event: str, arguments: Any) -> None:
        """Audit hook."""
        if event in STEPS and not changes_nothing(event, arguments):
            words = arguments[1] if event == "subprocess.Popen" else [event[3:], *arguments]
            self.step(" ".join(word for word in map(str, words) if word != "-1"))

    def on_fsync(self, fd: Any) -> None:
        """Stands in for os.fsync, which no audit event announces."""
        name = os.readlink(f"/proc/self/fd/{fd}")
        if not name.startswith("/run/"):
            self.step("fsync " + name)
        fsync(fd)


def changes_nothing(event: str, arguments: Any) -> bool:
    """Whether the disk is the same after it: a question, a call that fails, a file that no disk holds."""
    if event == "subprocess.Popen":
        return "show" in arguments[1]
    name, there = str(arguments[0]), os.path.lexists(arguments[0])
    missing = event == "os.remove" and name.startswith("/") and not there
    return missing or (event == "os.mkdir" and there) or name.startswith("/run/")


def order() -> tuple[str, int, bool] | None:
    """What this boot is to stop at."""
    for name in (ORDER, ORDER_FOR_BOOT):
        if os.path.exists(name):
            with open(name, encoding="utf-8") as file:
                words, number, *how = file.read().splitlines()
            if f"{words} " in f"{' '.join(sys.orig_argv)} ":
                if name == ORDER_FOR_BOOT:
                    os.unlink(name)
                    os.sync()
                return words, int(number), how == ["memory"]
    return None


def start() -> None:
    """Begins to count, if this process is meant."""
    found = order()
    if found:
        stop = Stop(*found[1:])
        os.fsync = stop.on_fsync
        sys.addaudithook(stop.on_event)


start()
