"""The store of resellers on SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from panelbridge.ledger import ResellerId
from panelbridge.storage.subscriptions.rows import by_id, new_id, page_of
from panelbridge.storage.subscriptions.tables import resellers
from panelbridge.subscriptions import Reseller

_RESELLER = by_id(resellers)


class SqlResellerStore:
    """Implements ``panelbridge.subscriptions.ResellerStore`` inside an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reseller(self, reseller: ResellerId) -> Reseller | None:
        row = _RESELLER.run(self._connection, {"wanted": reseller}).first()
        return _reseller(row) if row else None

    def named(self, code: str) -> Reseller | None:
        row = self._connection.execute(select(resellers).where(resellers.c.code == code)).one_or_none()
        return _reseller(row) if row else None

    def page(self, after: int, limit: int) -> Sequence[Reseller]:
        return [_reseller(row) for row in self._connection.execute(page_of(resellers, after, limit))]

    def all(self) -> Sequence[Reseller]:
        rows = self._connection.execute(select(resellers).order_by(resellers.c.code))
        return [_reseller(row) for row in rows]

    def add(self, code: str, name: str, parent: ResellerId | None = None) -> Reseller:
        made = new_id(self._connection, resellers, {"code": code, "name": name, "parent_id": parent})
        return Reseller(id=ResellerId(made), code=code, name=name, parent_id=parent)


def _reseller(row: Row[Any]) -> Reseller:
    parent = ResellerId(row.parent_id) if row.parent_id is not None else None
    return Reseller(id=ResellerId(row.id), code=row.code, name=row.name, parent_id=parent)
