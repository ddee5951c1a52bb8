"""One practice panel a test, an adapter for it, and naive callers that show what the traps do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth

from panelbridge import CreateOrder, Credentials, PanelAccount, Secret
from panelbridge.secret import LOGIN_ALPHABET, random_text
from panelbridge.settings import read_settings
from panelbridge.testing.practice import PracticeControl, PracticeServer
from panelbridge_tvheadend import TvheadendAdapter, TvheadendSettings
from panelbridge_tvheadend.practice import TAGS, TvheadendPractice

PACKAGE, OTHER, *_ = TAGS


@dataclass(kw_only=True)
class Panel:
    """The practice panel, seen from all sides."""

    server: PracticeServer
    practice: TvheadendPractice
    open: list[TvheadendAdapter] = field(default_factory=list)

    @property
    def control(self) -> PracticeControl:
        return PracticeControl(self.server.url)

    def adapter(self, **settings: Any) -> TvheadendAdapter:
        values = {**self.practice.settings(self.server.url), **settings}
        self.open.append(TvheadendAdapter(read_settings(TvheadendSettings, values)))
        return self.open[-1]

    def call(self, path: str, auth: AuthBase | None, **form: Any) -> requests.Response:
        """What a client gets that just posts; what is no text goes as JSON text."""
        fields = {name: text if isinstance(text, str) else json.dumps(text) for name, text in form.items()}
        with requests.Session() as session:
            session.trust_env = False
            return session.post(f"{self.server.url}api/{path}", data=fields, auth=auth, timeout=30)

    def naive(self, path: str, **form: Any) -> requests.Response:
        """The same with our own name and password."""
        return self.call(path, HTTPDigestAuth("bridge", self.practice.secrets()[0]), **form)

    def basic(self, path: str) -> requests.Response:
        return self.call(path, HTTPBasicAuth("bridge", self.practice.secrets()[0]))

    def logs_in(self, username: str, password: str) -> bool:
        """Whether a customer gets in with any right."""
        return self.call("serverinfo", HTTPDigestAuth(username, password)).status_code == 200

    def account(self, username: str) -> Any:
        return self.control.books()["accounts"].get(username)

    def entries(self) -> tuple[int, int]:
        """How many access and password entries there are besides our own."""
        counted = self.control.books()["entries"]
        return counted["access"] - 1, counted["passwords"] - 1

    def operations(self) -> list[str]:
        return [request["operation"] for request in self.control.requests()]


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    practice = TvheadendPractice(tmp_path / "books.sqlite")
    server = PracticeServer(practice)
    server.start()
    one = Panel(server=server, practice=practice)
    yield one
    for adapter in one.open:
        adapter.close()
    server.stop()


def an_order(**changes: Any) -> CreateOrder:
    username = changes.pop("username", None) or random_text(12, LOGIN_ALPHABET)
    values: dict[str, Any] = {
        "credentials": Credentials(username=username, password=Secret(random_text(16))),
        "package": PACKAGE,
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

    def make(adapter: TvheadendAdapter, **changes: Any) -> PanelAccount:
        account = adapter.create(an_order(**changes)).account
        assert account is not None
        return account

    return make
