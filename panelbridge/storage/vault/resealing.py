"""After a new key: every sealed value is sealed with it. What no key opens stays as it is, and is counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Table, select, update

from panelbridge.storage.engine.locks import for_change
from panelbridge.storage.exceptions import VaultError
from panelbridge.storage.provisioning.tables import operations
from panelbridge.storage.subscriptions.tables import panels, subscriptions
from panelbridge.storage.vault.sealing import Vault

_PAGE = 500


@dataclass(frozen=True, kw_only=True)
class Resealed:
    """How many values were sealed anew, and how many no key of the file opens."""

    sealed: int
    unreadable: int


class _Count:
    """Rotates values and counts."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self.sealed = self.unreadable = 0

    def rotate(self, sealed: str) -> str:
        try:
            fresh = self._vault.rotate(sealed)
        except VaultError:
            self.unreadable += 1
            return sealed
        self.sealed += 1
        return fresh


def reseal(connection: Connection, vault: Vault) -> Resealed:
    """Every secret of the database is under the newest key of ``vault``. Repeating it is safe."""
    count = _Count(vault)
    # In the order in which everybody locks: subscriptions, then operations.
    for table, column in ((subscriptions, "password"), (subscriptions, "connect"), (operations, "password")):
        _each_row(connection, table, column, count.rotate)
    _each_row(
        connection,
        panels,
        "secrets",
        lambda secrets: {name: count.rotate(sealed) for name, sealed in secrets.items()},
    )
    return Resealed(sealed=count.sealed, unreadable=count.unreadable)


def _each_row(connection: Connection, table: Table, column: str, change: Callable[..., object]) -> None:
    last = 0
    query = select(table.c.id, table.c[column]).where(table.c[column].is_not(None)).order_by(table.c.id)
    while rows := connection.execute(for_change(query.where(table.c.id > last).limit(_PAGE))).all():
        for number, value in rows:
            connection.execute(update(table).where(table.c.id == number).values({column: change(value)}))
        last = rows[-1][0]
