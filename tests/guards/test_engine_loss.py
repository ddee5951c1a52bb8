"""Purchases under way, some with their reply lost, while every table of the job engine is deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from panelbridge.contract.capabilities import Verb
from panelbridge.jobs import JobRunner
from panelbridge.jobs.tables import table_names
from panelbridge.ledger import Credits
from panelbridge.provisioning import OperationState
from tests.jobs.conftest import until
from tests.jobs.fake_journal import change_engine_tables
from tests.matrix.backends import REFERENCE_ADD, XUI_RESELLER, Backend
from tests.matrix.commands import COMMANDS
from tests.matrix.stage import stage_in

RENEWALS = 8


@pytest.mark.parametrize("statement", ["DROP TABLE", "DELETE FROM"])
@pytest.mark.parametrize("backend", [REFERENCE_ADD, XUI_RESELLER], ids=lambda item: item.name)
def test_losing_the_engine_in_mid_flight_buys_each_renewal_once(
    backend: Backend, statement: str, tmp_path: Path
) -> None:
    with stage_in(tmp_path, backend, attempt=4.0, lookup=4.0, backoff=0.2) as stage:
        services = [stage.fresh_service(Verb.EXTEND) for _ in range(RENEWALS)]
        before = stage.books()
        stage.practice.control.set_fault("cut_after_commit", "extend", times=3, skip=1)
        stage.practice.control.set_latency(0.2, "extend")
        runner = JobRunner(
            stage.rig.database.engine_for_jobs(),
            due=lambda: stage.rig.provisioner.due(1000),
            settle=stage.rig.provisioner.pursue,
        )
        runner.start()
        try:
            for service in services:
                stage.rig.provisioner.submit(COMMANDS[Verb.EXTEND](stage.rig, service), budget=0.0)
            assert until(lambda: runner.running() > 0)
            change_engine_tables(stage.rig.database.engine_for_jobs(), statement, table_names())
            assert until(lambda: all(item.settled for item in stage.rig.operations()), 90)
        finally:
            runner.stop()

        renewals = [item for item in stage.rig.operations() if item.verb is Verb.EXTEND]
        assert [item.state for item in renewals] == [OperationState.DONE] * RENEWALS
        assert dict(stage.books().effects - before.effects) == {"extend": RENEWALS}
        paid = sum((item.price for item in renewals), Credits())
        assert before.balance - stage.books().balance == paid
        assert (stage.rig.wallet().held, stage.rig.attention()) == (Credits(), [])
