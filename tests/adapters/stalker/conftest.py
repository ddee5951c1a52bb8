"""One practice portal a test, an adapter for it, and a naive caller that shows what the traps do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from panelbridge import CreateOrder, Credentials, PanelAccount, Secret
from panelbridge_stalker import StalkerAdapter
from panelbridge_stalker.practice import StalkerPracticePanel
from tests.support.practice_panel import PanelOf, ask, created, started


class Panel(PanelOf[StalkerAdapter, StalkerPracticePanel]):
    def naive(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """What a client gets that just calls, and believes ``status``."""
        own = self.settings
        auth = (own["api_login"], own["api_password"])
        answer: dict[str, Any] = ask(method, own["base_url"] + path, auth=auth, **more).json()
        return answer

    def book(self, username: str) -> dict[str, Any]:
        return self.accounts[username]

    def end_date(self, username: str) -> str:
        return str(self.control.books()["end_dates"][username])

    def sent(self) -> list[tuple[str, str]]:
        return [(one["method"], one["path"].split("/v1/")[-1]) for one in self.control.requests()]


def order(name: str = "anna2345", **changes: Any) -> CreateOrder:
    request: dict[str, Any] = {
        "credentials": Credentials(username=name, password=Secret("TrainWindow7")),
        "package": "basic",
        "until": datetime.now(UTC).replace(microsecond=0) + timedelta(days=30),
        "reference": f"b:{name}:1",
    }
    return CreateOrder(**{**request, **changes})


def made(adapter: StalkerAdapter, request: CreateOrder | None = None) -> PanelAccount:
    return created(adapter, request or order())


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    with started(tmp_path, Panel, StalkerPracticePanel, StalkerAdapter) as begin:
        yield begin


@pytest.fixture
def panel(start: Callable[..., Panel]) -> Panel:
    return start()
