"""One practice panel a test, an adapter for it, and a naive caller that shows what the traps do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge import CreateOrder
from panelbridge.contract.secret import random_text
from panelbridge_directadmin import DirectAdminAdapter
from panelbridge_directadmin.practice import DirectAdminPractice
from tests.support.practice_panel import PanelOf, ask, order_for, started


class Panel(PanelOf[DirectAdminAdapter, DirectAdminPractice]):
    def adapter(self, **settings: Any) -> DirectAdminAdapter:
        return super().adapter(**{"total_timeout": 3.0, **settings})

    def naive(self, command: str, *, key: str | None = None, **fields: str) -> requests.Response:
        """What a client gets that just posts: the reply as it came."""
        auth = (self.settings["login"], key or self.settings["key"])
        return ask("POST", self.server.url + command, data=fields, auth=auth)

    def account(self, username: str) -> dict[str, Any] | None:
        return self.accounts.get(username)


@pytest.fixture
def panel_with(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    """Start a practice panel with options."""
    with started(tmp_path, Panel, DirectAdminPractice, DirectAdminAdapter) as start:
        yield start


def an_order(**changes: Any) -> CreateOrder:
    username = "m" + random_text(9, "abcdefghijkmnpqrstuvwxyz23456789")
    facts = {"domain": f"{username}.example", "email": f"{username}@customer.example"}
    return order_for(username, **{"package": "basic", "options": facts, **changes})


@pytest.fixture
def order() -> Callable[..., CreateOrder]:
    return an_order
