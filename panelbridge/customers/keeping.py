"""Contacts, notes, tags and consents of a customer; each change has its line of the timeline."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from panelbridge.customers.events import EventKind, Fact
from panelbridge.customers.exceptions import CustomerRefused
from panelbridge.customers.models import (
    Consent,
    Contact,
    ContactId,
    ContactKind,
    Customer,
    Note,
    NoteId,
)
from panelbridge.customers.port import CustomerUnit, CustomerUnits
from panelbridge.customers.register import Author, tell
from panelbridge.subscriptions import Subscription

NOTES_COME_BACK = timedelta(days=30)  # so long a removed note can be put back; then its text is erased


def add_contact(
    unit: CustomerUnit, author: Author, customer: Customer, kind: ContactKind, value: str, label: str
) -> Contact:
    """He can be reached there too; a repeat finds it."""
    for known in unit.belongings.contacts(customer.id):
        if known.kind is kind and known.value == value:
            return known
    wanted = Contact(id=ContactId(0), customer_id=customer.id, kind=kind, value=value, label=label)
    made = unit.belongings.add_contact(wanted)
    _found_anew(unit, customer)
    tell(unit, author, customer, EventKind.CONTACT_ADDED, after={"contact": int(made.id), "kind": kind.value})
    return made


def remove_contact(unit: CustomerUnit, author: Author, customer: Customer, number: ContactId) -> bool:
    """He is not reached there any more; ``False`` = there was no such contact of his."""
    known = next((one for one in unit.belongings.contacts(customer.id) if one.id == number), None)
    if known is None:
        return False
    unit.belongings.remove_contact(known.id)
    _found_anew(unit, customer)
    gone = {"contact": int(known.id), "kind": known.kind.value}
    tell(unit, author, customer, EventKind.CONTACT_REMOVED, before=gone)
    return True


def add_note(
    unit: CustomerUnit,
    author: Author,
    customer: Customer,
    body: str,
    *,
    pinned: bool = False,
    subscription: Subscription | None = None,
) -> Note:
    """Write something down for colleagues. Raises ``CustomerRefused`` for another one's subscription."""
    if subscription is not None and unit.customers.customer_of(subscription.id) != customer.id:
        raise CustomerRefused(
            "illegal_move",
            f"subscription {subscription.id} is not customer {customer.id}'s",
            advice="Link it to him first, or leave the subscription out.",
            field="subscription_id",
        )
    wanted = Note(
        id=NoteId(0),
        customer_id=customer.id,
        subscription_id=subscription.id if subscription is not None else None,
        author=author.actor,
        at=author.at,
        body=body,
        pinned=pinned,
    )
    made = unit.belongings.add_note(wanted)
    tell(
        unit, author, customer, EventKind.NOTE_ADDED, subscription=subscription, after={"note": int(made.id)}
    )
    return made


def change_note(
    unit: CustomerUnit,
    author: Author,
    customer: Customer,
    number: NoteId,
    *,
    pinned: bool | None = None,
    removed: bool | None = None,
) -> Note:
    """Pin it or not, remove it or put it back. Raises ``CustomerRefused``: not his, or its text is erased."""
    note = unit.belongings.note(number)
    if note is None or note.customer_id != customer.id:
        raise CustomerRefused(
            "not_found",
            f"customer {customer.id} has no note {number}",
            advice="List his notes, removed ones too.",
        )
    wanted = replace(
        note,
        pinned=note.pinned if pinned is None else pinned,
        removed_at=_removal(note, removed, author.at),
    )
    if wanted.removed_at is None and note.removed_at is not None and _too_late(note, author.at):
        raise CustomerRefused(
            "illegal_move",
            f"note {number} was removed more than {NOTES_COME_BACK.days} days ago",
            advice="Write it anew.",
        )
    if wanted == note:
        return note
    unit.belongings.save_note(wanted)
    facts = {"note": int(note.id), "pinned": wanted.pinned, "removed": wanted.removed_at is not None}
    tell(unit, author, customer, EventKind.NOTE_CHANGED, after=facts)
    return wanted


def forget_removed_notes(units: CustomerUnits, now: datetime) -> int:
    """Erase the texts of notes that can no longer be put back; how many. Safe to run again."""
    with units.write() as unit:
        return unit.belongings.purge_notes(now - NOTES_COME_BACK)


def change_tags(
    unit: CustomerUnit, author: Author, customer: Customer, *, add: Collection[str], remove: Collection[str]
) -> bool:
    """He has the tags to ``add`` and not those to ``remove``; ``False`` = so it was."""
    store = unit.belongings
    given = [store.add_tag(customer, name, actor=author.actor, at=author.at) for name in add]
    taken = [store.remove_tag(customer, name) for name in remove]
    added, removed = (tuple(f"tag:{one}" for one in ids if one is not None) for ids in (given, taken))
    if not added and not removed:
        return False
    facts = {name: ids for name, ids in (("added", added), ("removed", removed)) if ids}
    tell(unit, author, customer, EventKind.TAGS_CHANGED, after=facts)
    return True


def record_consent(
    unit: CustomerUnit, author: Author, consent: Consent, customer: Customer, text: str
) -> bool:
    """What he agreed to or took back; ``False`` = his newest word of that purpose is the same.

    ``text`` is evidence in a person's words; it lies with the event and can be erased.
    """
    said = [one for one in unit.belongings.consents(customer.id) if one.purpose == consent.purpose]
    if said and replace(said[-1], at=consent.at) == consent and not text:
        return False
    unit.belongings.add_consent(consent)
    facts: dict[str, Fact] = {
        "purpose": consent.purpose,
        "given": consent.given,
        "source": consent.source,
        "wording_version": consent.wording_version,
    }
    tell(unit, author, customer, EventKind.CONSENT_RECORDED, after=facts, text=text or None)
    return True


def _removal(note: Note, removed: bool | None, now: datetime) -> datetime | None:
    if removed is None:
        return note.removed_at
    return (note.removed_at or now) if removed else None


def _too_late(note: Note, now: datetime) -> bool:
    return note.removed_at is not None and now - note.removed_at > NOTES_COME_BACK


def _found_anew(unit: CustomerUnit, customer: Customer) -> None:
    """His contacts changed, and he is found by those he has now."""
    profile = unit.customers.profile(customer.id)
    if profile is not None:
        unit.customers.save_profile(customer.id, profile)
