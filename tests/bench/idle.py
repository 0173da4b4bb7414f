"""Runs commands in turns on the machine it is started on, and prints what each run took.

Standard input: {"rounds": N, "commands": [{"argv": […], "input": text, "says": how its output begins}]}.
Printed is for each command {"ms": [of every run], "cpu": [milliseconds of processor time of every run],
"mb": the largest resident set of one of its processes}.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time


def once(argv: list[str], text: str, says: str) -> tuple[float, float, float]:
    """Milliseconds, those of processor time, and megabytes of one run; the shortest way to the command and back."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(text.encode())
        given.flush()
        given.seek(0)
        files = [(os.POSIX_SPAWN_DUP2, given.fileno(), 0), (os.POSIX_SPAWN_DUP2, said.fileno(), 1)]
        start = time.perf_counter()
        pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=files)
        _, status, used = os.wait4(pid, 0)
        took = time.perf_counter() - start
        said.seek(0)
        output = said.read().decode()
    if status != 0 or not output.startswith(says):
        sys.exit(f"{' '.join(argv)} ended with {os.waitstatus_to_exitcode(status)} and said: {output}")
    return took * 1000, (used.ru_utime + used.ru_stime) * 1000, used.ru_maxrss / 1024


def main() -> None:
    """Reads the order, carries it out, prints the figures."""
    order = json.load(sys.stdin)
    runs: list[list[tuple[float, float, float]]] = [[] for _ in order["commands"]]
    for _ in range(order["rounds"] + 1):
        for figures, command in zip(runs, order["commands"]):
            figures.append(once(command["argv"], command["input"], command["says"]))
    # The first round warms the caches up.
    figures = [{"ms": [ms for ms, _, _ in f[1:]], "cpu": [cpu for _, cpu, _ in f[1:]]} for f in runs]
    print(json.dumps([{**times, "mb": max(mb for _, _, mb in f)} for times, f in zip(figures, runs)]))


main()
