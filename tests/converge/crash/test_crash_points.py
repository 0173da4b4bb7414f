"""converge.py cut off at every step, with every disk that a cut may leave: the old or the new, never a mixture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from corners import CORNERS
from explore import Exploration
from looks import STATE
from machines import Box, cut_off, make_system, still_time
from scenarios import MAIN, secrets
from trial import Scenario, Trial

from converge_support import converge


@pytest.fixture
def no_disk() -> None:
    """Unlike elsewhere, fsync is what these tests are about."""


@pytest.fixture
def clock() -> Iterator[None]:
    """A clock that stands still."""
    with still_time(converge.modules):
        yield


@pytest.fixture
def trial(request: pytest.FixtureRequest, clock: None) -> Iterator[Trial]:
    """A scenario, recorded."""
    del clock
    trial = Trial(request.param())
    yield trial
    trial.close()


def name(scenario: type[Scenario]) -> str:
    """How a test is called."""
    return scenario.__name__


@pytest.mark.parametrize("trial", [*MAIN, *CORNERS], ids=name, indirect=True)
def test_a_cut_leaves_the_old_or_the_new(trial: Trial, capsys: pytest.CaptureFixture[str]) -> None:
    exploration: Exploration = trial.exploration()
    report = exploration.run()
    with capsys.disabled():
        print(f"\n{type(trial.scenario).__name__}: {report}")
    assert not report.violations, exploration.explain(report.violations[0])
    assert report.most <= 4096


@pytest.mark.parametrize("trial", [*MAIN, *CORNERS], ids=name, indirect=True)
def test_a_kill_leaves_the_old_or_the_new(trial: Trial) -> None:
    wrong = trial.kills()
    assert not wrong, "\n".join(wrong.values())


@pytest.mark.parametrize("text", [b"", b"pid 1", b"\0" * 60, b"\xff" * 300], ids=["empty", "torn", "zeros", "binary"])
def test_the_text_of_the_lock_is_never_read_after_a_cut(tmp_path: Path, clock: None, text: bytes) -> None:
    """So the recorder may take it for one that has no states."""
    del clock
    make_system(tmp_path)
    box = Box(str(tmp_path), {}, cut_off("boot-1"))
    box.run("secrets", secrets(1))
    (tmp_path / STATE / "lock").write_bytes(text)
    box.run("recover boot")
    assert (tmp_path / STATE / "lock").read_bytes().startswith(b"pid ")
