"""The store of subscriptions on SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    cast,
    func,
    insert,
    null,
    select,
    text,
    tuple_,
    update,
)

from panelbridge.contract.models import AccountId
from panelbridge.lifecycle import SubscriptionState
from panelbridge.storage.engine.locks import Locks, for_change
from panelbridge.storage.engine.prepared import Prepared, StoreMemory
from panelbridge.storage.engine.schema import BigInt
from panelbridge.storage.provisioning.effects_tables import SPENT_SUBSCRIPTIONS, marks
from panelbridge.storage.provisioning.tables import operations
from panelbridge.storage.subscriptions.rows import by_id
from panelbridge.storage.subscriptions.subscription_rows import SubscriptionRows, stored_state
from panelbridge.storage.subscriptions.tables import CANCELLED, ENDED, subscriptions
from panelbridge.storage.vault.sealing import Vault
from panelbridge.subscriptions import (
    InstallationId,
    PanelId,
    Subscription,
    SubscriptionId,
    hour_of,
    place_of,
)

_SUBSCRIPTION = by_id(subscriptions)
_of_service = select(subscriptions).where(
    subscriptions.c.installation_id == bindparam("installation"),
    subscriptions.c.service_id == bindparam("service"),
)
_OF_SERVICE = Prepared(_of_service, typed=True)
_LOCKED = Prepared(
    for_change(select(subscriptions).where(subscriptions.c.id == bindparam("wanted"))), typed=True
)
_LOCKED_OF_SERVICE = Prepared(for_change(_of_service), typed=True)
_LOCKED_OF_OPERATION = Prepared(
    for_change(
        select(subscriptions).where(
            subscriptions.c.id
            == select(operations.c.subscription_id)
            .where(operations.c.id == bindparam("operation"))
            .scalar_subquery()
        )
    ),
    typed=True,
)
_OF_ACCOUNT = Prepared(  # by the index that holds one account to one living subscription
    select(subscriptions).where(
        subscriptions.c.panel_id == bindparam("panel"),
        subscriptions.c.account_id == bindparam("account"),
        text("state != 'terminated'"),
    ),
    typed=True,
)
# Spelled as in the partial indexes, so that they are used.
_LIVING = text("account_id IS NOT NULL AND state != 'terminated'")
# Where they are not named as the column.
_FIELDS = {"anchor_start": "anchor", "anchor_months": "anchor", "refused": "state"}
# Whose a subscription is, the room of customers writes (``storage/customers``); the database has the hour.
_NOT_OURS = ("id", "customer_id", "entitled_hour")
_KEPT_COLUMNS = [column.name for column in subscriptions.c if column.name not in _NOT_OURS]
# An id names one subscription for ever: accounts at panels bear it. What lost books gave out is spent.
_NEXT_ID = 1 + func.max(
    func.coalesce(select(func.max(subscriptions.c.id)).scalar_subquery(), 0),
    func.coalesce(
        select(cast(marks.c.value, BigInt)).where(marks.c.name == SPENT_SUBSCRIPTIONS).scalar_subquery(), 0
    ),
)
_ADD = Prepared(
    insert(subscriptions)
    .values({name: bindparam(name) for name in _KEPT_COLUMNS} | {"id": _NEXT_ID})
    .returning(subscriptions.c.id),
    typed=True,
)
# On PostgreSQL two orders at once would take the same one; its sequence skips what was lost (``identities``).
_ADD_BY_SEQUENCE = Prepared(
    insert(subscriptions)
    .values({name: bindparam(name) for name in _KEPT_COLUMNS})
    .returning(subscriptions.c.id),
    typed=True,
)


@lru_cache(maxsize=256)
def _saving(columns: frozenset[str]) -> Prepared:
    return Prepared(
        update(subscriptions)
        .where(subscriptions.c.id == bindparam("wanted"))
        .values({name: bindparam(f"new_{name}") for name in sorted(columns)}),
        typed=True,
    )


class SqlSubscriptionStore:
    """Implements ``panelbridge.subscriptions.SubscriptionStore`` inside an open transaction."""

    def __init__(
        self,
        connection: Connection,
        vault: Vault,
        memory: StoreMemory | None = None,
        locks: Locks | None = None,
    ) -> None:
        self._connection = connection
        self._memory = memory or StoreMemory()
        self._locks = locks or Locks(connection)
        self._rows = SubscriptionRows(vault)
        # As this transaction saw or wrote them last. Of what it locked nobody else changes anything; what is
        # decided on is locked, and read again with the lock.
        self._read: dict[SubscriptionId, Subscription] = {}

    def subscription(self, subscription: SubscriptionId) -> Subscription | None:
        return self._read.get(subscription) or self._known(_SUBSCRIPTION, wanted=subscription)

    def of_service(self, installation: InstallationId, service_id: int) -> Subscription | None:
        return self._known(_OF_SERVICE, installation=installation, service=service_id)

    def lock(self, subscription: SubscriptionId) -> Subscription | None:
        if self._locks.holds("subscription", subscription):
            return self.subscription(subscription)
        return self._now_locked(_LOCKED, wanted=subscription)

    def lock_of_service(self, installation: InstallationId, service_id: int) -> Subscription | None:
        of_service = {"installation": installation, "service": service_id}
        known = self._now_locked(_LOCKED_OF_SERVICE, **of_service)
        if known is not None or not self._locks.needed:
            return known
        self._locks.take("service", installation, service_id)
        return self._now_locked(_LOCKED_OF_SERVICE, **of_service)  # whoever had the lock may have made it

    def lock_of_operation(self, operation: int) -> Subscription | None:
        return self._now_locked(_LOCKED_OF_OPERATION, operation=operation)

    def lock_account(self, panels: Sequence[PanelId], account: AccountId) -> None:
        for panel in sorted(panels):
            self._locks.take("account", panel, account)

    def lock_login(self, subscription: Subscription) -> None:
        place = (subscription.panel_id, subscription.installation_id)
        self._locks.take("login", *place, subscription.customer)

    def cancelled(self, installation: InstallationId) -> Sequence[int]:
        query = select(subscriptions.c.service_id).where(
            subscriptions.c.installation_id == installation, CANCELLED
        )
        return list(self._connection.execute(query.order_by(subscriptions.c.service_id)).scalars())

    def of_account(self, panel: PanelId, account: AccountId) -> Subscription | None:
        return self._known(_OF_ACCOUNT, panel=panel, account=account)

    def holder(
        self, panels: Sequence[PanelId], account: AccountId, username: str, *, but: SubscriptionId
    ) -> Subscription | None:
        query = select(subscriptions).where(
            subscriptions.c.panel_id.in_(panels),
            (subscriptions.c.account_id == account)
            | (subscriptions.c.account_id.is_not(None) & (subscriptions.c.username == username)),
            subscriptions.c.state != SubscriptionState.TERMINATED.value,
            subscriptions.c.id != but,
        )
        row = self._connection.execute(query.order_by(subscriptions.c.id).limit(1)).one_or_none()
        return self._rows.record(row) if row else None

    def sharing_login(self, subscription: Subscription) -> Sequence[Subscription]:
        query = select(subscriptions).where(
            subscriptions.c.panel_id == subscription.panel_id,
            subscriptions.c.installation_id == subscription.installation_id,
            subscriptions.c.customer == subscription.customer,
            subscriptions.c.username == subscription.username,
            subscriptions.c.account_id.is_not(None),
            subscriptions.c.state != SubscriptionState.TERMINATED.value,
            subscriptions.c.id != subscription.id,
        )
        found = [self._rows.record(row) for row in self._connection.execute(query.order_by("id"))]
        self._read.update({item.id: item for item in found})
        return found

    def insert(self, subscription: Subscription) -> Subscription:
        statement = _ADD if self._connection.dialect.name == "sqlite" else _ADD_BY_SEQUENCE
        made = statement.run(self._connection, self._rows.values(subscription)).scalar_one()
        added = replace(subscription, id=SubscriptionId(made))
        self._read[added.id] = added
        self._locks.note("subscription", added.id)  # nobody else sees it yet
        return added

    def save(self, subscription: Subscription) -> None:
        values = self._rows.values(subscription)
        read = self._read.get(subscription.id)
        if read is not None:  # unchanged columns are left alone: each has its indexes and parents
            now, before = vars(subscription), vars(read)
            values = {
                name: value
                for name, value in values.items()
                if now[field := _FIELDS.get(name, name)] is not before[field] and now[field] != before[field]
            }
        self._read[subscription.id] = subscription
        if values:
            named = {f"new_{name}": value for name, value in values.items()}
            _saving(frozenset(values)).run(self._connection, named | {"wanted": subscription.id})

    def search(
        self,
        *,
        installation: InstallationId | None = None,
        panel: PanelId | None = None,
        state: SubscriptionState | None = None,
        entitled_before: datetime | None = None,
        after: SubscriptionId | None = None,
        limit: int = 100,
    ) -> Sequence[Subscription]:
        query = select(subscriptions).order_by(subscriptions.c.id).limit(limit)
        query = _narrowed(query, installation, panel, state)
        if entitled_before is not None:
            query = query.where(subscriptions.c.entitled_until <= entitled_before)
        if after is not None:
            query = query.where(subscriptions.c.id > after)
        return [self._rows.record(row) for row in self._connection.execute(query)]

    def expiring(
        self,
        now: datetime,
        within: timedelta,
        *,
        installation: InstallationId | None = None,
        panel: PanelId | None = None,
        state: SubscriptionState | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Sequence[Subscription]:
        hour, number = subscriptions.c.entitled_hour, subscriptions.c.id
        begin = max(place_of(after), (hour_of(now), 0))
        query = select(subscriptions).order_by(hour, number).limit(limit)
        # Panel and state are asked of what is found so: found by their indexes, all would have to be sorted.
        query = _narrowed(query, installation, panel, state, found=_plain).where(
            tuple_(hour, number) > tuple_(*begin),
            hour <= hour_of(now + within),
            subscriptions.c.entitled_until.between(now, now + within),
        )
        return [self._rows.record(row) for row in self._connection.execute(query)]

    def of_accounts(
        self, panel: PanelId, accounts: Sequence[AccountId]
    ) -> Mapping[AccountId, SubscriptionId]:
        found: dict[AccountId, SubscriptionId] = {}
        for which in (ENDED, _LIVING):  # where both have it, the account is the living one's
            query = select(subscriptions.c.account_id, subscriptions.c.id).where(
                subscriptions.c.panel_id == panel, subscriptions.c.account_id.in_(accounts), which
            )
            found |= {AccountId(row[0]): SubscriptionId(row[1]) for row in self._connection.execute(query)}
        return found

    def highest_service(self, installation: InstallationId) -> int:
        query = select(func.max(subscriptions.c.service_id)).where(
            subscriptions.c.installation_id == installation
        )
        return int(self._connection.execute(query).scalar_one() or 0)

    def account_ids(self, panel: PanelId, limit: int = 1000) -> Sequence[AccountId]:
        """Ids of the panel's accounts that the books hold, those of the newest subscriptions first."""
        held = subscriptions.c.account_id
        query = select(held).where(subscriptions.c.panel_id == panel, held.is_not(None))
        newest = query.order_by(subscriptions.c.id.desc()).limit(limit)
        return [AccountId(row[0]) for row in self._connection.execute(newest)]

    def _known(self, query: Prepared, **values: Any) -> Subscription | None:
        found: Subscription | None = query.run(self._connection, values).known(
            self._memory.subscriptions, self._rows.record
        )
        if found is not None:
            self._read[found.id] = found
        return found

    def _now_locked(self, query: Prepared, **values: Any) -> Subscription | None:
        found = self._known(query, **values)
        if found is not None:
            self._locks.note("subscription", found.id)
        return found


def _plain(column: Any) -> Any:
    """The column's value, for which no index is chosen."""
    return func.coalesce(column, null())


def _narrowed(
    query: Select[Any],
    installation: InstallationId | None,
    panel: PanelId | None,
    state: SubscriptionState | None,
    *,
    found: Callable[[Any], Any] = lambda column: column,
) -> Select[Any]:
    if installation is not None:
        query = query.where(subscriptions.c.installation_id == installation)
    if panel is not None:
        query = query.where(found(subscriptions.c.panel_id) == panel)
    if state is not None:
        refused = state is SubscriptionState.REFUSED
        query = query.where(
            found(subscriptions.c.state) == stored_state(state).value,
            subscriptions.c.refused if refused else ~subscriptions.c.refused,
        )
    return query
