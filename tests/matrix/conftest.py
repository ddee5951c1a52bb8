"""The stage of a backend, once a module, and the cell that a test fills."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from panelbridge.contract.capabilities import Verb
from tests.matrix.backends import Backend
from tests.matrix.mortals import Mortals, mortals
from tests.matrix.stage import Stage, stage_in

FillCell = Callable[[Stage, Verb, str], None]


@pytest.fixture(scope="module")
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    backend: Backend = request.param
    with stage_in(tmp_path_factory.mktemp("matrix"), backend, attempt=1.5, lookup=1.5) as made:
        yield made


@pytest.fixture(scope="module")
def mortal_processes() -> Iterator[Mortals]:
    with mortals() as made:
        yield made


@pytest.fixture
def fill_cell(record_property: Callable[[str, object], None]) -> FillCell:
    """Says which cell of the matrix the test is; ``tests.support.matrix_report`` prints them."""

    def fill(stage: Stage, verb: Verb, event: str) -> None:
        record_property("cell", [stage.backend.name, verb.value, event])

    return fill
