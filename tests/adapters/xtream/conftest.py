"""One practice panel a test, with adapters for it and a naive caller that shows what the traps do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge import CreateOrder
from panelbridge.contract.secret import LOGIN_ALPHABET, random_text
from panelbridge_xtream import XtreamAdapter
from panelbridge_xtream.practice import XtreamPractice
from tests.support.practice_panel import PanelOf, ask, order_for, started


class Panel(PanelOf[XtreamAdapter, XtreamPractice]):
    def post(self, action: str, sub: str, **fields: str) -> requests.Response:
        """What a client gets that just posts. ``user_data`` columns begin with an underscore."""
        form = {f"user_data[{name[1:]}]" if name[0] == "_" else name: text for name, text in fields.items()}
        address = f"{self.server.url}api.php?action={action}&sub={sub}"
        return ask("POST", address, data={"api_pass": self.settings.get("api_pass", ""), **form})

    def naive(self, action: str, sub: str, **fields: str) -> Any:
        return self.post(action, sub, **fields).json()

    def books(self, username: str) -> dict[str, Any]:
        return self.accounts[username]

    def lines(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = self.control.books()["lines"]
        return lines


@pytest.fixture
def panel_with(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    """Start a practice panel with other options."""
    with started(tmp_path, Panel, XtreamPractice, XtreamAdapter) as start:
        yield start


def an_order(**changes: Any) -> CreateOrder:
    return order_for(random_text(12, LOGIN_ALPHABET), **{"package": "basic", **changes})


@pytest.fixture
def order() -> Callable[..., CreateOrder]:
    return an_order
