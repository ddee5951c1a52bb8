"""One practice panel a test, an adapter for it, and naive callers that show what the traps do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge import CreateOrder, PanelAccount
from panelbridge.contract.secret import LOGIN_ALPHABET, random_text
from panelbridge_dispatcharr import DispatcharrAdapter
from panelbridge_dispatcharr.practice import DispatcharrPractice
from tests.support.practice_panel import PanelOf, ask, order_for, started

USERS = "api/accounts/users/"


class Panel(PanelOf[DispatcharrAdapter, DispatcharrPractice]):
    def naive(self, method: str, path: str, **more: Any) -> requests.Response:
        """What a client gets that just asks, with our key."""
        more.setdefault("headers", {"X-API-Key": self.practice.secrets()[0]})
        return ask(method, self.server.url + path, **more)

    def plays(self, username: str, password: str) -> int:
        """The status with which the player API answers these credentials."""
        query = {"username": username, "password": password}
        return self.naive("GET", "player_api.php", params=query, headers={}).status_code

    def logs_in(self, username: str, password: str) -> bool:
        request = {"username": username, "password": password}
        return self.naive("POST", "api/accounts/token/", json=request, headers={}).status_code == 200

    def signed_in(self, username: str, password: str = "web-password-1") -> dict[str, str]:
        """The credential of somebody who got a web password for that user, set by the owner."""
        self.control.act("edit", username=username, columns={"password": password})
        request = {"username": username, "password": password}
        told = self.naive("POST", "api/accounts/token/", json=request, headers={}).json()
        again = {"refresh": told["refresh"]}
        return {
            "Authorization": "Bearer "
            + self.naive("POST", "api/accounts/token/refresh/", json=again, headers={}).json()["access"]
        }

    def account(self, username: str) -> dict[str, Any]:
        return self.accounts[username]


@pytest.fixture
def panel_with(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    """Start a practice panel with other options."""
    with started(tmp_path, Panel, DispatcharrPractice, DispatcharrAdapter) as start:
        yield start


def an_order(username: str | None = None, **changes: Any) -> CreateOrder:
    usual = {"package": "1", "until": datetime(2027, 1, 1, tzinfo=UTC)}
    return order_for(username or random_text(12, LOGIN_ALPHABET), **{**usual, **changes})


@pytest.fixture
def order() -> Callable[..., CreateOrder]:
    return an_order


@pytest.fixture
def secret_of() -> Callable[[PanelAccount], str]:
    def tell(account: PanelAccount) -> str:
        assert account.password is not None
        return account.password.get_secret_value()

    return tell
