"""One run at a time, and clearing up after one that was cut off."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import time
from collections.abc import Iterator

from converge.durable import now, remove
from converge.errors import Failed
from converge.machine import Machine
from converge.packages import restore_policy
from converge.paths import OLD, STAGE

LOCK_PATIENCE = 15 * 60.0
"""Seconds one run waits for another: the roles of a node queue behind each other."""
LOCK_QUIET = 2.0
"""Seconds after which a waiting run says whom it waits for."""


@contextlib.contextmanager
def locked(machine: Machine, what: str) -> Iterator[None]:
    """Holds the machine's lock: one run at a time. Then clears what an earlier run that was cut off left behind."""
    machine.prepare()
    descriptor = os.open(machine.state("lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait_for_lock(descriptor)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"pid {os.getpid()} ({what}, since {now()})".encode(), 0)
        recover(machine)
        yield
    finally:
        os.close(descriptor)


def _wait_for_lock(descriptor: int) -> None:
    start = time.monotonic()
    told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            waited = time.monotonic() - start
        holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace") or "another run"
        if waited > LOCK_PATIENCE:
            raise Failed(
                f"the machine is busy: {holder} still holds its lock after {LOCK_PATIENCE / 60:.0f} min"
            ) from None
        if waited > LOCK_QUIET and not told:
            print(f"waiting for {holder}", file=sys.stderr, flush=True)
            told = True
        time.sleep(0.05)


def recover(machine: Machine) -> None:
    """Clears the temporary files of a run that was cut off, and has its role looked at as if all had changed."""
    for directory in ("", "roles", "secrets", "before"):
        for name in os.listdir(machine.state(directory)):
            if name.endswith(".new"):
                os.unlink(os.path.join(machine.state(directory), name))
    pending = machine.load("pending.json")
    if not isinstance(pending, dict):
        return
    for directory in pending["directories"]:
        remove(os.path.join(machine.at(directory), STAGE))
        remove(os.path.join(machine.at(directory), OLD))
    restore_policy(machine)
    if pending["role"] in machine.names("roles"):
        manifest = machine.manifest(pending["role"])
        manifest["dirty"] = True
        manifest["result"] = "was cut off"
        machine.save(f"roles/{pending['role']}.json", manifest)
    os.unlink(machine.state("pending.json"))
