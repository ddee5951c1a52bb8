"""One practice panel a test, with adapters for it and a naive caller that shows what the traps do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from panelbridge import CreateOrder, PanelAccount, Purchase, Term
from panelbridge.contract.secret import LOGIN_ALPHABET, random_text
from panelbridge_xui import XuiAdapter
from panelbridge_xui.practice import XuiPractice
from panelbridge_xui.practice_tables import insert, update
from tests.support.practice_panel import PanelOf, ask, order_for, started

MONTH = Term(months=1)


class Panel(PanelOf[XuiAdapter, XuiPractice]):
    def reseller(self, *, lookup: bool = False, **settings: Any) -> XuiAdapter:
        values = {**self.settings, **settings}
        if not lookup:
            values = {name: value for name, value in values.items() if not name.startswith("admin_")}
        return self.opened(values)

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
        return self.opened(values)

    def naive(self, action: str, *fields: tuple[str, str], admin: bool = False) -> Any:
        """What a client gets that just posts; ``None`` for an empty body."""
        own, prefix = self.settings, "admin_" if admin else ""
        form = [("api_key", own[f"{prefix}api_key"]), ("action", action), *fields]
        reply = ask("POST", f"{own['base_url']}{own[f'{prefix}access_code']}/", data=form)
        assert reply.status_code == 200
        assert reply.headers["Content-Type"].startswith("text/html")
        return json.loads(reply.content) if reply.content else None

    def account(self, username: str) -> dict[str, Any]:
        return self.accounts[username]

    def charges(self, username: str) -> list[int]:
        charges: list[int] = self.control.books()["charges"].get(username, [])
        return charges

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
    """Start a practice panel; without options a reseller's list is empty, as in the July 2025 release."""
    with started(tmp_path, Panel, XuiPractice, XuiAdapter) as start:
        yield partial(start, admin_lookup="on")


def an_order(**changes: Any) -> CreateOrder:
    return order_for(random_text(12, LOGIN_ALPHABET), **{"package": "1", **changes})


def a_purchase(account: PanelAccount, package: str = "1", **changes: Any) -> Purchase:
    return Purchase(package=package, term=MONTH, before=account.expires_at, **changes)


@pytest.fixture
def order() -> Callable[..., CreateOrder]:
    return an_order


@pytest.fixture
def purchase() -> Callable[..., Purchase]:
    return a_purchase
