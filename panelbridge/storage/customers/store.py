"""Customers on SQLAlchemy Core: identities, profiles, and whose a subscription is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from panelbridge.customers import Customer, CustomerId, Filters, Found, Profile, Search
from panelbridge.customers.folding import fold
from panelbridge.ledger import ResellerId
from panelbridge.storage.customers.finding import forget_deleted
from panelbridge.storage.customers.pages import page_of, profiles_of
from panelbridge.storage.customers.rows import (
    contact_of,
    customer_of,
    customer_values,
    profile_of,
    profile_values,
)
from panelbridge.storage.customers.tables import (
    contacts,
    customer_tags,
    customers,
    event_texts,
    events,
    import_rows,
    imports,
    notes,
    profiles,
)
from panelbridge.storage.engine.locks import Locks, for_change
from panelbridge.storage.engine.prepared import survived
from panelbridge.storage.subscriptions.rows import new_id
from panelbridge.storage.subscriptions.tables import subscriptions
from panelbridge.subscriptions import InstallationId, SubscriptionId


class SqlCustomerStore:
    """Implements ``panelbridge.customers.CustomerStore`` inside an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def customer(self, customer: CustomerId) -> Customer | None:
        row = self._connection.execute(select(customers).where(customers.c.id == customer)).first()
        return None if row is None else customer_of(row)

    def locked(self, customer: CustomerId) -> Customer | None:
        query = for_change(select(customers).where(customers.c.id == customer))
        row = self._connection.execute(query).first()
        return None if row is None else customer_of(row)

    def of_client(self, installation: InstallationId, client: int) -> Customer | None:
        query = select(customers).where(
            customers.c.installation_id == installation, customers.c.client_id == client
        )
        row = self._connection.execute(query).first()
        if row is not None and row.merged_into is not None:
            return self.customer(CustomerId(row.merged_into))
        return None if row is None else customer_of(row)

    def add(self, customer: Customer, profile: Profile) -> Customer | None:
        try:
            with survived(self._connection):
                made = self._connection.execute(insert(customers), customer_values(customer))
        except IntegrityError:
            if customer.installation_id is None or customer.client_id is None:
                raise
            if self.of_client(customer.installation_id, customer.client_id) is None:
                raise
            return None
        key = made.inserted_primary_key
        if key is None:
            raise RuntimeError("customers gave no id")
        values = profile_values(profile, []) | {"customer_id": key[0]}
        self._connection.execute(insert(profiles), values)
        return self.customer(CustomerId(int(key[0])))

    def save(self, customer: Customer) -> None:
        change = update(customers).where(customers.c.id == customer.id)
        self._connection.execute(change, customer_values(customer))

    def profile(self, customer: CustomerId) -> Profile | None:
        row = self._connection.execute(select(profiles).where(profiles.c.customer_id == customer)).first()
        return None if row is None else profile_of(row)

    def save_profile(self, customer: CustomerId, profile: Profile) -> None:
        rows = self._connection.execute(select(contacts).where(contacts.c.customer_id == customer))
        values = profile_values(profile, [contact_of(row) for row in rows])
        self._connection.execute(update(profiles).where(profiles.c.customer_id == customer), values)

    def erase(self, customer: CustomerId) -> None:
        run = self._connection.execute
        his = [customer, *self._absorbed(customer)]
        run(delete(profiles).where(profiles.c.customer_id.in_(his)))
        run(delete(contacts).where(contacts.c.customer_id.in_(his)))
        run(update(notes).where(notes.c.customer_id.in_(his)).values(body=None))
        reported = select(events.c.id).where(events.c.customer_id.in_(his))
        run(update(event_texts).where(event_texts.c.event_id.in_(reported)).values(text=None))
        forget_deleted(self._connection)

    def page(self, filters: Filters, search: Search | None, *, after: int, limit: int) -> Sequence[Found]:
        return page_of(self._connection, filters, search, after=after, limit=limit)

    def profiles(self, filters: Filters, *, after: int, limit: int) -> Sequence[tuple[Customer, Profile]]:
        return profiles_of(self._connection, filters, after=after, limit=limit)

    def of_email(self, reseller: ResellerId, email: str) -> Sequence[Customer]:
        query = (
            select(customers)
            .join(profiles, profiles.c.customer_id == customers.c.id)
            .where(profiles.c.email_folded == fold(email), customers.c.reseller_id == reseller)
        )
        found = self._connection.execute(query.order_by(customers.c.id).limit(2))
        return [customer_of(row) for row in found]

    def begin_import(self, reseller: ResellerId, actor: str, at: datetime) -> int:
        return new_id(self._connection, imports, {"reseller_id": reseller, "actor": actor, "at": at})

    def lock_imports(self, reseller: ResellerId) -> None:
        Locks(self._connection).take("import", reseller)

    def imported(self, reseller: ResellerId, digest: str) -> bool:
        query = select(import_rows.c.digest).where(
            import_rows.c.reseller_id == reseller, import_rows.c.digest == digest
        )
        return self._connection.execute(query).first() is not None

    def note_import(self, reseller: ResellerId, digest: str, customer: CustomerId, at: datetime) -> None:
        values = {"reseller_id": reseller, "digest": digest, "customer_id": customer, "at": at}
        self._connection.execute(insert(import_rows), values)

    def subscriptions(self, customer: CustomerId) -> Sequence[SubscriptionId]:
        query = select(subscriptions.c.id).where(subscriptions.c.customer_id == customer)
        found = self._connection.execute(query.order_by(subscriptions.c.id)).scalars()
        return [SubscriptionId(number) for number in found]

    def customer_of(self, subscription: SubscriptionId, *, locked: bool = False) -> CustomerId | None:
        query = select(subscriptions.c.customer_id).where(subscriptions.c.id == subscription)
        found = self._connection.execute(for_change(query) if locked else query).scalar_one_or_none()
        return None if found is None else CustomerId(found)

    def link(self, subscription: SubscriptionId, customer: CustomerId | None) -> None:
        change = update(subscriptions).where(subscriptions.c.id == subscription)
        self._connection.execute(change.values(customer_id=customer))

    def absorb(self, lost: CustomerId, kept: CustomerId) -> Mapping[str, int]:
        moved = {
            "subscriptions": self._move(subscriptions, lost, kept),
            "contacts": self._move_contacts(lost, kept),
            "notes": self._move(notes, lost, kept),
            "tags": self._move_tags(lost, kept),
        }
        earlier = update(customers).where(customers.c.merged_into == lost)
        self._connection.execute(earlier.values(merged_into=kept))
        self._connection.execute(delete(profiles).where(profiles.c.customer_id == lost))
        return moved

    def _absorbed(self, customer: CustomerId) -> Sequence[int]:
        query = select(customers.c.id).where(customers.c.merged_into == customer)
        return list(self._connection.execute(query).scalars())

    def _move(self, table: Any, lost: CustomerId, kept: CustomerId) -> int:
        change = update(table).where(table.c.customer_id == lost).values(customer_id=kept)
        return self._connection.execute(change).rowcount

    def _move_contacts(self, lost: CustomerId, kept: CustomerId) -> int:
        has = contacts.alias()
        twice = select(has.c.id).where(
            has.c.customer_id == kept, has.c.kind == contacts.c.kind, has.c.value == contacts.c.value
        )
        self._connection.execute(delete(contacts).where(contacts.c.customer_id == lost, twice.exists()))
        return self._move(contacts, lost, kept)

    def _move_tags(self, lost: CustomerId, kept: CustomerId) -> int:
        has = select(customer_tags.c.tag_id).where(customer_tags.c.customer_id == kept)
        self._connection.execute(
            delete(customer_tags).where(customer_tags.c.customer_id == lost, customer_tags.c.tag_id.in_(has))
        )
        return self._move(customer_tags, lost, kept)
