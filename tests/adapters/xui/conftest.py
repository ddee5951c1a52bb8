"""One practice panel a test, with adapters for it and a naive caller that shows what the traps do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge import CreateOrder, Credentials, PanelAccount, Purchase, Secret, Term
from panelbridge.secret import LOGIN_ALPHABET, random_text
from panelbridge.settings import read_settings
from panelbridge.testing.practice import PracticeControl, PracticeServer
from panelbridge_xui import XuiAdapter, XuiSettings
from panelbridge_xui.practice import XuiPractice
from panelbridge_xui.practice_tables import insert, update

MONTH = Term(months=1)


@dataclass(kw_only=True)
class Panel:
    """The practice panel, seen from all sides."""

    server: PracticeServer
    practice: XuiPractice
    open: list[XuiAdapter] = field(default_factory=list)

    @property
    def control(self) -> PracticeControl:
        return PracticeControl(self.server.url)

    @property
    def settings(self) -> dict[str, Any]:
        return self.practice.settings(self.server.url)

    def reseller(self, *, lookup: bool = False, **settings: Any) -> XuiAdapter:
        values = {**self.settings, **settings}
        if not lookup:
            values = {name: value for name, value in values.items() if not name.startswith("admin_")}
        return self._opened(values)

    def admin(self, **settings: Any) -> XuiAdapter:
        own = self.settings
        values = {
            "base_url": own["base_url"],
            "dialect": "admin",
            "access_code": own["admin_access_code"],
            "api_key": own["admin_api_key"],
            "member_id": 2,
            **settings,
        }
        return self._opened(values)

    def _opened(self, values: dict[str, Any]) -> XuiAdapter:
        adapter = XuiAdapter(read_settings(XuiSettings, values))
        self.open.append(adapter)
        return adapter

    def naive(self, action: str, *fields: tuple[str, str], admin: bool = False) -> Any:
        """What a client gets that just posts; ``None`` for an empty body."""
        own, prefix = self.settings, "admin_" if admin else ""
        form = [("api_key", own[f"{prefix}api_key"]), ("action", action), *fields]
        with requests.Session() as session:
            session.trust_env = False
            reply = session.post(f"{own['base_url']}{own[f'{prefix}access_code']}/", data=form, timeout=30)
        assert reply.status_code == 200
        assert reply.headers["Content-Type"].startswith("text/html")
        return json.loads(reply.content) if reply.content else None

    def account(self, username: str) -> dict[str, Any]:
        account: dict[str, Any] = self.control.books()["accounts"][username]
        return account

    def charges(self, username: str) -> list[int]:
        charges: list[int] = self.control.books()["charges"].get(username, [])
        return charges

    def operations(self) -> list[str]:
        return [request["operation"] for request in self.control.requests()]

    def row(self, line_id: str) -> dict[str, Any]:
        """The full line row as the admin API prints it."""
        row: dict[str, Any] = self.naive("get_line", ("id", line_id), admin=True)["data"]
        return row

    def write_user(self, user_id: int, columns: Mapping[str, Any]) -> None:
        """Columns of a panel user, straight in the panel's books."""
        with self.practice.books.writing() as db:
            update(db, "users", user_id, columns)

    def insert_lines(self, rows: list[Mapping[str, Any]]) -> None:
        """Lines put straight into the panel's books."""
        with self.practice.books.writing() as db:
            for row in rows:
                insert(db, "lines", row)


@pytest.fixture
def panel_with(tmp_path: Path) -> Iterator[Callable[..., Panel]]:
    """Start a practice panel with other options."""
    started: list[Panel] = []

    def start(**options: str) -> Panel:
        books = tmp_path / f"books{len(started)}.sqlite"
        practice = XuiPractice(books, {"admin_lookup": "on", **options})
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
    """As the July 2025 release is: a reseller's list is empty."""
    return panel_with()


def an_order(**changes: Any) -> CreateOrder:
    username = random_text(12, LOGIN_ALPHABET)
    values: dict[str, Any] = {
        "credentials": Credentials(username=username, password=Secret(random_text(16))),
        "package": "1",
        "until": datetime.now(UTC).replace(microsecond=0) + timedelta(days=30),
        "reference": f"bridge:{username}:1",
    }
    return CreateOrder(**{**values, **changes})


def a_purchase(account: PanelAccount, package: str = "1", **changes: Any) -> Purchase:
    return Purchase(package=package, term=MONTH, before=account.expires_at, **changes)


@pytest.fixture
def order() -> Callable[..., CreateOrder]:
    return an_order


@pytest.fixture
def purchase() -> Callable[..., Purchase]:
    return a_purchase


@pytest.fixture
def made() -> Callable[..., PanelAccount]:
    """An account that exists."""

    def make(adapter: XuiAdapter, **changes: Any) -> PanelAccount:
        account = adapter.create(an_order(**changes)).account
        assert account is not None
        return account

    return make
