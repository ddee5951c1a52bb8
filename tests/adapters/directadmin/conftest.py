"""One practice panel a test, an adapter for it, and a naive caller that shows what the traps do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge import CreateOrder, Credentials, PanelAccount, Secret
from panelbridge.secret import random_text
from panelbridge.settings import read_settings
from panelbridge.testing.practice import PracticeControl, PracticeServer
from panelbridge_directadmin import DirectAdminAdapter, DirectAdminSettings
from panelbridge_directadmin.practice import DirectAdminPractice


@dataclass(kw_only=True)
class Panel:
    """The practice panel, seen from all sides."""

    server: PracticeServer
    practice: DirectAdminPractice
    open: list[DirectAdminAdapter] = field(default_factory=list)

    @property
    def control(self) -> PracticeControl:
        return PracticeControl(self.server.url)

    def adapter(self, **settings: Any) -> DirectAdminAdapter:
        values = {**self.practice.settings(self.server.url), "total_timeout": 3.0, **settings}
        adapter = DirectAdminAdapter(read_settings(DirectAdminSettings, values))
        self.open.append(adapter)
        return adapter

    def naive(self, command: str, *, key: str | None = None, **fields: str) -> Any:
        """What a client gets that just posts: the reply as it came."""
        own = self.practice.settings(self.server.url)
        with requests.Session() as session:
            session.trust_env = False
            return session.post(
                f"{self.server.url}{command}", data=fields, auth=(own["login"], key or own["key"]), timeout=30
            )

    def account(self, username: str) -> dict[str, Any] | None:
        account: dict[str, Any] | None = self.control.books()["accounts"].get(username)
        return account

    def operations(self) -> list[str]:
        return [request["operation"] for request in self.control.requests()]


@pytest.fixture
def panel_with(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    """Start a practice panel with options."""
    started: list[Panel] = []

    def start(**options: str) -> Panel:
        practice = DirectAdminPractice(tmp_path / f"books{len(started)}.sqlite", options)
        server = PracticeServer(practice)
        server.start()
        started.append(Panel(server=server, practice=practice))
        return started[-1]

    yield start
    for panel in started:
        for adapter in panel.open:
            adapter.close()
        panel.server.stop()


@pytest.fixture
def panel(panel_with: Callable[..., Panel]) -> Panel:
    return panel_with()


def an_order(**changes: Any) -> CreateOrder:
    username = "m" + random_text(9, "abcdefghijkmnpqrstuvwxyz23456789")
    values: dict[str, Any] = {
        "credentials": Credentials(username=username, password=Secret(random_text(16))),
        "package": "basic",
        "until": datetime.now(UTC).replace(microsecond=0) + timedelta(days=30),
        "reference": f"bridge:{username}:1",
        "options": {"domain": f"{username}.example", "email": f"{username}@customer.example"},
    }
    return CreateOrder(**{**values, **changes})


@pytest.fixture
def order() -> Callable[..., CreateOrder]:
    return an_order


@pytest.fixture
def made() -> Callable[..., PanelAccount]:
    """An account that exists."""

    def make(adapter: DirectAdminAdapter, **changes: Any) -> PanelAccount:
        account = adapter.create(an_order(**changes)).account
        assert account is not None
        return account

    return make
