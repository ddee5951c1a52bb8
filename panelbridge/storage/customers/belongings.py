"""Contacts, notes, tags and consents on SQLAlchemy Core."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from panelbridge.customers import Consent, Contact, ContactId, Customer, CustomerId, Note, NoteId
from panelbridge.customers.folding import fold
from panelbridge.storage.customers.rows import contact_of, note_of
from panelbridge.storage.customers.tables import (
    consents,
    contacts,
    customer_tags,
    customers,
    notes,
    tags,
)
from panelbridge.storage.engine.prepared import survived
from panelbridge.storage.subscriptions.rows import new_id


class SqlBelongingsStore:
    """Implements ``panelbridge.customers.BelongingsStore`` inside an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def contacts(self, customer: CustomerId) -> Sequence[Contact]:
        query = select(contacts).where(contacts.c.customer_id == customer).order_by(contacts.c.id)
        return [contact_of(row) for row in self._connection.execute(query)]

    def add_contact(self, contact: Contact) -> Contact:
        values = {name: value for name, value in vars(contact).items() if name != "id"}
        made = new_id(self._connection, contacts, values | {"kind": contact.kind.value})
        return replace(contact, id=ContactId(made))

    def remove_contact(self, contact: ContactId) -> None:
        self._connection.execute(delete(contacts).where(contacts.c.id == contact))

    def notes(self, customer: CustomerId, *, removed: bool, after: int, limit: int) -> Sequence[Note]:
        query = select(notes).where(notes.c.customer_id == customer)
        if after:
            query = query.where(notes.c.id < after)
        if not removed:
            query = query.where(notes.c.removed_at.is_(None))
        newest = query.order_by(notes.c.id.desc()).limit(limit)
        return [note_of(row) for row in self._connection.execute(newest)]

    def note(self, note: NoteId) -> Note | None:
        row = self._connection.execute(select(notes).where(notes.c.id == note)).first()
        return None if row is None else note_of(row)

    def add_note(self, note: Note) -> Note:
        values = {name: value for name, value in vars(note).items() if name != "id"}
        return replace(note, id=NoteId(new_id(self._connection, notes, values)))

    def save_note(self, note: Note) -> None:
        change = update(notes).where(notes.c.id == note.id)
        self._connection.execute(change.values(pinned=note.pinned, removed_at=note.removed_at))

    def purge_notes(self, removed_before: datetime) -> int:
        due = update(notes).where(notes.c.removed_at < removed_before, notes.c.body.is_not(None))
        return self._connection.execute(due.values(body=None)).rowcount

    def tags(self, customers: Collection[CustomerId]) -> Mapping[CustomerId, Sequence[str]]:
        query = (
            select(customer_tags.c.customer_id, tags.c.name)
            .join(tags, tags.c.id == customer_tags.c.tag_id)
            .where(customer_tags.c.customer_id.in_(customers))
            .order_by(tags.c.name_folded)
        )
        found: dict[CustomerId, list[str]] = defaultdict(list)
        for customer, name in self._connection.execute(query):
            found[CustomerId(customer)].append(name)
        return found

    def add_tag(self, customer: Customer, name: str, *, actor: str, at: datetime) -> int | None:
        tag = self._tag(customer, name)
        if tag is None:
            tag = self._new_tag(customer, name)
        has = select(customer_tags.c.tag_id).where(
            customer_tags.c.customer_id == customer.id, customer_tags.c.tag_id == tag
        )
        if self._connection.execute(has).first() is not None:
            return None
        values = {"tag_id": tag, "customer_id": customer.id, "actor": actor, "at": at}
        self._connection.execute(insert(customer_tags), values)
        return tag

    def remove_tag(self, customer: Customer, name: str) -> int | None:
        tag = self._tag(customer, name)
        gone = delete(customer_tags).where(
            customer_tags.c.customer_id == customer.id, customer_tags.c.tag_id == tag
        )
        return tag if tag is not None and self._connection.execute(gone).rowcount else None

    def consents(self, customer: CustomerId) -> Sequence[Consent]:
        his = select(customers.c.id).where(
            or_(customers.c.id == customer, customers.c.merged_into == customer)
        )
        query = select(consents).where(consents.c.customer_id.in_(his)).order_by(consents.c.id)
        return [
            Consent(
                customer_id=CustomerId(row.customer_id),
                purpose=row.purpose,
                given=row.given,
                at=row.at,
                source=row.source,
                wording_version=row.wording_version,
            )
            for row in self._connection.execute(query)
        ]

    def add_consent(self, consent: Consent) -> None:
        self._connection.execute(insert(consents), vars(consent))

    def _tag(self, customer: Customer, name: str) -> int | None:
        query = select(tags.c.id).where(
            tags.c.reseller_id == customer.reseller_id, tags.c.name_folded == fold(name)
        )
        found: int | None = self._connection.execute(query).scalar_one_or_none()
        return found

    def _new_tag(self, customer: Customer, name: str) -> int:
        values = {"reseller_id": customer.reseller_id, "name": name, "name_folded": fold(name)}
        try:
            with survived(self._connection):
                self._connection.execute(insert(tags), values)
        except IntegrityError:
            if self._tag(customer, name) is None:
                raise
        # Made here, or meanwhile by another session.
        made = self._tag(customer, name)
        if made is None:
            raise LookupError("the tag was not stored")
        return made
