"""What is kept about a customer: contacts, notes, tags and consents."""

from __future__ import annotations

from panelbridge.actions.acting import visible_subscription
from panelbridge.actions.context import Context
from panelbridge.actions.customer_forms import (
    NewConsent,
    NewContact,
    NewNote,
    NoteChange,
    NoteQuery,
    ReachedByEmail,
    ReachedByPhone,
    TagChange,
)
from panelbridge.actions.customer_views import CustomerChanged, NotePage, NoteView
from panelbridge.actions.customers import author_of, customer_to_change, visible_customer
from panelbridge.actions.paging import cut
from panelbridge.actions.validation import validate
from panelbridge.customers import Consent, ContactId, ContactKind, Customer, NoteId, keeping


def list_notes(context: Context, query: NoteQuery, number: int) -> NotePage:
    """List the notes about a customer, the newest first."""
    one = visible_customer(context, number)
    store = context.unit.belongings
    found = store.notes(one.id, removed=query.removed, after=query.after, limit=query.limit + 1)
    notes, after = cut(found, query, lambda note: note.id)
    return NotePage(items=tuple(NoteView.of(note) for note in notes), next=after)


def add_note(context: Context, body: NewNote, number: int) -> CustomerChanged:
    """Write a note about a customer, for colleagues."""
    one = customer_to_change(context, number)
    about = None
    if body.subscription_id is not None:
        about, _ = visible_subscription(context, context.unit, body.subscription_id)
    made = keeping.add_note(
        context.unit, author_of(context), one, str(body.body), pinned=body.pinned, subscription=about
    )
    return _reported(one, "note", made.id)


def change_note(context: Context, body: NoteChange, number: int, note: int) -> CustomerChanged:
    """Pin a note, remove it, or put it back within 30 days."""
    one = customer_to_change(context, number)
    before = context.unit.belongings.note(NoteId(note))
    now = keeping.change_note(
        context.unit, author_of(context), one, NoteId(note), pinned=body.pinned, removed=body.removed
    )
    return _reported(one, "note" if now != before else None, note)


def add_contact(context: Context, body: NewContact, number: int) -> CustomerChanged:
    """Add a way to reach a customer."""
    one = customer_to_change(context, number)
    known = {item.id for item in context.unit.belongings.contacts(one.id)}
    made = keeping.add_contact(context.unit, author_of(context), one, body.kind, _value(body), body.label)
    return _reported(one, None if made.id in known else "contact", made.id)


def remove_contact(context: Context, number: int, contact: int) -> CustomerChanged:
    """Take a way to reach a customer out."""
    one = customer_to_change(context, number)
    gone = keeping.remove_contact(context.unit, author_of(context), one, ContactId(contact))
    return _reported(one, "contact" if gone else None, contact)


def change_tags(context: Context, body: TagChange, number: int) -> CustomerChanged:
    """Give a customer tags, or take them away."""
    one = customer_to_change(context, number)
    moved = keeping.change_tags(context.unit, author_of(context), one, add=body.add, remove=body.remove)
    return _reported(one, "tags" if moved else None)


def record_consent(context: Context, body: NewConsent, number: int) -> CustomerChanged:
    """Record what a customer agreed to, or took back."""
    one = customer_to_change(context, number)
    consent = Consent(
        customer_id=one.id,
        purpose=body.purpose,
        given=body.given,
        at=context.now,
        source=body.source,
        wording_version=body.wording_version,
    )
    said = keeping.record_consent(context.unit, author_of(context), consent, one, str(body.evidence or ""))
    return _reported(one, "consent" if said else None)


def _reported(one: Customer, what: str | None, number: int | None = None) -> CustomerChanged:
    return CustomerChanged(id=one.id, revision=one.revision, changed=(what,) if what else (), number=number)


def _value(body: NewContact) -> str:
    """An address or a number keeps the rules that one in a profile has. Raises ``invalid_request``."""
    if body.kind is ContactKind.EMAIL:
        validate(ReachedByEmail, {"value": body.value})
    elif body.kind in (ContactKind.PHONE, ContactKind.WHATSAPP):
        validate(ReachedByPhone, {"value": body.value})
    return body.value
