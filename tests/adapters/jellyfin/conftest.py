"""One practice server a test, with adapters for it and a naive caller that shows what the traps do."""

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
from panelbridge_jellyfin import JellyfinAdapter, JellyfinSettings
from panelbridge_jellyfin.practice import JellyfinPracticePanel

DEVICE = 'Client="tv", Device="tv", DeviceId="tv", Version="1"'


@dataclass(kw_only=True)
class Panel:
    """The practice server, seen from all sides."""

    server: PracticeServer
    open: list[JellyfinAdapter] = field(default_factory=list)

    @property
    def control(self) -> PracticeControl:
        return PracticeControl(self.server.url)

    def adapter(self, **settings: Any) -> JellyfinAdapter:
        values = {**self.server.settings, **settings}
        adapter = JellyfinAdapter(read_settings(JellyfinSettings, values))
        self.open.append(adapter)
        return adapter

    def naive(self, method: str, path: str, wish: Any = None, **query: str) -> requests.Response:
        """What a client gets that just sends."""
        settings = self.server.settings
        token = settings["api_key"]
        headers = {"Authorization": f'MediaBrowser Token="{token}"'}
        if settings["dialect"] == "emby":
            headers = {"X-Emby-Token": token}
        return self._send(method, path, wish, query, headers)

    def login(self, username: str, password: str) -> int:
        """What a customer's television gets who types that."""
        header = "X-Emby-Authorization" if self.server.settings["dialect"] == "emby" else "Authorization"
        wish = {"Username": username, "Pw": password}
        headers = {header: f"MediaBrowser {DEVICE}"}
        return self._send("POST", "Users/AuthenticateByName", wish, {}, headers).status_code

    def _send(self, method: str, path: str, wish: Any, query: Any, headers: Any) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method, self.server.url + path, json=wish, params=query, headers=headers, timeout=30
            )

    def account(self, username: str) -> dict[str, Any]:
        account: dict[str, Any] = self.control.books()["accounts"][username]
        return account

    def kinds(self, username: str) -> list[str]:
        """What happened to that user, in order."""
        effects = self.control.books()["effects"]
        return [effect["kind"] for effect in effects if effect["account"] == username]

    def writes(self) -> list[str]:
        """Operations that the server was asked for and that change something."""
        reads = ("get", "list_accounts", "media_folders", "test_connection")
        return [item["operation"] for item in self.control.requests() if item["operation"] not in reads]


@pytest.fixture
def panel_with(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    """Start a practice server with other options."""
    started: list[Panel] = []

    def start(**options: str) -> Panel:
        practice = JellyfinPracticePanel(tmp_path / f"books{len(started)}.sqlite", options)
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
        "package": "movies",
        "until": datetime.now(UTC) + timedelta(days=30),
        "reference": f"bridge:{username}:1",
    }
    return CreateOrder(**{**values, **changes})


@pytest.fixture
def order() -> Callable[..., CreateOrder]:
    return an_order


@pytest.fixture
def made() -> Callable[..., PanelAccount]:
    """An account that exists."""

    def make(adapter: JellyfinAdapter, **changes: Any) -> PanelAccount:
        account = adapter.create(an_order(**changes)).account
        assert account is not None
        return account

    return make
