"""An access key is told with the account: nothing else a customer has opens the service."""

from __future__ import annotations

from typing import Any

import pytest

from panelbridge import Found
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
