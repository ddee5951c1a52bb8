"""One practice panel a test, with adapters for it and a naive caller that shows what the traps do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge import CreateOrder, Credentials, PanelAccount, Secret
from panelbridge.secret import LOGIN_ALPHABET, random_text
from panelbridge.settings import read_settings
from panelbridge.testing.practice import PracticeControl, PracticeServer
from panelbridge_pterodactyl import PterodactylAdapter, PterodactylSettings
from panelbridge_pterodactyl.practice import PterodactylPracticePanel


@dataclass(kw_only=True)
class Panel:
    """The practice panel, seen from all sides."""

    server: PracticeServer
    open: list[PterodactylAdapter] = field(default_factory=list)

    @property
    def control(self) -> PracticeControl:
        return PracticeControl(self.server.url)

    def adapter(self, **settings: Any) -> PterodactylAdapter:
        values = {**self.server.settings, **settings}
        adapter = PterodactylAdapter(read_settings(PterodactylSettings, values))
        self.open.append(adapter)
        return adapter

    def naive(self, method: str, path: str, wish: Any = None, *, accept: bool = True) -> requests.Response:
        """What a client gets that just sends."""
        headers = {"Authorization": f"Bearer {self.server.settings['api_key']}"}
        if accept:
            headers["Accept"] = "application/json"
        with requests.Session() as session:
            session.trust_env = False
            url = f"{self.server.url}api/application/{path}"
            return session.request(method, url, json=wish, headers=headers, timeout=30)

    def account(self, username: str) -> dict[str, Any]:
        account: dict[str, Any] = self.control.books()["accounts"][username]
        return account

    def user_of(self, username: str) -> dict[str, Any]:
        """The user's attributes as the panel shows them."""
        rows = self.naive("GET", "users?per_page=100").json()["data"]
        found: list[dict[str, Any]] = [row["attributes"] for row in rows]
        return next(user for user in found if user["username"] == username)

    @property
    def users(self) -> list[str]:
        users: list[str] = self.control.books()["users"]
        return users

    def operations(self) -> list[str]:
        return [request["operation"] for request in self.control.requests()]


@pytest.fixture
def panel_with(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    """Start a practice panel with other options."""
    started: list[Panel] = []

    def start(**options: str) -> Panel:
        practice = PterodactylPracticePanel(tmp_path / f"books{len(started)}.sqlite", options)
        server = PracticeServer(practice)
        server.start()
        started.append(Panel(server=server))
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
    username = changes.pop("username", random_text(12, LOGIN_ALPHABET))
    values: dict[str, Any] = {
        "credentials": Credentials(username=username, password=Secret(random_text(16))),
        "package": "small",
        "until": datetime.now(UTC) + timedelta(days=30),
        "reference": f"bridge:{username}:1",
        "options": {"email": f"{username}@customer.example"},
    }
    return CreateOrder(**{**values, **changes})


@pytest.fixture
def order() -> Callable[..., CreateOrder]:
    return an_order


@pytest.fixture
def made() -> Callable[..., PanelAccount]:
    """An account that exists."""

    def make(adapter: PterodactylAdapter, **changes: Any) -> PanelAccount:
        account = adapter.create(an_order(**changes)).account
        assert account is not None
        return account

    return make
