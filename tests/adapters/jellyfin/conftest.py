"""One practice server a test, with adapters for it and a naive caller that shows what the traps do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge import CreateOrder
from panelbridge.contract.secret import LOGIN_ALPHABET, random_text
from panelbridge_jellyfin import JellyfinAdapter
from panelbridge_jellyfin.practice import JellyfinPracticePanel
from tests.support.practice_panel import PanelOf, ask, order_for, started

DEVICE = 'Client="tv", Device="tv", DeviceId="tv", Version="1"'


class Panel(PanelOf[JellyfinAdapter, JellyfinPracticePanel]):
    def naive(self, method: str, path: str, request: Any = None, **query: str) -> requests.Response:
        """What a client gets that just sends."""
        token = self.settings["api_key"]
        headers = {"Authorization": f'MediaBrowser Token="{token}"'}
        if self.settings["dialect"] == "emby":
            headers = {"X-Emby-Token": token}
        return ask(method, self.server.url + path, json=request, params=query, headers=headers)

    def login(self, username: str, password: str) -> int:
        """What a customer's television gets who types that."""
        header = "X-Emby-Authorization" if self.settings["dialect"] == "emby" else "Authorization"
        request = {"Username": username, "Pw": password}
        headers = {header: f"MediaBrowser {DEVICE}"}
        url = f"{self.server.url}Users/AuthenticateByName"
        return ask("POST", url, json=request, headers=headers).status_code

    def account(self, username: str) -> dict[str, Any]:
        return self.accounts[username]

    def kinds(self, username: str) -> list[str]:
        """What happened to that user, in order."""
        effects = self.control.books()["effects"]
        return [effect["kind"] for effect in effects if effect["account"] == username]

    def writes(self) -> list[str]:
        """Operations that the server was asked for and that change something."""
        reads = ("get", "list_accounts", "media_folders", "test_connection")
        return [operation for operation in self.operations() if operation not in reads]


@pytest.fixture
def panel_with(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    """Start a practice server with other options."""
    with started(tmp_path, Panel, JellyfinPracticePanel, JellyfinAdapter) as start:
        yield start


def an_order(username: str | None = None, **changes: Any) -> CreateOrder:
    return order_for(username or random_text(12, LOGIN_ALPHABET), **{"package": "movies", **changes})


@pytest.fixture
def order() -> Callable[..., CreateOrder]:
    return an_order
