"""Runs of converge.py that are recorded, and what has to be true of the machine when they were cut off."""

from __future__ import annotations

import contextlib
import copy
import itertools
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from explore import Exploration, scratch
from forest import Forest
from looks import HALF, STATE, View, left_behind, lines, unlike
from machines import Box, CrashSystem, Memory, cut_off, make_system
from recorder import Killed, Recorder, Recording

from converge_support import PROGRAM, converge


class Run(NamedTuple):
    """One run of converge.py. One that is not `done` leaves the old version in force."""

    verb: str
    document: bytes = b""
    ends: str = "done"
    """done, armed, failed, or killed"""
    halves: frozenset[str] = frozenset()
    """groups that may be between old and new while it goes on, if the machine's record says so"""
    kill: str = ""
    """it is killed before the first step whose text begins like this"""


class Scenario:
    """A machine, the runs that are recorded, and what is looked at afterwards."""

    reads: Mapping[str, Sequence[str]] = {}
    """unit → paths whose texts it takes at its start; of these it is looked at whether they run"""
    runs: Sequence[Run] = ()
    since = ""
    """It is cut off from the first step on whose text begins like this: what is before is cut off in another one."""
    settled = False
    """The old version is what the last run leads to: it goes on with what was cut off before the recording."""
    tidy = True
    """Recovery takes away what is temporary; otherwise the next run does."""
    main = ""
    """Group whose version says which units have to run after a kill; "" when that is not looked at."""

    def prepare(self, box: Box) -> None:
        """Brings the machine into the state from which the recording starts."""

    def equip(self, system: CrashSystem) -> None:
        """Sets up how commands answer."""

    @contextlib.contextmanager
    def world(self) -> Iterator[None]:
        """What is otherwise than usual around the machine."""
        yield

    def view(self, root: Path) -> View:
        """What the machine is in."""
        raise NotImplementedError

    def extra(self, root: Path) -> Mapping[str, str]:
        """What need not go back, and has to be there in the end."""
        del root
        return {}

    def recover(self, box: Box, boot: bool) -> None:
        """What the machine does by itself, when it boots or when a run was killed."""
        box.run("recover boot" if boot else "recover")

    def follow(self, box: Box) -> str:
        """What the next `up` does; says what is wrong with that."""
        for run in self.runs:
            go(box, run)
        for run in self.runs:
            said = box.run(run.verb, run.document) if run.ends in ("done", "armed") else ["unchanged"]
            if said[0] != "unchanged":
                return f"; and {run.verb} says once more: {said[0]}"
        return ""


def go(box: Box, run: Run) -> str:
    """How a run ends."""
    try:
        box.run(run.verb, run.document)
    except converge.Armed:
        return "armed"
    except converge.Failed as failure:
        return "failed" if run.ends == "failed" else f"failed: {failure}"
    except Killed:
        return "killed"
    return "done"


