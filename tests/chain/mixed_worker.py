"""A worker of the trial of mixed operations: asks for each step of its lives until it is settled.

It may be killed at any line. The one after it reads how far it had come, and asks again: as a shop does.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from pathlib import Path

from panelbridge.contract.capabilities import Verb
from panelbridge.provisioning import Command, Operation, Refusal, RenewCommand
from panelbridge.storage.exceptions import StorageBusy, StorageFailed
from tests.matrix.commands import ACTOR, COMMANDS
from tests.support.rig import Rig, rig_in

WORKERS = 4
LIMITS = {"attempt": 3.0, "lookup": 2.0, "backoff": 0.1}
RENEW, TOP_UP = "renew", "top-up"
# One life of a service; the renewals of the middle come in an order of their own.
LIFE = ("create", RENEW, TOP_UP, "suspend", "unsuspend", RENEW, "change_package", TOP_UP, "terminate")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One operation that somebody wants."""

    service: int
    number: int  # in the life of its service
    kind: str

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.service}.{self.number}"


def plan(operations: int, seed: int) -> list[list[Step]]:
    """What each worker asks for: whole lives, and a piece of one at the end."""
    dice = random.Random(seed)
    lives: list[list[Step]] = []
    steps = 0
    while steps < operations:
        middle = list(LIFE[1:-1])
        dice.shuffle(middle)
        if middle.index("suspend") > middle.index("unsuspend"):
            first, second = middle.index("unsuspend"), middle.index("suspend")
            middle[first], middle[second] = "suspend", "unsuspend"
        kinds = [LIFE[0], *middle, LIFE[-1]][: operations - steps]
        service = 1000 + len(lives)
        lives.append([Step(service=service, number=at, kind=kind) for at, kind in enumerate(kinds)])
        steps += len(kinds)
    return [[step for life in lives[worker::WORKERS] for step in life] for worker in range(WORKERS)]


def work(folder: Path, worker: int, operations: int, seed: int) -> None:
    """To the end of its plan."""
    told, plans = progress_of(folder, worker), plan(operations, seed)
    while (done := steps_done(told)) < len(plans[worker]):
        try:
            with rig_in(folder, **LIMITS) as rig:
                for step in plans[worker][done:]:
                    settle(rig, step)
                    echo(rig, plans[(worker + 1) % WORKERS], step)
                    with told.open("a") as file:
                        file.write(f"{step.key}\n")
        except (StorageBusy, StorageFailed):  # the server went away as the rig was opened or looked at
            _pause()


def settle(rig: Rig, step: Step) -> None:
    """Ask, and see that it is settled, whatever goes away meanwhile: then it is asked for again."""
    while True:
        try:
            if step.kind == TOP_UP:
                rig.top_up("2", key=step.key)
            else:
                reply = rig.provisioner.submit(_command(rig, step), budget=3.0)
                _see_settled(rig, reply.operation)
        except (StorageBusy, StorageFailed):
            _pause()
        else:
            return


def _see_settled(rig: Rig, operation: Operation) -> None:
    """What is due is run as ``serve`` runs it: what waits before this operation comes first."""
    while not operation.settled:
        rig.provisioner.run_due()
        _pause()
        with rig.units.read() as unit:
            found = unit.journal.operation(operation.id)
        assert found is not None
        operation = found


def echo(rig: Rig, others: list[Step], step: Step) -> None:
    """Another worker's purchase is asked for a second time: too early, too late or at the same moment."""
    same = [one for one in others if one.kind in (RENEW, TOP_UP)]
    one = same[(step.service * 31 + step.number) % len(same)]
    try:
        if one.kind == TOP_UP:
            rig.top_up("2", key=one.key)
        else:
            rig.provisioner.submit(_command(rig, one), budget=0.0)
    except (StorageBusy, StorageFailed, Refusal):
        pass  # nobody waits for it


def _command(rig: Rig, step: Step) -> Command:
    if step.kind == RENEW:
        return RenewCommand(
            installation=rig.installation, service_id=step.service, actor=ACTOR, fact=step.key
        )
    return COMMANDS[Verb(step.kind)](rig, step.service)


def progress_of(folder: Path, worker: int) -> Path:
    return folder / f"progress-{worker}"


def steps_done(told: Path) -> int:
    return len(told.read_text().splitlines()) if told.exists() else 0


def _pause() -> None:
    threading.Event().wait(0.05)
