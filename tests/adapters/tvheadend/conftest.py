"""One practice panel a test, an adapter for it, and naive callers that show what the traps do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth

from panelbridge import CreateOrder
from panelbridge.contract.secret import LOGIN_ALPHABET, random_text
from panelbridge_tvheadend import TvheadendAdapter
from panelbridge_tvheadend.practice import TAGS, TvheadendPractice
from tests.support.practice_panel import PanelOf, ask, order_for, started

PACKAGE, OTHER, *_ = TAGS


class Panel(PanelOf[TvheadendAdapter, TvheadendPractice]):
    def call(self, path: str, auth: AuthBase | None, **form: Any) -> requests.Response:
        """What a client gets that just posts; what is no text goes as JSON text."""
        fields = {name: text if isinstance(text, str) else json.dumps(text) for name, text in form.items()}
        return ask("POST", f"{self.server.url}api/{path}", data=fields, auth=auth)

    def naive(self, path: str, **form: Any) -> requests.Response:
        """The same with our own name and password."""
        return self.call(path, HTTPDigestAuth("bridge", self.practice.secrets()[0]), **form)

    def basic(self, path: str) -> requests.Response:
        return self.call(path, HTTPBasicAuth("bridge", self.practice.secrets()[0]))

    def logs_in(self, username: str, password: str) -> bool:
        """Whether a customer gets in and may stream."""
        url = f"{self.server.url}playlist"
        return ask("GET", url, auth=HTTPDigestAuth(username, password)).status_code == 200

    def account(self, username: str) -> dict[str, Any] | None:
        return self.accounts.get(username)

    def entries(self) -> tuple[int, int]:
        """How many access and password entries there are besides our own."""
        counted = self.control.books()["entries"]
        return counted["access"] - 1, counted["passwords"] - 1


@pytest.fixture
def panel_with(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    """Start a practice panel with options."""
    with started(tmp_path, Panel, TvheadendPractice, TvheadendAdapter) as start:
        yield start


def an_order(username: str | None = None, **changes: Any) -> CreateOrder:
    usual = {"package": PACKAGE, "until": datetime(2027, 1, 1, tzinfo=UTC)}
    return order_for(username or random_text(12, LOGIN_ALPHABET), **{**usual, **changes})


@pytest.fixture
def order() -> Callable[..., CreateOrder]:
    return an_order
