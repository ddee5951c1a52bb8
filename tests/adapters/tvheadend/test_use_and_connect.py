"""How to connect, and what the panel tells of an account's use: what it does not tell is not 0."""

from __future__ import annotations

import json
from datetime import UTC, datetime
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


def test_server_and_playlist_are_told(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    base = panel.settings["base_url"]
    assert shown(adapter, made(adapter)) == [
        ("server", base.rstrip("/"), False),
        ("playlist", f"{base}playlist/channels", False),
    ]


def test_who_plays_is_told_with_where_and_what(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    account = made(adapter)
    idle = used(adapter, account)
    assert idle is not None
    assert (idle.connections, idle.last_seen, idle.never_seen) == (0, None, False)
    stream = {"username": account.username, "hostname": "203.0.113.7", "client": "VLC", "state": "Running"}
    fact(panel, "subscriptions", [stream, stream, {**stream, "username": "another"}, None])
    usage = used(adapter, account)
    assert (usage.connections, usage.address, usage.player) == (2, "203.0.113.7", "VLC")
    assert usage.last_seen > datetime(2026, 11, 20, tzinfo=UTC)
