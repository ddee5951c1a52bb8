"""An access key is told with the account: nothing else a customer has opens the service."""

from __future__ import annotations

from typing import Any

import pytest

from panelbridge import Found, read_settings
from panelbridge_declarative import DeclarativeAdapter
from tests.adapters.declarative.conftest import UNTIL, Start, order_of


@pytest.mark.parametrize(("name", "package"), [("outline", "50gib"), ("marzban", "1")])
def test_the_access_key_comes_with_the_account(practised: Start, name: str, package: str) -> None:
    adapter: Any = practised(name).adapter
    packages = [one.id for one in adapter.list_packages()]
    sold = package if package in packages else packages[0]
    account = adapter.create(order_of(package=sold, until=UNTIL)).account
    found = adapter.get(account.ref)
    assert isinstance(found, Found)
    for told in (account, found.account):
        details = getattr(adapter, "connect", lambda _: ())(told)
        assert [(item.kind.value, item.secret) for item in details] == [("access_key", True)]
        assert details[0].value.get_secret_value().startswith("ss://")
        assert "ss://" not in repr(told)


ORDERS: dict[str, dict[str, Any]] = {
    "ejabberd": {},
    "synapse": {},
    "hestiacp": {"package": "gold", "options": {"domain": "one.example", "email": "one@example.com"}},
    "virtualmin": {"package": "1700000001", "options": {"domain": "one.example", "email": "one@example.com"}},
}


@pytest.mark.parametrize(
    ("name", "kind", "setting"),
    [
        ("ejabberd", "server", "host"),
        ("synapse", "server", "host"),
        ("hestiacp", "web", "base_url"),
        ("virtualmin", "web", "base_url"),
    ],
)
def test_the_server_or_the_page_to_log_in_to_is_told(
    practised: Start, name: str, kind: str, setting: str
) -> None:
    panel = practised(name)
    adapter: Any = panel.adapter
    account = adapter.create(order_of(until=None, **{"package": "", **ORDERS[name]})).account

    assert _told(adapter, account) == [(kind, panel.practice.settings[setting].rstrip("/"), False)]


@pytest.mark.parametrize(
    ("name", "package", "setting", "value", "told"),
    [
        ("modoboa", "1gib", "mail_host", "mail.example.com", ("server", "mail.example.com", False)),
        (
            "3x-ui",
            "50gib",
            "subscription_url",
            "https://vpn.example.com:2096/sub/",
            ("access_key", "https://vpn.example.com:2096/sub/Passw0rd00000001", True),
        ),
    ],
)
def test_what_the_panel_does_not_tell_is_the_operators_to_say(
    practised: Start, name: str, package: str, setting: str, value: str, told: tuple[str, str, bool]
) -> None:
    panel = practised(name)
    account: Any = panel.adapter.create(order_of(package=package, until=None)).account
    assert _told(panel.adapter, account) == []
    model: Any = DeclarativeAdapter.settings_model_for(panel.practice.settings)
    assert setting in model.model_fields

    with DeclarativeAdapter(read_settings(model, {**panel.practice.settings, setting: value})) as adapter:
        found = adapter.get(account.ref)

    assert isinstance(found, Found)
    assert _told(adapter, found.account) == [told]


def _told(adapter: Any, account: Any) -> list[tuple[str, str, bool]]:
    details = getattr(adapter, "connect", lambda _: ())(account)
    return [(one.kind.value, one.value.get_secret_value().rstrip("/"), one.secret) for one in details]
