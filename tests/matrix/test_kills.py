"""Real SIGKILL at every boundary, then a restart: one panel effect, one ledger effect, the same answer.

A boundary is the moment before or after a commit, or before or after a request to the panel. A clean run
counts them; then one process is killed at each. The reseller dialect has a file of its own, so that
two workers share the time.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from panelbridge.contract.capabilities import Verb
from tests.matrix.backends import BACKENDS, REFERENCE_ADD, REFERENCE_SET, XUI_ADMIN
from tests.matrix.conftest import FillCell
from tests.matrix.events import KILLED
from tests.matrix.killing import survive_every_kill
from tests.matrix.mortals import Mortals
from tests.matrix.stage import Stage

HERE = tuple(one for one in (REFERENCE_ADD, REFERENCE_SET, XUI_ADMIN) if one in BACKENDS)


@pytest.mark.parametrize("stage", HERE, ids=lambda item: item.name, indirect=True)
@pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)
def test_killed_at_every_boundary(
    stage: Stage,
    verb: Verb,
    mortal_processes: Mortals,
    fill_cell: FillCell,
    record_property: Callable[[str, object], None],
) -> None:
    fill_cell(stage, verb, KILLED)
    boundaries = survive_every_kill(stage, verb, mortal_processes)
    record_property("note", str(len(boundaries)))
