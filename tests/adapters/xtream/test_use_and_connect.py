"""Connections in use are told to a player's login, and to nothing else."""

from __future__ import annotations

from typing import Any


def used(adapter: Any, account: Any) -> list[Any]:
    return list(getattr(adapter, "usages_of", lambda _: [])([account.ref]))


def test_connections_in_use_are_told_of_a_line_that_may_log_in(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    account = made(adapter)
    panel.control.act("edit", username=account.username, columns={"active_cons": 2})
    assert adapter.capabilities.usage is True
    (usage,) = used(adapter, account)
    assert (usage.id, usage.connections, usage.last_seen, usage.never_seen) == (account.id, 2, None, False)


def test_of_a_line_that_may_not_they_are_not_known(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    account = made(adapter)
    adapter.suspend(account.ref, "overdue")
    assert [usage.connections for usage in used(adapter, account)] == [None]


def test_a_line_has_a_server_and_a_playlist(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    account = made(adapter)
    details = getattr(adapter, "connect", lambda _: ())(account)
    assert [(item.kind.value, item.secret) for item in details] == [("server", False), ("playlist", True)]
    assert details[0].value.get_secret_value() == panel.settings["base_url"].rstrip("/")
