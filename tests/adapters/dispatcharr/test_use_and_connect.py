"""How to connect, and what the panel tells of an account's use: what it does not tell is not 0."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def shown(adapter: Any, account: Any) -> list[tuple[str, str, bool]]:
    details = getattr(adapter, "connect", lambda _: ())(account)
    return [(item.kind.value, item.value.get_secret_value(), item.secret) for item in details]


def used(adapter: Any, account: Any) -> Any:
    tell = getattr(adapter, "usages_of", None) if adapter.capabilities.usage else None
    found = list(tell([account.ref])) if tell is not None else []
    return found[0] if found else None


def test_a_player_is_told_server_and_playlist(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    account = made(adapter)
    host = panel.settings["base_url"].rstrip("/")
    server, playlist = shown(adapter, account) or (None, ("", "", False))
    assert server == ("server", host, False)
    assert (playlist[0], playlist[2]) == ("playlist", True)
    assert f"username={account.username}&password={account.password.get_secret_value()}" in playlist[1]


def test_the_last_sign_in_is_told_and_none_is_not_known(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    account = made(adapter)
    never = used(adapter, account)
    assert never is not None
    assert (never.last_seen, never.never_seen, never.connections) == (None, False, None)
    with panel.practice.books.writing() as db:
        db.execute(
            "UPDATE users SET last_login = '2026-11-20T13:00:00.123456Z' WHERE username = ?",
            (account.username,),
        )
    assert used(adapter, account).last_seen == datetime(2026, 11, 20, 13, 0, 0, 123456, tzinfo=UTC)
