"""One practice panel a test, an adapter for it, and naive callers that show what the traps do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge import CreateOrder, Credentials, PanelAccount, Secret
from panelbridge.secret import LOGIN_ALPHABET, random_text
from panelbridge.settings import read_settings
from panelbridge.testing.practice import PracticeControl, PracticeServer
from panelbridge_dispatcharr import DispatcharrAdapter, DispatcharrSettings
from panelbridge_dispatcharr.practice import DispatcharrPractice

USERS = "api/accounts/users/"


@dataclass(kw_only=True)
class Panel:
    """The practice panel, seen from all sides."""

    server: PracticeServer
    practice: DispatcharrPractice
    open: list[DispatcharrAdapter] = field(default_factory=list)

    @property
    def control(self) -> PracticeControl:
        return PracticeControl(self.server.url)

    def adapter(self, **settings: Any) -> DispatcharrAdapter:
        values = {**self.practice.settings(self.server.url), **settings}
        self.open.append(DispatcharrAdapter(read_settings(DispatcharrSettings, values)))
        return self.open[-1]

    def naive(self, method: str, path: str, **more: Any) -> requests.Response:
        """What a client gets that just asks, with our key."""
        more.setdefault("headers", {"X-API-Key": self.practice.secrets()[0]})
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, self.server.url + path, timeout=30, **more)

    def plays(self, username: str, password: str) -> int:
        """The status with which the player API answers these credentials."""
        query = {"username": username, "password": password}
        return self.naive("GET", "player_api.php", params=query, headers={}).status_code

    def logs_in(self, username: str, password: str) -> bool:
        wish = {"username": username, "password": password}
        return self.naive("POST", "api/accounts/token/", json=wish, headers={}).status_code == 200

    def account(self, username: str) -> dict[str, Any]:
        account: dict[str, Any] = self.control.books()["accounts"][username]
        return account

    def operations(self) -> list[str]:
        return [request["operation"] for request in self.control.requests()]


@pytest.fixture
def panel_with(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    """Start a practice panel with other options."""
    started: list[Panel] = []

    def start(**options: str) -> Panel:
        practice = DispatcharrPractice(tmp_path / f"books{len(started)}.sqlite", options)
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
    username = changes.pop("username", None) or random_text(12, LOGIN_ALPHABET)
    values: dict[str, Any] = {
        "credentials": Credentials(username=username, password=Secret(random_text(16))),
        "package": "1",
        "until": datetime(2027, 1, 1, tzinfo=UTC),
        "reference": f"bridge:{username}:1",
    }
    return CreateOrder(**{**values, **changes})


@pytest.fixture
def order() -> Callable[..., CreateOrder]:
    return an_order


@pytest.fixture
def made() -> Callable[..., PanelAccount]:
    """An account that exists."""

    def make(adapter: DispatcharrAdapter, **changes: Any) -> PanelAccount:
        account = adapter.create(an_order(**changes)).account
        assert account is not None
        return account

    return make


@pytest.fixture
def secret_of() -> Callable[[PanelAccount], str]:
    def tell(account: PanelAccount) -> str:
        assert account.password is not None
        return account.password.get_secret_value()

    return tell
