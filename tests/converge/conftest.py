"""Fixtures: a fresh machine for each test."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from converge_support import Node, converge
from processes import SYSTEMCTL


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """A fresh machine."""
    return Node(tmp_path / "machine")


@pytest.fixture
def stubs(tmp_path: Path) -> Path:
    """A directory for PATH with a systemctl that finds everything running."""
    directory = tmp_path / "stubs"
    directory.mkdir()
    (directory / "systemctl").write_text(SYSTEMCTL)
    (directory / "systemctl").chmod(0o755)
    return directory


class Clock:
    """The time module, with a sleep that only moves the clock."""

    def __init__(self) -> None:
        self.slept = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def monotonic(self) -> float:
        """Seconds, those slept included."""
        return time.monotonic() + self.slept

    def sleep(self, seconds: float) -> None:
        """Lets time pass at once."""
        self.slept += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Tests need not sit through waits."""
    clock = Clock()
    for module in converge.modules:
        if "time" in vars(module):
            monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture(autouse=True)
def no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """These machines need not survive a power cut; waiting for the disk would be most of the tests' time."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


class Boottime:
    """Time since the boot, which stands still unless a test moves it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = 0.0
        self.monkeypatch = monkeypatch
        monkeypatch.setattr("converge.journal.since_boot", lambda: int(self.at * 1000) + 1)

    def __call__(self, seconds: float) -> None:
        """Sets it."""
        self.at = seconds

    def sleeping(self, moment: Any) -> None:
        """What happens in each sleep."""
        for module in converge.modules:
            if "time" in vars(module):
                self.monkeypatch.setattr(vars(module)["time"], "sleep", moment)


@pytest.fixture
def boottime(monkeypatch: pytest.MonkeyPatch) -> Boottime:
    """A clock for deadlines."""
    return Boottime(monkeypatch)
