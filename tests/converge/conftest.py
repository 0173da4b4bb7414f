"""Fixtures: a fresh machine for each test."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from converge_support import Node, converge


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """A fresh machine."""
    return Node(tmp_path / "machine")


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
