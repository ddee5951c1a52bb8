"""Items of attention on SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from panelbridge.attention import SENT_AGAIN, AttentionId, AttentionItem, Subject, SubjectKind
from panelbridge.storage.attention.tables import attention
from panelbridge.storage.engine.locks import for_change
from panelbridge.storage.engine.prepared import Prepared, survived
from panelbridge.storage.engine.races import is_raced
from panelbridge.storage.provisioning.tables import operations

_RESOLVE_OF = Prepared(  # every settled operation runs this one
    update(attention)
    .where(
        attention.c.resolved_at.is_(None),
        attention.c.operation_id == bindparam("wanted"),
        attention.c.code != SENT_AGAIN,
    )
    .values(
        resolved_at=bindparam("new_at"), resolution=bindparam("new_resolution"), actor=bindparam("new_actor")
    ),
    typed=True,
)


class SqlAttentionStore:
    """Implements ``panelbridge.attention.AttentionStore`` inside an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def raise_item(self, item: AttentionItem) -> AttentionItem:
        known = self._same(item)
        while known is None:
            try:
                with survived(self._connection):
                    return self._insert(item)
            except IntegrityError as error:  # another transaction told the same meanwhile
                known = self._same(item)
                if known is None and not is_raced(error):
                    raise
        return self._reported_again(known, item)

    def resolve(self, item: AttentionId, *, resolution: str, actor: str, at: datetime) -> None:
        query = update(attention).where(attention.c.resolved_at.is_(None), attention.c.id == item)
        self._connection.execute(query.values(resolved_at=at, resolution=resolution, actor=actor))

    def resolve_of(self, operation: int, *, resolution: str, actor: str, at: datetime) -> None:
        values = {"new_at": at, "new_resolution": resolution, "new_actor": actor, "wanted": operation}
        _RESOLVE_OF.run(self._connection, values)

    def item(self, item: AttentionId) -> AttentionItem | None:
        row = self._connection.execute(select(attention).where(attention.c.id == item)).first()
        return None if row is None else _item(row)

    def items(
        self,
        *,
        code: str | None = None,
        subject: Subject | None = None,
        open_only: bool = True,
        after: int = 0,
        limit: int | None = None,
    ) -> Sequence[AttentionItem]:
        query = select(attention).where(attention.c.id > after).order_by(attention.c.id).limit(limit)
        if code is not None:
            query = query.where(attention.c.code == code)
        if subject is not None:
            query = query.where(
                attention.c.subject_kind == subject.kind.value, attention.c.subject_id == subject.id
            )
        if open_only:
            query = query.where(attention.c.resolved_at.is_(None))
        return [_item(row) for row in self._connection.execute(query)]

    def of_installation(self, installation: int, after: int, limit: int) -> Sequence[AttentionItem]:
        of_its_own = select(operations.c.id).where(
            operations.c.id == attention.c.operation_id, operations.c.installation_id == installation
        )
        of_a_panel = (attention.c.operation_id.is_(None)) & (
            attention.c.subject_kind == SubjectKind.PANEL.value
        )
        query = select(attention).where(
            attention.c.resolved_at.is_(None), attention.c.id > after, of_its_own.exists() | of_a_panel
        )
        return [_item(row) for row in self._connection.execute(query.order_by(attention.c.id).limit(limit))]

    def count_open(self) -> int:
        query = select(func.count()).select_from(attention).where(attention.c.resolved_at.is_(None))
        return int(self._connection.execute(query).scalar_one())

    def _same(self, item: AttentionItem) -> AttentionItem | None:
        """The open one; nobody resolves it before this transaction ends."""
        query = select(attention).where(
            attention.c.code == item.code,
            attention.c.resolved_at.is_(None),
            attention.c.subject_kind == item.subject.kind.value,
            attention.c.subject_id == item.subject.id,
            attention.c.operation_id.is_not_distinct_from(item.operation_id),
        )
        row = self._connection.execute(for_change(query)).first()
        return None if row is None else _item(row)

    def _insert(self, item: AttentionItem) -> AttentionItem:
        made = self._connection.execute(insert(attention), _values(item)).inserted_primary_key
        return replace(item, id=AttentionId(int(made[0]) if made is not None else 0))

    def _reported_again(self, known: AttentionItem, item: AttentionItem) -> AttentionItem:
        now = replace(known, message=item.message, advice=item.advice)
        if now != known:
            change = update(attention).where(attention.c.id == known.id)
            self._connection.execute(change.values(message=now.message, advice=now.advice))
        return now


def _values(item: AttentionItem) -> dict[str, Any]:
    return {
        "code": item.code,
        "subject_kind": item.subject.kind.value,
        "subject_id": item.subject.id,
        "message": item.message,
        "advice": item.advice,
        "opened_at": item.opened_at,
        "operation_id": item.operation_id,
        "subscription_id": item.subscription_id,
        "panel_id": item.panel_id,
    }


def _item(row: Row[Any]) -> AttentionItem:
    return AttentionItem(
        id=AttentionId(row.id),
        code=row.code,
        subject=Subject(kind=SubjectKind(row.subject_kind), id=row.subject_id),
        message=row.message,
        advice=row.advice,
        opened_at=row.opened_at,
        operation_id=row.operation_id,
        panel_id=row.panel_id,
        resolved_at=row.resolved_at,
        resolution=row.resolution,
        actor=row.actor,
    )
