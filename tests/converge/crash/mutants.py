"""Every fsync of a program taken away, one place in its text after the other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from explore import Exploration
from recorder import Step


class Site(NamedTuple):
    """A call in the program's text that syncs something."""

    file: str
    first: int
    last: int
    """lines"""
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.first} {self.text}"

    def made(self, step: Step) -> bool:
        """Whether a step came of this call."""
        return any(frame.file == self.file and self.first <= frame.line <= self.last for frame in step.frames)


def sites(package: Path) -> Iterator[Site]:
    """Calls of fsync, fdatasync and sync, and of the functions that the program has for that, by their names."""
    for file in sorted(package.glob("**/*.py")):
        text = file.read_text()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and "sync" in _called(node):
                words = " ".join((ast.get_source_segment(text, node) or "").split())
                yield Site(str(file.relative_to(package)), node.lineno, node.end_lineno or node.lineno, words)


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def noticed(exploration: Exploration, site: Site) -> str | None:
    """What goes wrong when a site does nothing; "" when nothing does, None when the recording never gets there."""
    dropped = {index for index, step in exploration.syncs().items() if site.made(step)}
    if not dropped:
        return None
    violation = exploration.first_violation(dropped)
    return f"cut after {violation.text}: {violation.outcome}" if violation else ""


def stacks(exploration: Exploration) -> dict[str, set[int]]:
    """The steps that sync, by the whole way that led to them: finer than by site."""
    found: dict[str, set[int]] = {}
    for index, step in exploration.syncs().items():
        way = " < ".join(f"{frame.file}:{frame.line} {frame.function}" for frame in step.frames)
        found.setdefault(way, set()).add(index)
    return found
