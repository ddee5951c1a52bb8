"""A panel package that gives another length than was sold: the account stands, and a person is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from panelbridge.contract.models import Outcome
from tests.support.ready import PracticeHere
from tests.support.rig import rig_in


@pytest.mark.parametrize(
    ("term", "package", "attention"),
    [("1m", "1", []), ("3m", "1", ["length_differs"]), ("1m", "12", ["length_differs"]), ("12m", "12", [])],
)
def test_a_package_of_another_length_than_the_term_is_put_before_a_person(
    tmp_path: Path, term: str, package: str, attention: list[str]
) -> None:
    with (
        PracticeHere("xui", books=tmp_path / "panel.sqlite", options={"credits": "1000"}) as practice,
        rig_in(tmp_path / "bridge") as rig,
    ):
        panel = rig.add_panel("main", "xui", practice.settings)
        rig.add_plan("gold", panel, {term: (package, "1")})
        rig.top_up("100")

        made = rig.provisioner.submit(rig.create(term=term))

        assert made.operation.outcome is Outcome.DONE
        assert rig.attention() == attention
