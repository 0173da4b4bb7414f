"""One run at a time, and finishing with a change that was cut off."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from _collections_abc import Iterator

from converge import journal as journals
from converge.durable import now
from converge.errors import Failed
from converge.journal import Journal
from converge.light import contextmanager
from converge.log import Event, note
from converge.machine import Machine
from converge.room import require_writable_state

LOCK_PATIENCE = 15 * 60.0
"""Seconds one run waits for another: the roles of a node queue behind each other."""
LOCK_QUIET = 2.0
"""Seconds after which a waiting run says whom it waits for."""


@contextmanager
def locked(machine: Machine, what: str, key: str = "") -> Iterator[Journal | None]:
    """Holds the machine's lock: one run at a time. First finishes with a change that was cut off.

    A change that waits for its confirmation counts as a run that is going on. It is given to the run whose `key` is
    the change's own; everybody else waits until it is confirmed or undone. Otherwise the value is None.
    """
    require_writable_state(machine)
    machine.prepare()
    descriptor = os.open(machine.state("lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        waiting = _Waiting()
        while True:
            waiting.until_free(descriptor)
            pending = journals.load(machine)
            confirm = pending["confirm"] if pending else None
            if not pending or not confirm or not confirm["applied"] or journals.seconds_left(confirm) < 0:
                mine = None
                break
            if pending["key"] == key:
                mine = pending
                break
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            waiting.a_moment(unconfirmed(pending))
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"pid {os.getpid()} ({what}, since {now()}{_by(machine)})".encode(), 0)
        clear_temporary(machine)
        if pending and not mine:
            why = words(pending)
            done = journals.recover(machine, pending, why)
            if done != "was complete":
                result = why if why.startswith("reverted") else "recovered: a change was cut off"
                note(machine, Event("recover", f"{result}; it {done}", pending["role"], pending["key"].split()[-1]))
        yield mine
    finally:
        os.close(descriptor)


def holder(machine: Machine) -> str:
    """Who holds the machine's lock since when, or which change waits for its confirmation; "" when it is free."""
    try:
        descriptor = os.open(machine.state("lock"), os.O_RDONLY)
    except FileNotFoundError:
        return ""
    try:
        # Given back at once: whoever comes in between asks again a moment later.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _told(descriptor)
    finally:
        os.close(descriptor)
    pending = journals.load(machine)
    confirm = pending["confirm"] if pending else None
    waits = pending and confirm and confirm["applied"] and journals.seconds_left(confirm) >= 0
    return unconfirmed(pending) if pending and waits else ""


def unconfirmed(journal: Journal) -> str:
    """A change that others have to wait for, in words."""
    return f"role {journal['role']}, which waits for a fresh connection"


def _told(descriptor: int) -> str:
    """What the holder of the lock says of itself."""
    return os.pread(descriptor, 200, 0).decode("utf-8", "replace") or "another run"


def _by(machine: Machine) -> str:
    """Who acts, as far as that is known."""
    who = machine.who()
    name = who["name"] or who["user"]
    return f", by {name[:60]}" if name else ""


def words(journal: Journal) -> str:
    """Why a change that is found here was not finished."""
    if journal["confirm"] and journal["confirm"]["applied"]:
        return f"reverted: no fresh connection within {journal['confirm']['window']} s"
    return "was cut off, and undone"


class _Waiting:
    """Patience with whoever holds the lock."""

    def __init__(self) -> None:
        self.start = time.monotonic()
        self.told = False

    def until_free(self, descriptor: int) -> None:
        """Waits until the lock is ours."""
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                self.a_moment(_told(descriptor))

    def a_moment(self, holder: str) -> None:
        """Waits a little; raises Failed when that was too often."""
        waited = time.monotonic() - self.start
        if waited > LOCK_PATIENCE:
            raise Failed(f"the machine is busy: {holder} still holds its lock after {LOCK_PATIENCE / 60:.0f} min")
        if waited > LOCK_QUIET and not self.told:
            print(f"waiting for {holder}", file=sys.stderr, flush=True)
            self.told = True
        time.sleep(0.05)


def clear_temporary(machine: Machine) -> None:
    """Removes half-written files of our own."""
    for directory in ("", "roles", "secrets", "before"):
        for name in os.listdir(machine.state(directory)):
            if name.endswith(".new"):
                os.unlink(os.path.join(machine.state(directory), name))
