"""A rig over a practice panel of the reference backend, once per test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from panelbridge.testing.practice import PracticeProcess
from tests.support.ready import PracticeHere
from tests.support.rig import Rig, rig_in


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[PracticeProcess]:
    with PracticeHere("reference", books=tmp_path / "panel.sqlite") as panel:
        yield panel


@pytest.fixture
def rig(tmp_path: Path, practice: PracticeProcess) -> Iterator[Rig]:
    with rig_in(tmp_path / "bridge", attempt=3.0, lookup=2.0, budget=3.0) as made:
        panel = made.add_panel("main", "reference", {**practice.settings, "late_commit": 5.0})
        made.add_plan("gold", panel, {"1m": ("basic-1m", "1"), "12m": ("basic-12m", "10")})
        made.add_plan("family", panel, {"1m": ("family-1m", "3")})
        made.top_up("100")
        yield made
