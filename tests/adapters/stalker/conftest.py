"""One practice portal a test, an adapter for it, and a naive caller that shows what the traps do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge import CreateOrder, Credentials, PanelAccount, Secret, read_settings
from panelbridge.testing.practice import PracticeControl, PracticeServer
from panelbridge_stalker import StalkerAdapter, StalkerSettings
from panelbridge_stalker.practice import StalkerPracticePanel


@dataclass(kw_only=True)
class Panel:
    """The practice portal, seen from all sides."""

    server: PracticeServer
    opened: list[StalkerAdapter] = field(default_factory=list)

    @property
    def control(self) -> PracticeControl:
        return PracticeControl(self.server.url)

    def adapter(self, **settings: Any) -> StalkerAdapter:
        made = StalkerAdapter(read_settings(StalkerSettings, {**self.server.settings, **settings}))
        self.opened.append(made)
        return made

    def naive(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """What a client gets that just calls, and believes ``status``."""
        own = self.server.settings
        with requests.Session() as session:
            session.trust_env = False
            session.auth = (own["api_login"], own["api_password"])
            answer: dict[str, Any] = session.request(
                method, own["base_url"] + path, timeout=10, **more
            ).json()
        return answer

    def book(self, username: str) -> dict[str, Any]:
        account: dict[str, Any] = self.control.books()["accounts"][username]
        return account

    def end_date(self, username: str) -> str:
        return str(self.control.books()["end_dates"][username])

    def sent(self) -> list[tuple[str, str]]:
        return [(one["method"], one["path"].split("/v1/")[-1]) for one in self.control.requests()]


def order(name: str = "anna2345", **changes: Any) -> CreateOrder:
    wish: dict[str, Any] = {
        "credentials": Credentials(username=name, password=Secret("TrainWindow7")),
        "package": "basic",
        "until": datetime.now(UTC).replace(microsecond=0) + timedelta(days=30),
        "reference": f"b:{name}:1",
    }
    return CreateOrder(**{**wish, **changes})


def made(adapter: StalkerAdapter, wish: CreateOrder | None = None) -> PanelAccount:
    account = adapter.create(wish or order()).account
    assert account is not None
    return account


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    panels: list[Panel] = []

    def begin(**options: str) -> Panel:
        practice = StalkerPracticePanel(tmp_path / f"books{len(panels)}.sqlite", options)
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
