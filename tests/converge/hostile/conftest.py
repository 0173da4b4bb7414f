"""How much there was, at the end of the run."""

from __future__ import annotations

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Adds up what the tests counted."""
    counted = [entry for report in terminalreporter.getreports("passed") for entry in report.user_properties]
    for name, words in (("inputs", "hostile inputs"), ("judged", "documents judged twice")):
        terminalreporter.write_line(f"{sum(value for key, value in counted if key == name)} {words}")
