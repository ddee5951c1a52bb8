"""The portal's address, and what the portal tells of an account's use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.adapters.stalker.conftest import Panel, made, order


def used(adapter: Any, *accounts: Any) -> list[Any]:
    return list(getattr(adapter, "usages_of", lambda _: [])([account.ref for account in accounts]))


def test_the_portal_is_told(panel: Panel) -> None:
    adapter: Any = panel.adapter()
    account = made(adapter)
    details = getattr(adapter, "connect", lambda _: ())(account)
    told = [(item.kind.value, item.value.get_secret_value(), item.secret) for item in details]
    assert told == [("portal", panel.settings["base_url"].replace("api/v1/", "c/"), False)]


def test_use_is_told_in_the_portals_zone(start: Callable[..., Panel]) -> None:
    panel = start(time_zone="Europe/Berlin")
    adapter = panel.adapter()
    account, other = made(adapter), made(adapter, order("berta234"))
    for column, value in {
        "online": 1,
        "ip": "203.0.113.7",
        "stb_type": "MAG254",
        "version": "0.2.18",
        "last_active": "2026-11-20 13:00:00",
    }.items():
        panel.control.act("set", username="anna2345", column=column, value=value)
    assert adapter.capabilities.usage is True
    usage, never = used(adapter, account, other)
    assert usage.last_seen == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert (usage.connections, usage.address, usage.player) == (1, "203.0.113.7", "MAG254 0.2.18")
    assert (never.never_seen, never.last_seen, never.connections, never.address) == (True, None, 0, None)
    assert {one.username for one in adapter.usages()} == {"anna2345", "berta234"}
