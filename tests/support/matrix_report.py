"""pytest plugin: prints the matrix verbs x backends x events, and fails a whole run that left a cell out.

It lives here and not beside the matrix, because under xdist the process that prints collects no tests itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import pytest

_FOLDER = Path(__file__).parents[1] / "matrix"
_NARROWING = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "last_failed", "maxfail")

Cell = tuple[str, str, str]  # backend, verb, event


class Matrix:
    """The cells as their tests tell: ``ok``, with a note where a test gave one, or ``FAIL``."""

    def __init__(self) -> None:
        self._told: dict[Cell, str] = {}

    @cached_property
    def _expected(self) -> list[Cell]:
        from tests.matrix.events import all_cells  # only a run of the matrix loads what it is about

        return all_cells()

    def note(self, report: pytest.TestReport) -> None:
        told = dict(report.user_properties)
        cell = told.get("cell")
        if report.when != "call" or not isinstance(cell, list):
            return
        backend, verb, event = cell
        note = told.get("note")
        good = f"ok ({note})" if note else "ok"
        self._told[backend, verb, event] = good if report.passed else "FAIL"

    def missing(self) -> list[Cell]:
        return [cell for cell in self._expected if cell not in self._told]

    def empty(self) -> bool:
        return not self._told

    def counts(self) -> str:
        good = sum(text.startswith("ok") for text in self._told.values())
        notes = (text.removeprefix("ok (").removesuffix(")") for text in self._told.values() if "(" in text)
        return (
            f"{good} of {len(self._expected)} cells ok, {len(self.missing())} missing; "
            f"{sum(map(int, notes))} processes killed, one at each boundary"
        )

    def lines(self, not_run: str) -> Iterable[str]:
        """The table; a dot is a cell that does not exist."""
        expected = set(self._expected)
        events = list(dict.fromkeys(event for _, _, event in self._expected))
        rows = list(dict.fromkeys((backend, verb) for backend, verb, _ in self._expected))
        for number, event in enumerate(events, start=1):
            yield f"  {number:2} = {event}"
        yield ""
        yield f"{'':62}" + "".join(f"{number:<9}" for number in range(1, len(events) + 1))
        for backend, verb in rows:
            texts = [
                self._told.get((backend, verb, event), not_run) if (backend, verb, event) in expected else "."
                for event in events
            ]
            yield f"{backend:43}{verb:19}" + "".join(f"{text:<9}" for text in texts)


def asks_for_all(config: pytest.Config) -> bool:
    """Whether the run was to include every test of the matrix."""
    if any(config.getoption(name, default=None) for name in _NARROWING):
        return False
    paths = [(config.invocation_params.dir / argument.split("::")[0]).resolve() for argument in config.args]
    whole = [path for path, argument in zip(paths, config.args, strict=True) if "::" not in argument]
    return any(path == _FOLDER or path in _FOLDER.parents for path in whole)


class _Reporter:
    def __init__(self, config: pytest.Config) -> None:
        self._whole = asks_for_all(config)
        self._matrix = Matrix()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._matrix.note(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._whole and self._matrix.missing() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._matrix.empty() and not self._whole:
            return
        terminalreporter.section("matrix: one panel effect, one ledger effect, the same answer")
        for line in self._matrix.lines("MISSING" if self._whole else "-"):
            terminalreporter.line(line)
        terminalreporter.line(self._matrix.counts())
        if self._whole:
            for cell in self._matrix.missing():
                terminalreporter.line(f"MISSING: {', '.join(cell)}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    collects_only = config.getoption("collectonly", default=False)
    if not hasattr(config, "workerinput") and not collects_only:
        config.pluginmanager.register(_Reporter(config), "matrix-report")
