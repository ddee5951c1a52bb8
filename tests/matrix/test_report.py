"""A cell of the matrix that was not run is a failure of the whole run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.matrix.events import all_cells
from tests.support.matrix_report import Matrix, asks_for_all

_ROOT = Path(__file__).parents[2]


def told(cell: tuple[str, str, str], *, passed: bool = True, note: str | None = None) -> Any:
    properties: list[tuple[str, object]] = [("cell", list(cell))]
    if note is not None:
        properties.append(("note", note))
    return SimpleNamespace(when="call", passed=passed, user_properties=properties)


def test_a_cell_nobody_ran_is_named_missing() -> None:
    matrix = Matrix()
    left_out, *run = all_cells()
    for cell in run:
        matrix.note(told(cell))

    assert matrix.missing() == [left_out]
    assert sum("MISSING" in line for line in matrix.lines("MISSING")) == 1


def test_a_failed_cell_is_shown_and_a_note_stands_beside_its_cell() -> None:
    matrix = Matrix()
    first, second, *_ = all_cells()
    matrix.note(told(first, passed=False))
    matrix.note(told(second, note="12"))

    table = "\n".join(matrix.lines("-"))
    assert table.count("FAIL") == 1
    assert table.count("ok (12)") == 1


@pytest.mark.parametrize(
    ("arguments", "whole"),
    [
        ([], True),
        (["tests"], True),
        (["tests/matrix"], True),
        (["tests/matrix/test_events.py"], False),
        (["tests/ledger"], False),
        (["tests/matrix", "-k", "create"], False),
    ],
)
def test_only_a_run_of_everything_must_have_every_cell(arguments: list[str], whole: bool) -> None:
    keyword = arguments[2] if "-k" in arguments else ""
    config: Any = SimpleNamespace(
        args=arguments[:1] or ["tests"],
        invocation_params=SimpleNamespace(dir=_ROOT),
        getoption=lambda name, default=None: keyword if name == "keyword" else default,
    )
    assert asks_for_all(config) is whole
