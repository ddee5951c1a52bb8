"""How to connect to a line or a box, and what the panel tells of its use: what it does not tell is not 0."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

BOX: dict[str, Any] = {"package": "41", "mac": "00:1A:79:12:34:56"}


def shown(adapter: Any, account: Any) -> list[tuple[str, str, bool]]:
    """Kind, value and whether it is secret; nothing where the adapter knows no such thing."""
    details = getattr(adapter, "connect", lambda _: ())(account)
    return [(item.kind.value, item.value.get_secret_value(), item.secret) for item in details]


def used(adapter: Any, account: Any) -> Any:
    (usage,) = list(getattr(adapter, "usages_of", lambda _: [None])([account.ref]))
    return usage


@pytest.mark.parametrize("player", [None, "http://tv.example:8080"])
def test_a_line_has_a_server_and_a_playlist(panel: Any, made: Any, player: str | None) -> None:
    account = made(panel.reseller())
    settings = {} if player is None else {"player_url": player}
    adapter = panel.reseller(**settings) if player is None or _knows(panel) else panel.reseller()
    host = player or panel.settings["base_url"].rstrip("/")
    login = f"username={account.username}&password={account.password.get_secret_value()}"
    assert shown(adapter, account) == [
        ("server", host, False),
        ("playlist", f"{host}/get.php?{login}&type=m3u_plus&output=ts", True),
    ]
    assert panel.settings["access_code"] not in str(shown(adapter, account))


def _knows(panel: Any) -> bool:
    return "player_url" in panel.adapter_class.settings_model.model_fields


def test_a_box_has_a_portal(panel: Any, made: Any) -> None:
    adapter = panel.reseller(lookup=True)
    account = made(adapter, **BOX)
    assert shown(adapter, account) == [("portal", f"{panel.settings['base_url']}c/", False)]


@pytest.mark.parametrize("dialect", ["reseller", "admin"])
def test_last_seen_and_address_are_told_and_connections_are_not_known(
    panel: Any, made: Any, dialect: str
) -> None:
    adapter = panel.admin() if dialect == "admin" else panel.reseller()
    account = made(adapter)
    never = used(adapter, account)
    assert never is not None
    assert (never.never_seen, never.last_seen, never.connections) == (True, None, None)
    seen = {"last_activity": 1_790_000_000, "last_ip": "203.0.113.7"}
    panel.control.act("edit", username=account.username, columns=seen)
    usage = used(adapter, account)
    assert usage.last_seen == datetime.fromtimestamp(1_790_000_000, UTC)
    assert (usage.never_seen, usage.address, usage.connections) == (False, "203.0.113.7", None)
    assert "203.0.113.7" not in repr(usage)


def test_every_line_and_box_of_the_list_is_told(panel: Any, made: Any) -> None:
    adapter = panel.reseller(lookup=True)
    ids = {made(adapter).id, made(adapter, **BOX).id}
    assert adapter.capabilities.usage is True
    assert {usage.id for usage in adapter.usages()} == ids
