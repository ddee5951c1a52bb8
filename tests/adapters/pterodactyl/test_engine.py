"""Through the engine: an installation that failed goes before a person once, and his retry settles it."""

from __future__ import annotations

from pathlib import Path

from panelbridge.contract.capabilities import OrderFact
from panelbridge.contract.models import Outcome
from panelbridge.provisioning import OperationState
from panelbridge.testing.practice import PracticeServer
from panelbridge_pterodactyl.practice import PRACTICE
from tests.support.ready import PracticeHere
from tests.support.rig import rig_in


def test_a_failed_installation_waits_for_a_person_and_is_charged_once(tmp_path: Path) -> None:
    setup = next(iter(PRACTICE.setups.values()))
    with (
        PracticeHere("pterodactyl", books=tmp_path / "panel.sqlite", options=setup.practice_options) as panel,
        rig_in(tmp_path / "bridge", attempt=3.0, lookup=2.0, budget=3.0) as rig,
    ):
        record = rig.add_panel("main", "pterodactyl", {**panel.settings, **setup.settings})
        rig.add_plan("gold", record, {"1m": (setup.package, "1")})
        rig.top_up("100")
        panel.control.act("set", installs_that_fail=1)

        rig.provisioner.submit(rig.create(facts={OrderFact.EMAIL: "maria@shop.example"}))

        (operation,) = rig.operations()
        assert (operation.state, operation.code) == (OperationState.ATTENTION, "install_failed")
        assert rig.attention() == ["install_failed"]
        assert str(rig.wallet().held) == "1"

        (name,) = panel.control.books()["accounts"]
        panel.control.act("edit", username=name, server={"status": None})  # the owner reinstalled it
        rig.provisioner.retry(operation.id, actor="admin:1")
        rig.settle_all()

        assert rig.operations()[0].state is OperationState.DONE
        assert panel.control.books()["counts"]["create"] == 1
        assert (str(rig.wallet().held), str(rig.wallet().balance), rig.attention()) == ("0", "99", [])


def test_a_job_that_does_not_end_is_kept_and_never_told_as_refused(tmp_path: Path) -> None:
    """Its hold stays, nothing is made twice, and it is done when the panel goes on."""
    setup = next(iter(PRACTICE.setups.values()))
    practice = PRACTICE(tmp_path / "panel.sqlite", dict(setup.practice_options))
    with (
        PracticeServer(practice) as panel,
        rig_in(tmp_path / "bridge", attempt=1.5, lookup=1.0, budget=1.5) as rig,
    ):
        rig.add_plan(
            "gold", rig.add_panel("main", "pterodactyl", panel.settings), {"1m": (setup.package, "1")}
        )
        rig.top_up("100")
        practice.act("queue", {"on": True})

        rig.provisioner.submit(rig.create(facts={OrderFact.EMAIL: "maria@shop.example"}))
        rig.settle_all(rounds=3)

        (operation,) = rig.operations()
        assert (operation.state, operation.outcome) == (OperationState.SENT, Outcome.UNKNOWN)
        assert (str(rig.wallet().held), str(rig.wallet().balance)) == ("1", "100")

        practice.act("queue", {"on": False})
        with practice.books.writing() as db:  # the queue takes up what it had
            db.execute("UPDATE servers SET reads = 1")
        rig.settle_all()

        assert rig.operations()[0].state is OperationState.DONE
        assert practice.snapshot()["counts"]["create"] == 1
        assert (str(rig.wallet().held), str(rig.wallet().balance)) == ("0", "99")