class Trial:
    """A scenario that was recorded, to be cut off at every step."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.place = scratch("scenario")
        self.root = Path(self.place)
        make_system(self.root)
        box = self._box(self.place, Memory({}, frozenset(), "boot-1"))
        box.system.boot()
        with scenario.world():
            scenario.prepare(box)
            if scenario.settled:
                box = self._box(self.place, cut_off("boot-2"))
            self.moments = [self._view(self.root)]
            self.running = [self._runs_of(box.system.remember())]
            self.logged = [(len(lines(self.root)),) * 2]
            """fewest and most lines of the log at each moment"""
            self.ends: list[int] = []
            self.recording = self._record(box)
        self.recording.verify()
        if scenario.settled:
            self.moments = self.moments[-1:] * len(self.moments)
        self.extra = dict(scenario.extra(self.root))
        self.log = lines(self.root)
        self._known: dict[bytes, str] = {}
        """recovered disk → what came of it"""
        self._forest = Forest()

    def _box(self, place: str, memory: Memory) -> Box:
        box = Box(place, self.scenario.reads, memory)
        self.scenario.equip(box.system)
        return box

    def _record(self, box: Box) -> Recording:
        recorder = Recorder(self.place, str(PROGRAM / "converge"), unread=[f"{STATE}/lock"])
        box.system.changed = lambda text: recorder.note(text, box.system.remember())
        recorder.note("start", box.system.remember())
        for run in self.scenario.runs:
            recorder.kill = run.kill
            with recorder, self.scenario.world():
                end = go(box, run)
            assert end == run.ends, f"{run.verb} ended {end}, not {run.ends}"
            self.ends.append(len(recorder.recording.steps))
            self.moments.append(self._view(self.root) if end == "done" else self.moments[-1])
            self.running.append(self._runs_of(box.system.remember()) if end == "done" else self.running[-1])
            most = len(lines(self.root))
            self.logged.append((self.logged[-1][0] if end == "killed" else most, most))
        return recorder.recording

    def close(self) -> None:
        """Takes the machine away."""
        shutil.rmtree(self.place)

    def _view(self, root: Path) -> dict[str, dict[str, str]]:
        return {group: dict(things) for group, things in self.scenario.view(root).items()}

    def _runs_of(self, memory: Memory) -> dict[str, dict[str, str]]:
        return {unit: texts for unit, texts in memory.running.items() if unit in self.scenario.reads}

    def allowed(self, step: int) -> frozenset[str]:
        """Outcomes that are right for a cut after so many steps: while a run goes on, each group is old or new."""
        done = sum(1 for end in self.ends if end <= step)
        running = step > ([0, *self.ends])[done] and done < len(self.scenario.runs)
        moments = self.moments[done : done + 2] if running else [self.moments[done]]
        halves = self.scenario.runs[done].halves if running else frozenset()
        groups = []
        for group in self.moments[0]:
            found = [moment[group] for moment in moments] + ([HALF] if group in halves else [])
            groups.append(list(dict.fromkeys(f"{group} {self._version(group, things)}" for things in found)))
        most = self.logged[done + 1][1] if running else self.logged[-1 if self.scenario.settled else done][1]
        groups.append([f"log {number}" for number in range(self.logged[done][0], most + 1)])
        return frozenset(", ".join(combination) for combination in itertools.product(*groups))

    def _version(self, group: str, found: Mapping[str, str]) -> str:
        """Number of the first moment at which a group was as it is found, or where it differs from the nearest one."""
        if found == HALF:
            return "half"
        differs = [unlike({"": found}, {"": moment[group]}) for moment in self.moments]
        nearest = min(range(len(differs)), key=lambda number: len(differs[number]))
        return str(nearest) if not differs[nearest] else f"a mixture: {nearest}, but{differs[nearest]}"

    def exploration(self) -> Exploration:
        """All cuts of the power."""
        since = self.scenario.since
        first = next(number for number, step in enumerate(self.recording.steps, 1) if step.text.startswith(since))
        return Exploration(self.recording, self.judge, self.allowed, self._known, first if since else 0)

    def judge(self, place: str) -> str:
        """Boots a machine after a cut: recovers, looks, recovers again, and goes on with the next runs."""
        with self.scenario.world():
            self.scenario.recover(self._box(place, cut_off("boot-3")), True)
            recovered = self._read(place)
            key = self._forest.digest(recovered)
            if key not in self._known:
                self._known[key] = self._look(place)[0] + self._follow(place, recovered)
        return self._known[key]

    def kills(self) -> dict[int, str]:
        """What is wrong when the run is killed after a step, by its number: disk and memory are as they were then."""
        forest, wrong = Forest(), {}
        disk, memory = self.recording.disk(forest), self.recording.steps[0].note
        for number, step in enumerate(self.recording.steps, 1):
            for operation in step.operations:
                disk.do(operation)
            memory = step.note or memory
            place = scratch("kill")
            forest.plant(disk.live(), place + "/root")
            outcome = self._judge_kill(place + "/root", copy.deepcopy(memory))
            if outcome not in self.allowed(number):
                wrong[number] = f"killed after {step.text}: {outcome}"
            shutil.rmtree(place)
        return wrong

    def _judge_kill(self, place: str, memory: Memory) -> str:
        box = self._box(place, memory)
        with self.scenario.world():
            self.scenario.recover(box, False)
            outcome, version = self._look(place)
            now = self._runs_of(box.system.remember())
            if version.isdigit() and now != self.running[int(version)]:
                outcome += f"; running: {unlike(now, self.running[int(version)])}"
            return outcome + self._finish(box)

    def _look(self, place: str) -> tuple[str, str]:
        """What a recovered machine is in, and the version of its main group."""
        root = Path(place)
        view = self._view(root)
        versions = {group: self._version(group, view[group]) for group in view}
        there = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(self.log, lines(root))))
        outcome = ", ".join(f"{group} {version}" for group, version in {**versions, "log": there}.items())
        if any(version.isdigit() and self.logged[int(version)][0] > there for version in versions.values()):
            outcome += "; a change without its line in the log"
        if self.scenario.tidy and HALF not in view.values():
            outcome += left_behind(root)
        return outcome, versions.get(self.scenario.main, "")

    def _read(self, place: str) -> int:
        """Number of the machine's disk, without the lock file, whose text names a process."""
        with contextlib.suppress(FileNotFoundError), open(f"{place}/{STATE}/lock", "r+b") as lock:
            lock.truncate(0)
        return self._forest.read(place)

    def _follow(self, place: str, recovered: int) -> str:
        """What is wrong with a recovered machine, "" when nothing is."""
        box = self._box(place, cut_off("boot-4"))
        self.scenario.recover(box, True)
        again = self._read(place)
        if again != recovered:
            first, second = self._forest.flat(recovered), self._forest.flat(again)
            names = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
            return f"; a second recovery changes {names}"
        box.system.boot()
        return self._finish(box)

    def _finish(self, box: Box) -> str:
        words = self.scenario.follow(box)
        final = {**self._view(box.root), "extra": dict(self.scenario.extra(box.root))}
        wanted = {**self.moments[-1], "extra": self.extra}
        if final != wanted:
            words += f"; the next runs lead to {unlike(final, wanted)}"
        return words + left_behind(box.root)
