"""The store of installations on SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from panelbridge.ledger import ResellerId
from panelbridge.storage.engine.locks import for_change
from panelbridge.storage.engine.prepared import Prepared
from panelbridge.storage.subscriptions.rows import by_id, new_id, page_of
from panelbridge.storage.subscriptions.tables import installations
from panelbridge.subscriptions import Installation, InstallationId, Mode

_INSTALLATION = by_id(installations)
_LOCKED = Prepared(
    for_change(select(installations).where(installations.c.id == bindparam("wanted"))), typed=True
)


class SqlInstallationStore:
    """Implements ``panelbridge.subscriptions.InstallationStore`` inside an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def installation(self, installation: InstallationId) -> Installation | None:
        row = _INSTALLATION.run(self._connection, {"wanted": installation}).first()
        return _installation(row) if row else None

    def lock(self, installation: InstallationId) -> Installation | None:
        row = _LOCKED.run(self._connection, {"wanted": installation}).first()
        return _installation(row) if row else None

    def named(self, code: str) -> Installation | None:
        query = select(installations).where(installations.c.code == code)
        row = self._connection.execute(query).one_or_none()
        return _installation(row) if row else None

    def page(self, after: int, limit: int) -> Sequence[Installation]:
        return [_installation(row) for row in self._connection.execute(page_of(installations, after, limit))]

    def all(self) -> Sequence[Installation]:
        rows = self._connection.execute(select(installations).order_by(installations.c.code))
        return [_installation(row) for row in rows]

    def add(self, installation: Installation) -> Installation:
        made = new_id(
            self._connection,
            installations,
            {
                "reseller_id": installation.reseller_id,
                "code": installation.code,
                "mode": installation.mode.value,
                "system_url": installation.system_url,
                "module_id": installation.module_id,
                "bound_at": installation.bound_at,
            },
        )
        return replace(installation, id=InstallationId(made))

    def bind(
        self, installation: InstallationId, *, system_url: str | None, module_id: str | None, at: datetime
    ) -> None:
        self._connection.execute(
            update(installations)
            .where(installations.c.id == installation)
            .values(system_url=system_url, module_id=module_id, bound_at=at if system_url else None)
        )


def _installation(row: Row[Any]) -> Installation:
    return Installation(
        id=InstallationId(row.id),
        reseller_id=ResellerId(row.reseller_id),
        code=row.code,
        mode=Mode(row.mode),
        system_url=row.system_url,
        module_id=row.module_id,
        bound_at=row.bound_at,
    )
