"""One practice panel a test, an adapter for it, and a naive caller that shows what the traps do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from panelbridge import CreateOrder, Credentials, PanelAccount, Purchase, Secret, Term
from panelbridge_onestream import OneStreamAdapter
from panelbridge_onestream.practice import OneStreamPracticePanel
from tests.support.practice_panel import PanelOf, ask, created, started

MONTH = Term(days=30)


class Panel(PanelOf[OneStreamAdapter, OneStreamPracticePanel]):
    def naive(self, method: str, path: str, **more: Any) -> Any:
        """What a client gets that just calls, whatever the status."""
        own = self.settings
        headers = {"X-Api-Key": own["api_key"], "X-Auth-User": own["auth_user"]}
        return ask(method, f"{self.server.url}ext/{path}", headers=headers, **more).json()

    def book(self, username: str) -> dict[str, Any]:
        return self.accounts[username]

    def charged(self) -> int:
        return int(self.control.books()["charged"])

    def sent(self, method: str = "") -> list[str]:
        return [one["path"] for one in self.control.requests() if method in ("", one["method"])]


def order(name: str = "anna2345", **changes: Any) -> CreateOrder:
    request: dict[str, Any] = {
        "credentials": Credentials(username=name, password=Secret("TrainWindow7")),
        "package": "1",
        "until": datetime.now(UTC).replace(microsecond=0) + timedelta(days=30),
        "reference": f"b:{name}:1",
        "key": f"b:{name}:7",
    }
    return CreateOrder(**{**request, **changes})


def made(adapter: OneStreamAdapter, request: CreateOrder | None = None) -> PanelAccount:
    return created(adapter, request or order())


def purchase(account: PanelAccount, **changes: Any) -> Purchase:
    request: dict[str, Any] = {"package": "1", "term": MONTH, "before": account.expires_at, "key": "b:1:8"}
    return Purchase(**{**request, **changes})


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    with started(tmp_path, Panel, OneStreamPracticePanel, OneStreamAdapter) as begin:
        yield begin


@pytest.fixture
def panel(start: Callable[..., Panel]) -> Panel:
    return start()
