"""How to connect, and what the panel tells of an account's use: what it does not tell is not 0."""

from __future__ import annotations

import json
from typing import Any


def shown(adapter: Any, account: Any) -> list[tuple[str, str, bool]]:
    details = getattr(adapter, "connect", lambda _: ())(account)
    return [(item.kind.value, item.value.get_secret_value(), item.secret) for item in details]


def used(adapter: Any, account: Any) -> Any:
    tell = getattr(adapter, "usages_of", None) if adapter.capabilities.usage else None
    found = list(tell([account.ref])) if tell is not None else []
    return found[0] if found else None


def fact(panel: Any, name: str, value: Any) -> None:
    with panel.practice.books.writing() as db:
        panel.practice.books.set_fact(db, name, json.dumps(value))


def test_the_servers_address_is_told(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    assert shown(adapter, made(adapter)) == [("server", panel.settings["base_url"].rstrip("/"), False)]


def test_what_plays_is_told_with_where_and_in_what(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    account = made(adapter)
    idle = used(adapter, account)
    assert idle is not None
    assert (idle.connections, idle.last_seen, idle.address, idle.player) == (0, None, None, None)
    session = {"UserId": account.id, "Client": "Jellyfin Web", "RemoteEndPoint": "203.0.113.7"}
    stream = {**session, "LastActivityDate": "2026-11-20T13:00:00.1234567Z", "NowPlayingItem": {"Name": "x"}}
    fact(panel, "sessions", [session, stream, {**stream, "UserId": "another"}, None])
    usage = used(adapter, account)
    assert (usage.connections, usage.address, usage.player) == (1, "203.0.113.7", "Jellyfin Web")
