"""Connections that are kept: taking one from a pool and giving it back cost more than most transactions."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Engine, NullPool


def _json_text(value: Any) -> str:
    return to_json(value).decode()


# Every operation has several such columns; Python's own encoder takes five times as long.
JSON_BY_PYDANTIC: dict[str, Any] = {"json_serializer": _json_text, "json_deserializer": from_json}
# An error of SQLAlchemy shows the statement's values otherwise: names and addresses of people, in a log.
NO_POOL: dict[str, Any] = {"poolclass": NullPool, "hide_parameters": True}


class KeptConnections:
    """Open connections of one engine, used by one thread at a time each and by no more than are needed.

    Each database says how a transaction begins on a connection that is known already.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: deque[Connection] = deque()
        self._closed = False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Commits at the end, rolls back on an error; after an error the connection is not used again.

        SQLAlchemy's own transaction stays open as long as the connection, and each of ours is the driver's
        alone, without SQLAlchemy's events on each.
        """
        known = self._taken()
        connection = known or self._engine.connect()
        try:
            if known is None:
                connection.begin()
            else:
                self._begin(connection)
            yield connection
            self._commit(connection)
        except BaseException:
            self._discard(connection)
            raise
        self._give_back(connection)

    def _taken(self) -> Connection | None:
        try:
            return self._idle.pop()  # the one used last, whose pages SQLite still has
        except IndexError:
            return None

    def _discard(self, connection: Connection) -> None:
        connection.close()

    def _begin(self, connection: Connection) -> None:
        raise NotImplementedError

    def _give_back(self, connection: Connection) -> None:
        self._idle.append(connection)
        if self._closed:
            self.close()

    def _commit(self, connection: Connection) -> None:
        if not connection.in_transaction():
            raise RuntimeError("the transaction was rolled back inside; nothing was committed")
        connection.connection.commit()

    def close(self) -> None:
        """Close what is idle, and what comes back later."""
        self._closed = True
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:  # another thread was quicker
                return
