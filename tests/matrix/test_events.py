"""Verbs x backends x events: one panel effect, one ledger effect, the same answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from panelbridge.capabilities import Verb
from panelbridge.ledger import Credits
from panelbridge.models import Outcome
from panelbridge.provisioning import OperationState
from panelbridge.testing.practice import PracticeProcess
from tests.matrix.backends import BACKENDS, Backend
from tests.matrix.wishes import WISHES, prepare
from tests.support.rig import Rig, rig_in

_SERVICES = count(1000)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A backend with its practice panel and a bridge over it."""

    backend: Backend
    practice: PracticeProcess
    rig: Rig


@pytest.fixture(scope="module", params=BACKENDS, ids=lambda item: item.name)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    backend: Backend = request.param
    folder: Path = tmp_path_factory.mktemp("matrix")
    with backend.start(folder) as practice, rig_in(folder / "bridge", attempt=1.5, lookup=1.5) as rig:
        backend.furnish(rig, practice)
        yield Stage(backend=backend, practice=practice, rig=rig)


Event = Callable[[Stage, Verb, int], None]


def _submit(stage: Stage, verb: Verb, service: int, budget: float = 3.0) -> None:
    stage.rig.provisioner.submit(WISHES[verb](stage.rig, service), budget=budget)


def called_twice(stage: Stage, verb: Verb, service: int) -> None:
    _submit(stage, verb, service)
    _submit(stage, verb, service)


def _with_fault(fault: str) -> Event:
    def event(stage: Stage, verb: Verb, service: int) -> None:
        stage.practice.control.set_fault(fault, stage.backend.request(verb))
        _submit(stage, verb, service)

    return event


def commit_after_hangup(stage: Stage, verb: Verb, service: int) -> None:
    stage.practice.control.set_fault("commit_after_hangup", stage.backend.request(verb))
    _submit(stage, verb, service, budget=1.2)
    stage.rig.provisioner.run_due()  # looks before the effect came: proves nothing
    stage.practice.control.release()


EVENTS: Mapping[str, Event] = {
    "called twice": called_twice,
    "reply lost after commit": _with_fault("cut_after_commit"),
    "cut before": _with_fault("cut_before"),
    "commit after hang-up": commit_after_hangup,
    "500 but done": _with_fault("error_500_but_done"),
    "empty body": _with_fault("empty_body"),
    "HTML 200": _with_fault("html_200"),
    "truncated": _with_fault("truncated_body"),
}


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)
def test_one_effect_and_one_charge(stage: Stage, verb: Verb, event: str) -> None:
    rig, service = stage.rig, next(_SERVICES)
    rig.clock.reset()
    stage.practice.control.clear_faults()
    prepare(rig, verb, service)
    before = _books(stage)
    wallet = rig.wallet()

    EVENTS[event](stage, verb, service)
    rig.settle_all()

    stage.practice.control.clear_faults()
    operations = [item for item in rig.operations() if item.service_id == service and item.verb is verb]
    done = [item for item in operations if item.state is OperationState.DONE]
    assert [item.state for item in operations if item not in done] in ([], [OperationState.REFUSED])
    price = sum((item.price for item in done[:1]), Credits())
    after = _books(stage)
    assert _effects(after, before) == stage.backend.effect(verb)
    assert rig.wallet().balance == wallet.balance - price
    assert rig.wallet().held == Credits()
    assert rig.attention() == []
    again = rig.provisioner.submit(WISHES[verb](rig, service), budget=3.0)
    assert again.operation.outcome in (Outcome.DONE, Outcome.ALREADY)
    assert _effects(_books(stage), before) == stage.backend.effect(verb)


def _books(stage: Stage) -> dict[str, Any]:
    counts: dict[str, Any] = stage.practice.control.books()["counts"]
    return counts


def _effects(after: dict[str, Any], before: dict[str, Any]) -> dict[str, int]:
    changed = {kind: number - before.get(kind, 0) for kind, number in after.items()}
    return {kind: number for kind, number in changed.items() if number}
