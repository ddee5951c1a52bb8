"""API keys and kept answers on SQLAlchemy Core, over one open transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from panelbridge.access import ApiKey, NewApiKey, Scope, StoredAnswer
from panelbridge.storage.access.tables import api_keys, bridge, kept_answers
from panelbridge.storage.engine.locks import Locks
from panelbridge.storage.engine.prepared import Prepared
from panelbridge.subscriptions import InstallationId, Mode

_KEY_BY_PREFIX = Prepared(select(api_keys).where(api_keys.c.prefix == bindparam("prefix")), typed=True)
_ANSWER = Prepared(
    select(kept_answers.c.fingerprint, kept_answers.c.status, kept_answers.c.body).where(
        kept_answers.c.owner == bindparam("owner"), kept_answers.c.key == bindparam("key")
    ),
    typed=True,
)


class SqlAccessStore:
    """Implements ``panelbridge.access.AccessStore``."""

    def __init__(self, connection: Connection, locks: Locks | None = None) -> None:
        self._connection = connection
        self._locks = locks or Locks(connection)

    def lock_setup(self) -> None:
        self._locks.take("setup")

    def bridge_name(self) -> str | None:
        return self._connection.execute(select(bridge.c.name)).scalar_one_or_none()

    def name_bridge(self, name: str) -> None:
        self._connection.execute(insert(bridge).values(id=1, name=name))

    def add_key(self, key: NewApiKey) -> ApiKey:
        self._connection.execute(
            insert(api_keys).values(
                prefix=key.prefix,
                digest=key.digest,
                mode=key.mode.value,
                scopes=",".join(sorted(scope.value for scope in key.scopes)),
                label=key.label,
                installation_id=key.installation_id,
                created_at=key.created_at,
                expires_at=key.expires_at,
            )
        )
        stored = self.key(key.prefix)
        if stored is None:
            raise LookupError(f"the key {key.prefix} was not stored")
        return stored

    def key(self, prefix: str) -> ApiKey | None:
        row = _KEY_BY_PREFIX.run(self._connection, {"prefix": prefix}).first()
        return _key(row) if row is not None else None

    def keys(
        self, *, installation: InstallationId | None = None, after: int = 0, limit: int = 100
    ) -> Sequence[ApiKey]:
        wanted = select(api_keys).where(api_keys.c.id > after).order_by(api_keys.c.id).limit(limit)
        if installation is not None:
            wanted = wanted.where(api_keys.c.installation_id == installation)
        return [_key(row) for row in self._connection.execute(wanted)]

    def revoke_key(self, prefix: str, at: datetime) -> ApiKey | None:
        self._connection.execute(
            update(api_keys)
            .where(api_keys.c.prefix == prefix, api_keys.c.revoked_at.is_(None))
            .values(revoked_at=at)
        )
        return self.key(prefix)

    def note_key_use(self, prefix: str, at: datetime) -> None:
        self._connection.execute(update(api_keys).where(api_keys.c.prefix == prefix).values(last_used_at=at))

    def lock_answer(self, owner: str, key: str) -> StoredAnswer | None:
        self._locks.take("answer", owner, key)
        return self.answer(owner, key)

    def answer(self, owner: str, key: str) -> StoredAnswer | None:
        row = _ANSWER.run(self._connection, {"owner": owner, "key": key}).first()
        if row is None:
            return None
        return StoredAnswer(fingerprint=row.fingerprint, status=row.status, body=row.body)

    def open_answer(self, owner: str, key: str, fingerprint: str, at: datetime) -> None:
        self._connection.execute(
            insert(kept_answers).values(owner=owner, key=key, fingerprint=fingerprint, at=at)
        )

    def keep_answer(self, owner: str, key: str, status: int, body: str) -> None:
        self._connection.execute(
            update(kept_answers)
            .where(kept_answers.c.owner == owner, kept_answers.c.key == key, kept_answers.c.status.is_(None))
            .values(status=status, body=body)
        )


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        prefix=row.prefix,
        digest=bytes(row.digest),
        mode=Mode(row.mode),
        scopes=frozenset(Scope(scope) for scope in row.scopes.split(",")),
        label=row.label,
        installation_id=InstallationId(row.installation_id) if row.installation_id is not None else None,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
