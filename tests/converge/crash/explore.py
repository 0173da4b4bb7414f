"""Cuts a recorded program at every step, and judges every disk that may be left."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Set
from concurrent.futures import ProcessPoolExecutor
from typing import Callable, NamedTuple

from disk import Disk, Sync
from forest import Forest
from recorder import Recording, Step

Judge = Callable[[str], str]
"""Given the directory of a disk after a cut: recovers it and says what it is then, or what is wrong with it."""
WORKERS = min(4, len(os.sched_getaffinity(0)))
SHARED_MEMORY = "/dev/shm"
MANY = 4096
"""States of one moment above which a report says so."""


SAMPLES = 20
"""States of each moment that are looked at first in a recording without some of its syncs."""
BATCH = 200
"""States that are judged at a time, side by side."""
PATIENCE = 4000
"""States after which such a recording counts as one in which nothing goes wrong."""
Gather = Callable[[Disk], Iterable[int]]
"""Which states of a moment are looked at."""


class Point(NamedTuple):
    """A moment: after `step` steps; the states that a cut may leave, and what recovery may make of them."""

    step: int
    text: str
    allowed: frozenset[str]
    states: frozenset[int]


class Violation(NamedTuple):
    """A cut that recovery does not get right."""

    step: int
    text: str
    state: int
    outcome: str


class Report(NamedTuple):
    """What came of one recording."""

    points: int
    states: int
    """over all points; the same tree at two points counts twice"""
    distinct: int
    most: int
    """states of the one point that has most"""
    violations: list[Violation]

    def __str__(self) -> str:
        loud = f", MORE THAN {MANY} at one step" if self.most > MANY else ""
        return (
            f"{self.points} cuts, {self.states} disk states, {self.distinct} distinct,"
            f" at most {self.most} at one step{loud}; {len(self.violations)} violations"
        )


def scratch(name: str) -> str:
    """A new directory in memory, where the system has such a place."""
    return tempfile.mkdtemp(prefix=f"crash-{name}-", dir=SHARED_MEMORY if os.path.isdir(SHARED_MEMORY) else None)


class Exploration:
    """One recording, its judge, and what is known of each state so far.

    `allowed` says for a moment, given as the number of steps that were done, which outcomes are right. `memory` is what
    the judge remembers from one disk to the next; what its workers learn comes back into it. `first` is the number of
    steps that were done at the first cut.
    """

    def __init__(
        self,
        recording: Recording,
        judge: Judge,
        allowed: Callable[[int], Set[str]],
        memory: dict[bytes, str] | None = None,
        first: int = 0,
    ) -> None:
        self.first = first
        self.memory: dict[bytes, str] = {} if memory is None else memory
        self.recording = recording
        self.judge = judge
        self.allowed = allowed
        self.forest = Forest()
        self.outcomes: dict[int, str] = {}

    def points(self, dropped: Set[int] = frozenset(), gather: Gather = Disk.states) -> Iterator[Point]:
        """Every moment in order. `dropped` are steps that do not sync; then only what comes after the first of them."""
        disk = self.recording.disk(self.forest)
        if not dropped and self.first == 0:
            yield Point(0, "before the first step", frozenset(self.allowed(0)), frozenset(gather(disk)))
        for index, step in enumerate(self.recording.steps):
            for operation in step.operations:
                if index not in dropped or not isinstance(operation, Sync):
                    disk.do(operation)
            if index >= min(dropped, default=0) and index + 1 >= self.first:
                yield Point(index + 1, step.text, frozenset(self.allowed(index + 1)), frozenset(gather(disk)))

    def run(self) -> Report:
        """Judges every state of every point."""
        points = list(self.points())
        self.learn({state for point in points for state in point.states})
        return Report(
            points=len(points),
            states=sum(len(point.states) for point in points),
            distinct=len({state for point in points for state in point.states}),
            most=max(len(point.states) for point in points),
            violations=[violation for point in points for violation in self.violations(point)],
        )

    def violations(self, point: Point) -> Iterator[Violation]:
        """What is wrong at one moment, as far as its states are known."""
        for state in sorted(point.states):
            if self.outcomes.get(state, "") not in {"", *point.allowed}:
                yield Violation(point.step, point.text, state, self.outcomes[state])

    def first_violation(self, dropped: Set[int]) -> Violation | None:
        """A violation of the recording without some of its syncs; None when there is none, or none within PATIENCE.

        Some states of every moment are looked at first: what is missing usually shows in many of them.
        """
        dice = random.Random(len(dropped))  # noqa: S311
        some = self.points(dropped, lambda disk: (disk.sample(dice) for _ in range(SAMPLES)))
        return self._violation_in(some) or self._violation_in(self.points(dropped))

    def _violation_in(self, points: Iterator[Point]) -> Violation | None:
        known = len(self.outcomes)
        while len(self.outcomes) < known + PATIENCE:
            batch: list[Point] = []
            while len({state for point in batch for state in point.states} - self.outcomes.keys()) < BATCH:
                point = next(points, None)
                if point is None:
                    break
                batch.append(point)
            if not batch:
                return None
            self.learn({state for point in batch for state in sorted(point.states)[:PATIENCE]})
            for point in batch:
                for violation in self.violations(point):
                    return violation
        return None

    def learn(self, states: Iterable[int]) -> None:
        """Judges the states that were not judged yet, side by side."""
        todo = sorted(set(states) - self.outcomes.keys())
        if len(todo) < 32 or WORKERS == 1:
            self.outcomes.update(_judge_all(self.forest, self.judge, todo))
            return
        _inherited["exploration"] = self
        parts = [todo[number :: WORKERS * 4] for number in range(WORKERS * 4)]
        with ProcessPoolExecutor(WORKERS, multiprocessing.get_context("fork")) as pool:
            for outcomes, memory in pool.map(_judge_part, parts):
                self.outcomes.update(outcomes)
                self.memory.update(memory)

    def syncs(self) -> dict[int, Step]:
        """The steps that sync something, by index."""
        return {
            index: step
            for index, step in enumerate(self.recording.steps)
            if any(isinstance(operation, Sync) for operation in step.operations)
        }

    def explain(self, violation: Violation) -> str:
        """A violation in words: the moment, what is wrong, and how the disk differed from the one without a cut."""
        disk = self.recording.disk(self.forest)
        for step in self.recording.steps[: violation.step]:
            for operation in step.operations:
                disk.do(operation)
        meant, found = self.forest.flat(disk.live()), self.forest.flat(violation.state)
        different = [
            f"    {name}: {found.get(name, 'missing')[:160]} (was {meant.get(name, 'missing')[:160]})"
            for name in sorted(meant.keys() | found.keys())
            if meant.get(name) != found.get(name)
        ]
        head = f"cut after step {violation.step} ({violation.text}): {violation.outcome}"
        return "\n".join([head, "  the disk, where it differs from what was written:", *different[:40]])


_inherited: dict[str, Exploration] = {}
"""What forked workers work on. They inherit it: a forest is large, and a judge need not be sendable."""


def _judge_part(states: list[int]) -> tuple[dict[int, str], dict[bytes, str]]:
    exploration = _inherited["exploration"]
    known = set(exploration.memory)
    outcomes = _judge_all(exploration.forest, exploration.judge, states)
    return outcomes, {key: words for key, words in exploration.memory.items() if key not in known}


def _judge_all(forest: Forest, judge: Judge, states: Iterable[int]) -> dict[int, str]:
    place = scratch("replay")
    try:
        return {state: _judge_one(forest, judge, state, place + "/root") for state in states}
    finally:
        shutil.rmtree(place)


def _judge_one(forest: Forest, judge: Judge, state: int, place: str) -> str:
    forest.plant(state, place)
    try:
        return judge(place)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(place)
