"""``@pytest.mark.does("S2-03")``: the test shows this line of ``tests/operator_work.tsv`` from outside."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

LINES = Path(__file__).parents[1] / "operator_work.tsv"


@cache
def texts() -> Mapping[str, str]:
    """What operators and their customers do, by id."""
    return dict(line.split("\t", 1) for line in LINES.read_text().splitlines())


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "does(*ids): what an operator does, by its id in operator_work.tsv")


def pytest_itemcollected(item: pytest.Item) -> None:
    """An id that is no line of the file is a fault of the test."""
    for mark in item.iter_markers("does"):
        unknown = [one for one in mark.args if one not in texts()]
        if unknown or not mark.args:
            raise pytest.UsageError(f"{item.nodeid}: no line of {LINES.name} has the id {unknown}")
