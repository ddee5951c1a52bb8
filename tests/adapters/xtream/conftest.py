"""One practice panel a test, with adapters for it and a naive caller that shows what the traps do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge import CreateOrder, Credentials, PanelAccount, Secret, read_settings
from panelbridge.secret import LOGIN_ALPHABET, random_text
from panelbridge.testing.practice import PracticeControl, PracticeServer
from panelbridge_xtream import XtreamAdapter, XtreamSettings
from panelbridge_xtream.practice import XtreamPractice


@dataclass(kw_only=True)
class Panel:
    """The practice panel, seen from all sides."""

    server: PracticeServer
    practice: XtreamPractice
    open: list[XtreamAdapter] = field(default_factory=list)

    @property
    def control(self) -> PracticeControl:
        return PracticeControl(self.server.url)

    @property
    def settings(self) -> dict[str, Any]:
        return self.practice.settings(self.server.url)

    def adapter(self, **settings: Any) -> XtreamAdapter:
        self.open.append(XtreamAdapter(read_settings(XtreamSettings, {**self.settings, **settings})))
        return self.open[-1]

    def post(self, action: str, sub: str, **fields: str) -> requests.Response:
        """What a client gets that just posts. ``user_data`` columns begin with an underscore."""
        form = {f"user_data[{name[1:]}]" if name[0] == "_" else name: text for name, text in fields.items()}
        address = f"{self.server.url}api.php?action={action}&sub={sub}"
        with requests.Session() as session:
            session.trust_env = False
            key = {"api_pass": self.settings.get("api_pass", "")}
            return session.post(address, data={**key, **form}, timeout=30)

    def naive(self, action: str, sub: str, **fields: str) -> Any:
        return self.post(action, sub, **fields).json()

    def books(self, username: str) -> dict[str, Any]:
        account: dict[str, Any] = self.control.books()["accounts"][username]
        return account

    def lines(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = self.control.books()["lines"]
        return lines

    def operations(self) -> list[str]:
        return [request["operation"] for request in self.control.requests()]


@pytest.fixture
def panel_with(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    """Start a practice panel with other options."""
    started: list[Panel] = []

    def start(**options: str) -> Panel:
        practice = XtreamPractice(tmp_path / f"books{len(started)}.sqlite", options)
        server = PracticeServer(practice)
        server.start()
        started.append(Panel(server=server, practice=practice))
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
    username = random_text(12, LOGIN_ALPHABET)
    values: dict[str, Any] = {
        "credentials": Credentials(username=username, password=Secret(random_text(16))),
        "package": "basic",
        "until": datetime.now(UTC).replace(microsecond=0) + timedelta(days=30),
        "reference": f"bridge:{username}:1",
    }
    return CreateOrder(**{**values, **changes})


@pytest.fixture
def order() -> Callable[..., CreateOrder]:
    return an_order


@pytest.fixture
def made() -> Callable[..., PanelAccount]:
    """An account that exists."""

    def make(adapter: XtreamAdapter, **changes: Any) -> PanelAccount:
        account = adapter.create(an_order(**changes)).account
        assert account is not None
        return account

    return make
