"""The store of panels on SQLAlchemy Core; their secrets are sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, select, update

from panelbridge.storage.engine.locks import for_change
from panelbridge.storage.engine.prepared import StoreMemory
from panelbridge.storage.subscriptions.rows import by_id, new_id, page_of
from panelbridge.storage.subscriptions.tables import panels
from panelbridge.storage.vault.sealing import Vault
from panelbridge.subscriptions import Panel, PanelId

_PANEL = by_id(panels)


class SqlPanelStore:
    """Implements ``panelbridge.subscriptions.PanelStore`` inside an open transaction."""

    def __init__(self, connection: Connection, vault: Vault, memory: StoreMemory | None = None) -> None:
        self._connection = connection
        self._vault = vault
        self._memory = memory or StoreMemory()
        # As this transaction saw them first. Who changes one locks it, which reads it again.
        self._panels: dict[PanelId, Panel] = {}

    def panel(self, panel: PanelId) -> Panel | None:
        found = self._panels.get(panel)
        if found is None:
            rows = _PANEL.run(self._connection, {"wanted": panel})
            found = rows.known(self._memory.panels, self._panel)
            if found is not None:
                self._panels[panel] = found
        return found

    def named(self, code: str) -> Panel | None:
        row = self._connection.execute(select(panels).where(panels.c.code == code)).one_or_none()
        return self._panel(row) if row else None

    def lock_named(self, code: str) -> Panel | None:
        query = for_change(select(panels).where(panels.c.code == code))
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        found = self._panels[PanelId(row.id)] = self._panel(row)
        return found

    def all(self) -> Sequence[Panel]:
        return [self._panel(row) for row in self._connection.execute(select(panels).order_by(panels.c.code))]

    def page(self, after: int, limit: int) -> Sequence[Panel]:
        return [self._panel(row) for row in self._connection.execute(page_of(panels, after, limit))]

    def add(self, panel: Panel) -> Panel:
        made = new_id(self._connection, panels, {**_panel_values(panel), "secrets": {}})
        added = replace(panel, id=PanelId(made))
        self._seal(added)
        return added

    def save(self, panel: Panel) -> None:
        self._connection.execute(update(panels).where(panels.c.id == panel.id).values(**_panel_values(panel)))
        self._seal(panel)
        self._panels.pop(panel.id, None)

    def _seal(self, panel: Panel) -> None:
        sealed = {
            name: self._vault.keep(secret, table="panels", row=str(panel.id), field=name)
            for name, secret in panel.secrets.items()
        }
        self._connection.execute(update(panels).where(panels.c.id == panel.id).values(secrets=sealed))

    def _panel(self, row: Row[Any]) -> Panel:
        return Panel(
            id=PanelId(row.id),
            code=row.code,
            backend=row.backend,
            settings=row.settings,
            secrets={
                name: self._vault.at_rest(sealed, table="panels", row=str(row.id), field=name)
                for name, sealed in row.secrets.items()
            },
            practice=row.practice,
            writes_enabled=row.writes_enabled,
        )


def _panel_values(panel: Panel) -> dict[str, Any]:
    return {
        "code": panel.code,
        "backend": panel.backend,
        "settings": dict(panel.settings),
        "practice": panel.practice,
        "writes_enabled": panel.writes_enabled,
    }
