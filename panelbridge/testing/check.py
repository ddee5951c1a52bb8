"""``python -m panelbridge.testing.check BACKEND``: the whole suite against a practice panel, as a score card.

Needs pytest and hypothesis. Exits 0 when everything is green, 1 when something failed, 2 when it could not be
tried. ``panelbridge check`` is the same with a nicer card.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from panelbridge.contract.exceptions import AdapterLoadError
from panelbridge.testing.practice import practice_class
from panelbridge.testing.scorecard import Finding, Mark, ScoreCard, part_of

if TYPE_CHECKING:
    import pytest

NEEDED = ("pytest", "hypothesis")
_FILE = """
from panelbridge.testing import conformance
from panelbridge.testing.conformance.suites import *

subject = conformance.subject_of({backend!r}, {setups!r})
"""


class CannotCheck(Exception):
    """The suite cannot be run; the message says what to do."""


class _Notes:
    """A pytest plugin that keeps how every test ended."""

    def __init__(self) -> None:
        self.findings: dict[str, list[Finding]] = {}
        self.broken: list[str] = []
        self._setups: dict[str, str] = {}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(str(report.longrepr))

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        self._setups = {item.nodeid: str(item.callspec.params["subject"]) for item in items}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.passed:
            return
        mark = {"passed": Mark.PASSED, "skipped": Mark.NOT_APPLICABLE}.get(report.outcome, Mark.FAILED)
        _, part, name = report.nodeid.split("::", 2)
        setup = self._setups[report.nodeid]
        name = name.removesuffix(f"[{setup}]").replace(f"[{setup}-", "[")
        finding = Finding(part=part_of(part), name=name, mark=mark, message=_reported(report))
        self.findings.setdefault(setup, []).append(finding)


def missing() -> list[str]:
    """What has to be installed first."""
    return [name for name in NEEDED if find_spec(name) is None]


def setups_of(backend: str, chosen: str | None) -> list[str]:
    """Set-ups to run. Raises ``CannotCheck`` and ``AdapterLoadError``."""
    try:
        known = list(practice_class(backend).setups)
    except (ImportError, AttributeError) as error:
        raise CannotCheck(f"backend {backend!r} ships no practice panel: {error}") from error
    if not known:
        raise CannotCheck(f"the practice panel of {backend!r} names no set-up: give its class `setups`")
    if chosen is not None and chosen not in known:
        raise CannotCheck(f"{backend!r} has no set-up {chosen!r}; there are: {', '.join(known)}")
    return known if chosen is None else [chosen]


def run_suite(backend: str, setups: Sequence[str], parts: Iterable[str] = ()) -> list[ScoreCard]:
    """One card a set-up. Raises ``CannotCheck``."""
    if missing():
        raise CannotCheck(f"the suite needs {' and '.join(missing())}: pip install {' '.join(NEEDED)}")
    import pytest

    wanted = _classes(parts)
    for setup in setups:
        _try_start(backend, setup)
    notes = _Notes()
    with TemporaryDirectory(prefix="panelbridge-check-") as room, redirect_stdout(sys.stderr):
        # A name of its own: pytest takes a module it has imported before, in this very process, for the same.
        file = Path(room) / f"test_of_{Path(room).name.replace('-', '_')}.py"
        file.write_text(_FILE.format(backend=backend, setups=list(setups)))
        (Path(room) / "pytest.ini").write_text("[pytest]\n")
        words = [
            str(file),
            "--rootdir",
            room,
            "-c",
            str(Path(room) / "pytest.ini"),
            "--import-mode=importlib",
        ]
        words += ["-p", "panelbridge.testing.plugin", "-p", "no:cacheprovider", "-p", "no:terminal"]
        words += ["-k", " or ".join(wanted)] if wanted else []
        pytest.main(words, plugins=[notes])
    if notes.broken or not notes.findings:
        raise CannotCheck("\n".join(notes.broken) or "no test of the suite was found")
    return [
        ScoreCard(backend=backend, setup=setup, findings=tuple(notes.findings[setup])) for setup in setups
    ]


def _try_start(backend: str, setup: str) -> None:
    """Once before hundreds of tests need it. Raises ``CannotCheck`` saying why the panel did not start."""
    from panelbridge.testing.conformance.subject import panel_under_test

    try:
        with (
            TemporaryDirectory(prefix="panelbridge-check-") as room,
            panel_under_test(backend, Path(room), setup=setup),
        ):
            return
    except Exception as error:  # noqa: BLE001 - whatever its author's code raises is shown, and nothing is run
        why = f"{type(error).__name__}: {error}" if not isinstance(error, RuntimeError) else str(error)
    raise CannotCheck(f"{backend!r} cannot be tried in set-up {setup!r}: {why}")


def _classes(parts: Iterable[str]) -> list[str]:
    """Test classes of ``parts``. Raises ``CannotCheck`` naming those there are."""
    from panelbridge.testing.conformance import suites

    known = {part_of(name): name for name in sorted(vars(suites)) if name.startswith("Test")}
    for part in parts:
        if part.lower() not in known:
            raise CannotCheck(f"the suite has no part {part!r}; there are: {', '.join(known)}")
    return [known[part.lower()] for part in parts]


def _reported(report: pytest.TestReport) -> str:
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        return reason.partition(": ")[2] or reason
    if report.passed:
        return ""
    crash = getattr(report.longrepr, "reprcrash", None)
    lines = str(crash.message if crash is not None else report.longrepr).strip().splitlines()
    return lines[0] if lines else "no message"


def card_text(card: ScoreCard) -> str:
    """The card for a person."""
    lines = [f"{card.backend}, set-up {card.setup}"]
    for line in (*card.lines(), card.total()):
        counts = f"{line.passed:>5} passed {line.not_applicable:>4} n/a {line.failed:>4} failed"
        reasons = "; ".join(line.reasons) if line.mark is Mark.NOT_APPLICABLE else ""
        lines.append(f"  {line.part:<18}{counts}   {reasons}".rstrip())
    lines += [f"  FAILED {one.part}: {one.name}\n         {one.message}" for one in card.failures]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="panelbridge.testing.check", description=__doc__)
    parser.add_argument("backend", help="name of an installed backend")
    parser.add_argument("--setup", help="one set-up of its practice panel; without it all of them")
    parser.add_argument("--part", action="append", default=[], help="only this part of the suite")
    parser.add_argument("--json", action="store_true", help="one JSON document, findings included")
    chosen = parser.parse_args(arguments)
    try:
        cards = run_suite(chosen.backend, setups_of(chosen.backend, chosen.setup), chosen.part)
    except (CannotCheck, AdapterLoadError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if chosen.json:
        documents = [
            {"backend": card.backend, "setup": card.setup, "findings": [vars(one) for one in card.findings]}
            for card in cards
        ]
        sys.stdout.write(json.dumps(documents) + "\n")
    else:
        sys.stdout.write("\n\n".join(map(card_text, cards)) + "\n")
    return 0 if all(card.green for card in cards) else 1


if __name__ == "__main__":
    sys.exit(main())
