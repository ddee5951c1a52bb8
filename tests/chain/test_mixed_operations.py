"""Mixed operations of several processes on PostgreSQL, with killed workers and a server that crashes.

0 double, 0 lost, 0 open holds: the practice panel's own books say what was done, each purchase counted.
``SOAK_MIXED_OPERATIONS`` and ``SOAK_SEED`` make it longer and different.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import threading
import time
from collections import Counter
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from panelbridge.ledger import Credits
from panelbridge.provisioning import OperationState
from panelbridge.storage.audit import verify_ledger
from panelbridge.storage.vault.sealing import Vault
from panelbridge.testing.practice import PracticeProcess
from tests.chain.mixed_worker import LIMITS, RENEW, TOP_UP, WORKERS, plan, progress_of, steps_done, work
from tests.matrix.backends import REFERENCE_ADD
from tests.support.postgres import OwnServer, own_server
from tests.support.rig import Rig, rig_in

OPERATIONS = int(os.environ.get("SOAK_MIXED_OPERATIONS", "300"))
SEED = int(os.environ.get("SOAK_SEED", "7"))
KILL_EVERY = 30  # operations
STUCK = 120.0  # seconds without a settled step: nothing moves any more
RESTARTS = max(2, OPERATIONS // 500)
OPENING = Credits.parse("1000")
_PANEL = {RENEW: "extend"}  # the panel's word


def test_mixed_operations_survive_kills_and_crashes_of_the_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        own_server() as server,
        PracticeProcess("reference", books=tmp_path / "panel.sqlite", options={"extend": "add"}) as practice,
    ):
        folder = tmp_path / "bridge"
        folder.mkdir()
        (folder / "bridge.url").write_text(server.url)
        with rig_in(folder, **LIMITS) as rig:
            panel = rig.add_panel("main", "reference", practice.settings | {"late_commit": 0.2})
            rig.add_plan("gold", panel, REFERENCE_ADD.gold)
            rig.add_plan("family", panel, REFERENCE_ADD.family)
            rig.top_up(str(OPENING), key="opening")
        kills = disturbed(folder, server, practice)
        with rig_in(folder, **LIMITS) as rig:
            rig.settle_all()
            assert_whole(rig, practice)
            vault = Vault([(folder / "key").read_bytes()])
            report = verify_ledger(rig.database, vault.chain)
    assert report.whole, report.problems
    assert kills >= OPERATIONS // KILL_EVERY - 1
    with capsys.disabled():
        print(f"\nseed {SEED}: {OPERATIONS} operations, {kills} kills, {RESTARTS} restarts of the server")


def disturbed(folder: Path, server: OwnServer, practice: PracticeProcess) -> int:
    """All workers, to the end of their plans. Returns how often one of them was killed."""
    dice, kills, restarts = random.Random(SEED), 0, 0
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.chain.mixed_worker"])

    def start(number: int) -> BaseProcess:
        process = context.Process(target=work, args=(folder, number, OPERATIONS, SEED))
        process.start()
        return process

    workers, known, stuck = [start(number) for number in range(WORKERS)], 0, time.monotonic() + STUCK
    try:
        while any(worker.exitcode != 0 for worker in workers):
            _pause()
            done = sum(steps_done(progress_of(folder, number)) for number in range(WORKERS))
            if done > known:
                known, stuck = done, time.monotonic() + STUCK
            assert time.monotonic() < stuck, f"{done} steps were settled, and then none any more"
            for number, worker in enumerate(workers):
                assert worker.exitcode in (None, 0, -9), "a worker ended by itself; its traceback is above"
                if worker.exitcode == -9:
                    workers[number] = start(number)
            if done >= KILL_EVERY * (kills + 1):
                practice.control.set_fault("cut_after_commit", dice.choice(("create", "extend")))
                kills += _kill_one(workers, dice)
            if restarts < RESTARTS and done >= OPERATIONS * (restarts + 1) // (RESTARTS + 1):
                server.restart()
                restarts += 1
    finally:
        for worker in workers:
            worker.kill()
            worker.join()
    assert restarts == RESTARTS
    return kills


def _kill_one(workers: list[BaseProcess], dice: random.Random) -> int:
    running = [worker for worker in workers if worker.exitcode is None]
    if not running:
        return 0
    victim = dice.choice(running)
    victim.kill()
    victim.join()
    return victim.exitcode == -9


def assert_whole(rig: Rig, practice: PracticeProcess) -> None:
    steps = [step for one in plan(OPERATIONS, SEED) for step in one]
    wanted = Counter(_PANEL.get(step.kind, step.kind) for step in steps)
    tops, operations = wanted.pop(TOP_UP), rig.operations()
    made = practice.control.books()["counts"]

    others = [item for item in operations if item.state is not OperationState.DONE]
    assert [] == [(item.verb, item.service_id, item.state, item.message) for item in others], "lost, or open"
    assert {kind: wanted[kind] for kind in ("create", "extend")} == {
        kind: made[kind] for kind in ("create", "extend")
    }, "double, or lost"
    assert set(wanted) == set(made)
    for kind, count in wanted.items():
        assert made[kind] >= count  # what only sets may have been set twice: the same end state
    paid = sum((item.price for item in operations), Credits())
    assert rig.wallet().balance == OPENING + Credits.parse(str(2 * tops)) - paid
    assert rig.wallet().held == Credits()
    assert set(rig.attention()) <= {"sent_again"}
    _assert_panel_as_booked(rig, practice)


def _assert_panel_as_booked(rig: Rig, practice: PracticeProcess) -> None:
    accounts = practice.control.books()["accounts"]
    with rig.units.read() as unit:
        booked = {item.username: item for item in unit.subscriptions.search(limit=10_000)}
    living = {name for name, item in booked.items() if item.state.value != "terminated"}
    assert living == set(accounts)


def _pause() -> None:
    threading.Event().wait(0.05)
