"""Whatever a request asks the panels, and however many: the caller's deadline ends all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from panelbridge.contract.exceptions import PanelUnreachable
from panelbridge.testing.practice import PracticeProcess
from panelbridge.transport.deadline import remaining
from panelbridge_reference import ReferenceAdapter
from tests.service.conftest import Service
from tests.support.ready import PracticeHere

SECONDS = 3.0
HEADERS = {"Panelbridge-Deadline": str(SECONDS)}


@pytest.fixture
def practice(tmp_path: Path, service: Service) -> Iterator[PracticeProcess]:
    with PracticeHere("reference", books=tmp_path / "panel.sqlite") as panel:
        main = service.rig.add_panel("main", "reference", panel.settings)
        service.rig.add_plan("gold", main, {"1m": ("basic-1m", "1")})
        service.rig.top_up("100")
        service.rig.provisioner.submit(service.rig.create(501), budget=30)
        yield panel


@pytest.fixture
def asked(practice: PracticeProcess, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that each question to a panel was given."""
    given: list[float] = []

    def noted(honest: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*arguments: Any) -> Any:
            given.append(remaining() or float("inf"))
            return honest(*arguments)

        return ask

    for name in ("get", "test_connection"):
        monkeypatch.setattr(ReferenceAdapter, name, noted(getattr(ReferenceAdapter, name)))
    return given


def test_the_read_back_of_an_account_page(service: Service, asked: list[float]) -> None:
    body = {"serviceid": 501, "call": {"fresh": True}}
    assert service.call("Account", body, headers=HEADERS).status_code == 200
    assert asked
    assert max(asked) <= SECONDS


def test_the_test_of_every_panel(service: Service, asked: list[float]) -> None:
    assert service.call("TestConnection", {}, headers=HEADERS).status_code == 200
    assert asked
    assert max(asked) <= SECONDS


def test_a_persons_decision(service: Service, asked: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise PanelUnreachable("down")

    with monkeypatch.context() as down:
        down.setattr(ReferenceAdapter, "suspend", refuse)
        body = {"serviceid": 501, "suspendreason": "abuse"}
        stuck = service.call("SuspendAccount", body, headers=HEADERS).get_json()["operation"]["id"]
    path = f"/v1/operations/{stuck}/mark-done"
    service.write("POST", path, {"reason": "seen"}, headers=HEADERS)
    assert asked
    assert max(asked) <= SECONDS
