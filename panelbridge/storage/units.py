"""Units of work: every store of one transaction, over one database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection

from panelbridge.ledger import Ledger
from panelbridge.storage.access.store import SqlAccessStore
from panelbridge.storage.attention.store import SqlAttentionStore
from panelbridge.storage.customers.belongings import SqlBelongingsStore
from panelbridge.storage.customers.store import SqlCustomerStore
from panelbridge.storage.customers.timeline import SqlEventStore
from panelbridge.storage.engine.database import Database
from panelbridge.storage.engine.locks import Locks
from panelbridge.storage.engine.prepared import StoreMemory
from panelbridge.storage.ledger.store import SqlLedgerStore
from panelbridge.storage.provisioning.effects_store import SqlEffectsStore
from panelbridge.storage.provisioning.store import SqlJournalStore
from panelbridge.storage.subscriptions.installations import SqlInstallationStore
from panelbridge.storage.subscriptions.panels import SqlPanelStore
from panelbridge.storage.subscriptions.plans import SqlPlanStore
from panelbridge.storage.subscriptions.resellers import SqlResellerStore
from panelbridge.storage.subscriptions.subscriptions import SqlSubscriptionStore
from panelbridge.storage.usage.store import SqlUsageStore
from panelbridge.storage.vault.sealing import Vault


class SqlUnit:
    """The stores of one open transaction; ``connection`` is for what joins it (the durable engine)."""

    def __init__(
        self, connection: Connection, vault: Vault, memory: StoreMemory, clock: Callable[[], datetime]
    ) -> None:
        self.connection = connection
        self._vault, self._clock = vault, clock
        self.locks = Locks(connection)
        # These remember what they read; the others are made each time they are asked for.
        self.journal = SqlJournalStore(connection, vault, clock, memory, self.locks)
        self.panels = SqlPanelStore(connection, vault, memory)
        self.plans = SqlPlanStore(connection, memory, self.locks)
        self.subscriptions = SqlSubscriptionStore(connection, vault, memory, self.locks)

    @property
    def attention(self) -> SqlAttentionStore:
        return SqlAttentionStore(self.connection)

    @property
    def resellers(self) -> SqlResellerStore:
        return SqlResellerStore(self.connection)

    @property
    def installations(self) -> SqlInstallationStore:
        return SqlInstallationStore(self.connection)

    @property
    def ledger(self) -> Ledger:
        return Ledger(SqlLedgerStore(self.connection, self._vault.chain, self.locks), self._clock)

    @property
    def effects(self) -> SqlEffectsStore:
        return SqlEffectsStore(self.connection, self.locks)

    @property
    def usage(self) -> SqlUsageStore:
        return SqlUsageStore(self.connection)

    @property
    def access(self) -> SqlAccessStore:
        return SqlAccessStore(self.connection, self.locks)

    @property
    def customers(self) -> SqlCustomerStore:
        return SqlCustomerStore(self.connection)

    @property
    def belongings(self) -> SqlBelongingsStore:
        return SqlBelongingsStore(self.connection)

    @property
    def events(self) -> SqlEventStore:
        return SqlEventStore(self.connection)


class SqlUnits:
    """Opens units. Implements ``panelbridge.provisioning.port.Units``."""

    def __init__(self, database: Database, vault: Vault, clock: Callable[[], datetime]) -> None:
        self.database = database
        self._vault = vault
        self._clock = clock
        self._memory = StoreMemory()

    @contextmanager
    def write(self) -> Iterator[SqlUnit]:
        with self.database.write() as connection:
            yield self._unit(connection)

    @contextmanager
    def read(self) -> Iterator[SqlUnit]:
        with self.database.read() as connection:
            yield self._unit(connection)

    def _unit(self, connection: Connection) -> SqlUnit:
        return SqlUnit(connection, self._vault, self._memory, self._clock)
