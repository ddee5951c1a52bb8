"""Keeps the witness: compares it as the books are opened, and has it speak before each call."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from panelbridge.ledger.chain import ChainKeys
from panelbridge.provisioning.effects import Unwitnessed, WriteStop
from panelbridge.storage.engine.database import Database
from panelbridge.storage.engine.database_identity import identity_of
from panelbridge.storage.provisioning.effects_store import SqlEffectsStore
from panelbridge.storage.witness.judging import judge, losses
from panelbridge.storage.witness.reading import BooksReader, Past
from panelbridge.storage.witness.record import Place, Record, new_record
from panelbridge.storage.witness.slots import WitnessFile, WitnessLost

_MARK = "witness"  # under which the database knows since when it has one


def losses_of(record: Record, connection: Connection) -> list[str]:
    """What the witness saw and the books of ``connection`` do not have."""
    seen = BooksReader().seen(connection)
    return list(losses(record.seen, seen, Past(connection)))


class Witness:
    """One per process and database. Thread-safe."""

    def __init__(
        self, path: Path, folder: Path, database: Database, keys: ChainKeys, clock: Callable[[], datetime]
    ) -> None:
        """``folder``: the one whose copy would be another bridge."""
        self._file = WitnessFile(path, keys)
        self._folder = folder
        self._database = database
        self._clock = clock
        self._reader = BooksReader()
        self._lock = threading.Lock()
        self._begun = 0  # rounds of reading and writing
        self._ended = 0
        self._known = False  # the database knows of it, as this process has seen

    def compare(self) -> WriteStop | None:
        """Why writes must stop, were the books opened as they are; ``None`` when all is well."""
        with self._lock:
            record = self._file.newest()  # before the database: see ``judge``
            with self._database.read() as connection:
                seen = self._reader.seen(connection)
                why = judge(
                    known=SqlEffectsStore(connection).mark(_MARK) is not None,
                    record=record,
                    seen=seen,
                    place=self._here(connection),
                    past=Past(connection),
                )
        if why is None:
            return None
        highest = record.seen.operation if record is not None else None
        return WriteStop(code=why[0], message=why[1], since=self._clock(), highest_operation=highest)

    def begin_for_old_books(self) -> None:
        """Books that made calls before there was a witness get one now; others with their first call."""
        with self._lock:
            with self._database.read() as connection:
                called = self._reader.seen(connection).sequence > 0
            if called:
                self._have_one()

    def confirm(self) -> None:
        """A person says that these books are the ones: the witness says how far and where they are now.

        Raises ``OSError`` when it cannot be written.
        """
        with self._lock:
            self._make()

    def note(self) -> Unwitnessed | None:
        """Before a call, after the commit of its attempt: the witness knows of it. Why not, when it cannot.

        Threads that come while one writes are served by one write together.
        """
        arrived = self._begun
        with self._lock:
            if self._ended > arrived:
                return None  # a round that began after our commit has ended: it saw it
            self._begun += 1
            try:
                self._witness()
            except (OSError, WitnessLost) as error:
                said = error.strerror or str(error) if isinstance(error, OSError) else str(error)
                return Unwitnessed(f"the witness {self._file.path} cannot be written: {said}")
            self._ended = self._begun
        return None

    def close(self) -> None:
        """Give back the file."""
        with self._lock:
            self._file.close()

    def last(self) -> Record | None:
        """What it says now, for people."""
        with self._lock:
            return self._file.newest()

    def _witness(self) -> None:
        self._have_one()
        with self._database.read() as connection:
            seen, place = self._reader.seen(connection), self._here(connection)
        with self._file.locked():
            record = self._file.newest_here()
            if record is None:
                raise WitnessLost("its slots are damaged")
            if record.place != place:
                raise WitnessLost("it names another database: another server took over, or another bridge")
            if (record.seen.sequence, record.seen.recent) < (seen.sequence, seen.recent):
                self._file.write(new_record(seen, place, self._clock()))

    def _have_one(self) -> None:
        if not self._known:
            with self._database.read() as connection:
                self._known = SqlEffectsStore(connection).mark(_MARK) is not None
        if not self._known:
            self._make()

    def _make(self) -> None:
        """The file first: a death in between leaves a witness that the database will take for its own."""
        now = self._clock()
        with self._database.write() as connection:
            seen = self._reader.seen(connection)
            self._file.create(new_record(seen, self._here(connection), now))
            SqlEffectsStore(connection).set_mark(_MARK, now.isoformat(timespec="seconds"))
        self._known = True

    def _here(self, connection: Connection) -> Place:
        return Place(folder=self._folder.stat().st_ino, database=identity_of(connection))
