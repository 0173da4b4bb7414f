"""Without any one fsync the crash points fail. Not among the usual tests: `npm test -- crash`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from corners import CORNERS
from explore import Exploration
from machines import still_time
from mutants import Site, noticed, sites
from scenarios import MAIN
from trial import Trial

from converge_support import PROGRAM, converge

# On a full disk the write is refused only here, where it can still be said clearly; what is lost of a part comes again.
NOT_FOR_CUTS = {("transfer.py", "os.fsync(part.fileno())")}
SITES = [site for site in sites(Path(PROGRAM) / "converge") if (site.file, site.text) not in NOT_FOR_CUTS]


@pytest.fixture
def no_disk() -> None:
    """Unlike elsewhere, fsync is what these tests are about."""


@pytest.fixture
def clock() -> None:
    """Set once for all, below."""


@pytest.fixture(scope="module")
def explorations() -> Iterator[list[Exploration]]:
    """All scenarios, recorded and judged, those with few disk states first."""
    with still_time(converge.modules):
        trials = [Trial(scenario()) for scenario in [*MAIN, *CORNERS]]
        found = [trial.exploration() for trial in trials]
        for exploration in found:
            assert not exploration.run().violations
        yield sorted(found, key=lambda exploration: len(exploration.outcomes))
        for trial in trials:
            trial.close()


@pytest.mark.parametrize("site", SITES, ids=str)
def test_is_missed_when_it_does_nothing(
    explorations: list[Exploration], site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    reached = False
    for exploration in explorations:
        words = noticed(exploration, site)
        reached = reached or words is not None
        if words:
            with capsys.disabled():
                print(f"\n{site}: {words[:200]}")
            return
    pytest.fail(f"{site}: " + ("nobody would notice if it did nothing" if reached else "no scenario gets there"))
