"""One practice panel a test, with adapters for it and a naive caller that shows what the traps do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge import CreateOrder
from panelbridge.contract.secret import LOGIN_ALPHABET, random_text
from panelbridge_pterodactyl import PterodactylAdapter
from panelbridge_pterodactyl.practice import PterodactylPracticePanel
from tests.support.practice_panel import PanelOf, ask, order_for, started


class Panel(PanelOf[PterodactylAdapter, PterodactylPracticePanel]):
    def naive(self, method: str, path: str, request: Any = None, *, accept: bool = True) -> requests.Response:
        """What a client gets that just sends."""
        headers = {"Authorization": f"Bearer {self.settings['api_key']}"}
        if accept:
            headers["Accept"] = "application/json"
        return ask(method, f"{self.server.url}api/application/{path}", json=request, headers=headers)

    def account(self, username: str) -> dict[str, Any]:
        return self.accounts[username]

    def user_of(self, username: str) -> dict[str, Any]:
        """The user's attributes as the panel shows them."""
        rows = self.naive("GET", "users?per_page=100").json()["data"]
        found: list[dict[str, Any]] = [row["attributes"] for row in rows]
        return next(user for user in found if user["username"] == username)

    @property
    def users(self) -> list[str]:
        users: list[str] = self.control.books()["users"]
        return users


@pytest.fixture
def panel_with(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    """Start a practice panel with other options."""
    with started(tmp_path, Panel, PterodactylPracticePanel, PterodactylAdapter) as start:
        yield start


def an_order(username: str | None = None, **changes: Any) -> CreateOrder:
    name = username or random_text(12, LOGIN_ALPHABET)
    facts = {"email": f"{name}@customer.example"}
    return order_for(name, **{"package": "small", "options": facts, **changes})


@pytest.fixture
def order() -> Callable[..., CreateOrder]:
    return an_order
