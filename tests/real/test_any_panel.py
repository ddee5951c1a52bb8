"""The opt-in lane: a real panel of yours, and the proof on a practice panel that the lane itself can fail."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from panelbridge.testing.practice import Fault, PracticeProcess
from panelbridge.testing.scorecard import Finding, Mark
from tests.real.any_panel import HOW, PREFIX, named_in, tried


def failures(findings: list[Finding]) -> list[str]:
    return [f"{one.name}: {one.message}" for one in findings if one.mark is Mark.FAILED]


@pytest.mark.skipif(named_in(os.environ) is None, reason=HOW)
def test_one_account_lives_on_the_real_panel_and_is_gone() -> None:
    panel = named_in(os.environ)
    assert panel is not None
    findings = tried(panel)
    print("\n".join(f"{one.mark.value:>15}  {one.name}: {one.message}" for one in findings))
    assert failures(findings) == []


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[PracticeProcess]:
    """One that takes five writes a second and asks to wait for the sixth."""
    options = {"spec": "modoboa", "throttled": "yes"}
    with PracticeProcess("declarative", books=tmp_path / "books.sqlite", options=options) as process:
        yield process


def environment(practice: PracticeProcess, folder: Path) -> dict[str, str]:
    file = folder / "panel.json"
    file.write_text(json.dumps(practice.settings))
    told = {"BACKEND": "declarative", "SETTINGS": str(file), "PACKAGE": "1gib", "OTHER_PACKAGE": "10gib"}
    return {f"{PREFIX}{name}": value for name, value in told.items()}


def test_the_lane_tries_a_panel_that_the_environment_names(practice: PracticeProcess, tmp_path: Path) -> None:
    panel = named_in(environment(practice, tmp_path))
    assert panel is not None

    findings = {one.name: one.mark for one in tried(panel)}

    assert Mark.FAILED not in findings.values()
    assert {name for name, mark in findings.items() if mark is Mark.NOT_APPLICABLE} == {"extend"}
    assert practice.control.books()["accounts"] == {}
    assert practice.control.books()["counts"]["create"] == 1


def test_the_lane_is_red_for_a_panel_that_lies(practice: PracticeProcess, tmp_path: Path) -> None:
    panel = named_in(environment(practice, tmp_path))
    assert panel is not None
    practice.control.set_fault(Fault.SUCCESS_BUT_NOTHING, "suspend", times=None)

    assert [told.partition(":")[0] for told in failures(tried(panel))] == ["suspend"]
    assert practice.control.books()["accounts"] == {}


def test_without_a_panel_there_is_nothing_to_try() -> None:
    assert named_in({}) is None
    assert named_in({f"{PREFIX}BACKEND": "xui"}) is None
