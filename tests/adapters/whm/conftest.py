"""One practice panel a test, an adapter for it, and a naive caller that shows what the traps do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge import CreateOrder
from panelbridge.contract.secret import random_text
from panelbridge_whm import WhmAdapter
from panelbridge_whm.practice import WhmPractice
from tests.support.practice_panel import PanelOf, ask, order_for, started

BASIC = "hostbridge_basic"
QUICK = {"create_timeout": 2.0, "create_poll": 0.5, "poll_every": 0.02, "total_timeout": 2.0}


class Panel(PanelOf[WhmAdapter, WhmPractice]):
    def adapter(self, **settings: Any) -> WhmAdapter:
        return super().adapter(**{**QUICK, **settings})

    def naive(
        self, function: str, *, token: str | None = None, version: str = "1", **fields: str
    ) -> requests.Response:
        """What a client gets that just posts: the reply as it came."""
        return ask(
            "POST",
            f"{self.server.url}json-api/{function}",
            data={**({"api.version": version} if version else {}), **fields},
            headers={"Authorization": f"whm {self.settings['user']}:{token or self.settings['token']}"},
        )

    def account(self, username: str) -> dict[str, Any] | None:
        return self.accounts.get(username)


@pytest.fixture
def panel_with(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    """Start a practice panel with options."""
    with started(tmp_path, Panel, WhmPractice, WhmAdapter) as start:
        yield start


def an_order(**changes: Any) -> CreateOrder:
    username = "m" + random_text(9, "abcdefghijkmnpqrstuvwxyz23456789")
    facts = {"domain": f"{username}.example", "email": f"{username}@customer.example"}
    return order_for(username, **{"package": BASIC, "options": facts, **changes})


@pytest.fixture
def order() -> Callable[..., CreateOrder]:
    return an_order
