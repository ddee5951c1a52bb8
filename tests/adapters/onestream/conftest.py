"""One practice panel a test, an adapter for it, and a naive caller that shows what the traps do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge import CreateOrder, Credentials, PanelAccount, Purchase, Secret, Term, read_settings
from panelbridge.testing.practice import PracticeControl, PracticeServer
from panelbridge_onestream import OneStreamAdapter, OneStreamSettings
from panelbridge_onestream.practice import OneStreamPracticePanel

MONTH = Term(days=30)


@dataclass(kw_only=True)
class Panel:
    """The practice panel, seen from all sides."""

    server: PracticeServer
    opened: list[OneStreamAdapter] = field(default_factory=list)

    @property
    def control(self) -> PracticeControl:
        return PracticeControl(self.server.url)

    def adapter(self, **settings: Any) -> OneStreamAdapter:
        made = OneStreamAdapter(read_settings(OneStreamSettings, {**self.server.settings, **settings}))
        self.opened.append(made)
        return made

    def naive(self, method: str, path: str, **more: Any) -> Any:
        """What a client gets that just calls, whatever the status."""
        own = self.server.settings
        headers = {"X-Api-Key": own["api_key"], "X-Auth-User": own["auth_user"]}
        with requests.Session() as session:
            session.trust_env = False
            reply = session.request(
                method, f"{self.server.url}ext/{path}", headers=headers, timeout=10, **more
            )
        return reply.json()

    def book(self, username: str) -> dict[str, Any]:
        account: dict[str, Any] = self.control.books()["accounts"][username]
        return account

    def charged(self) -> int:
        return int(self.control.books()["charged"])

    def sent(self, method: str = "") -> list[str]:
        return [one["path"] for one in self.control.requests() if method in ("", one["method"])]


def order(name: str = "anna2345", **changes: Any) -> CreateOrder:
    wish: dict[str, Any] = {
        "credentials": Credentials(username=name, password=Secret("TrainWindow7")),
        "package": "1",
        "until": datetime.now(UTC).replace(microsecond=0) + timedelta(days=30),
        "reference": f"b:{name}:1",
        "key": f"b:{name}:7",
    }
    return CreateOrder(**{**wish, **changes})


def made(adapter: OneStreamAdapter, wish: CreateOrder | None = None) -> PanelAccount:
    account = adapter.create(wish or order()).account
    assert account is not None
    return account


def purchase(account: PanelAccount, **changes: Any) -> Purchase:
    wish: dict[str, Any] = {"package": "1", "term": MONTH, "before": account.expires_at, "key": "b:1:8"}
    return Purchase(**{**wish, **changes})


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    panels: list[Panel] = []

    def begin(**options: str) -> Panel:
        practice = OneStreamPracticePanel(tmp_path / f"books{len(panels)}.sqlite", options)
        server = PracticeServer(practice)
        server.start()
        panels.append(Panel(server=server))
        return panels[-1]

    yield begin
    for panel in panels:
        for adapter in panel.opened:
            adapter.close()
        panel.server.stop()


@pytest.fixture
def panel(start: Callable[..., Panel]) -> Panel:
    return start()
