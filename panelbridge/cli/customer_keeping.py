"""``panelbridge customers``: notes, contacts, tags and consents."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from panelbridge.cli.choices import ContactName
from panelbridge.cli.options import AsJson
from panelbridge.cli.screen import Screen

Number = Annotated[int, typer.Argument(metavar="CUSTOMER", min=1, help="His number, as `list` shows it.")]


def add_to(app: typer.Typer) -> None:
    """Make these commands of the group ``app``."""
    app.command("notes")(notes_command)
    app.command("note")(note_command)
    app.command("note-change")(note_change_command)
    app.command("tag")(tag_command)
    app.command("contact")(contact_command)
    app.command("contact-remove")(contact_remove_command)
    app.command("consent")(consent_command)


def notes_command(
    context: typer.Context,
    number: Number,
    removed: Annotated[bool, typer.Option("--removed", help="Those that were removed too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the notes about a customer, the newest first."""
    from panelbridge.actions.customer_forms import NoteQuery
    from panelbridge.actions.customer_keeping import list_notes
    from panelbridge.cli.bridge import open_bridge

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        page = bridge.read(list_notes, query=NoteQuery(removed=removed, limit=500), number=number)
    if screen.as_json:
        screen.json([item.model_dump(mode="json") for item in page.items])
    screen.table(
        ("no.", "when", "by", "pinned", "removed", "subscription", "note"),
        (
            (item.id, item.at, item.author, item.pinned, item.removed_at, item.subscription_id, item.body)
            for item in page.items
        ),
        empty="No note was written.",
        right=("no.", "subscription"),
    )


def note_command(
    context: typer.Context,
    number: Number,
    body: Annotated[str, typer.Argument(metavar="TEXT", help="What colleagues should know.")],
    pin: Annotated[bool, typer.Option("--pin", help="Keep it on top.")] = False,
    subscription: Annotated[
        int | None, typer.Option(min=1, help="The number of the customer's subscription it is about.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a note about a customer."""
    from panelbridge.actions.customer_forms import NewNote
    from panelbridge.actions.customer_keeping import add_note
    from panelbridge.cli.bridge import read_options

    wanted = read_options(NewNote, body=body, pinned=pin, subscription_id=subscription)
    _change(context, add_note, as_json=as_json, number=number, body=wanted)


def note_change_command(
    context: typer.Context,
    number: Number,
    note: Annotated[int, typer.Argument(metavar="NOTE", min=1)],
    pin: Annotated[bool | None, typer.Option("--pin/--unpin", help="Keep it on top, or not.")] = None,
    remove: Annotated[
        bool | None, typer.Option("--remove/--put-back", help="Within 30 days it can be put back.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Pin a note, remove it, or put it back."""
    from panelbridge.actions.customer_forms import NoteChange
    from panelbridge.actions.customer_keeping import change_note

    body = NoteChange(pinned=pin, removed=remove)
    _change(context, change_note, as_json=as_json, number=number, note=note, body=body)


def tag_command(
    context: typer.Context,
    number: Number,
    add: Annotated[list[str] | None, typer.Option("--add", help="A tag; again for the next.")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", help="A tag to take away.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give a customer tags, or take them away."""
    from panelbridge.actions.customer_forms import TagChange
    from panelbridge.actions.customer_keeping import change_tags
    from panelbridge.cli.bridge import read_options

    body = read_options(TagChange, add=tuple(add or ()), remove=tuple(remove or ()))
    _change(context, change_tags, as_json=as_json, number=number, body=body)


def contact_command(
    context: typer.Context,
    number: Number,
    kind: Annotated[ContactName, typer.Argument()],
    value: Annotated[str, typer.Argument(help="The address, number or name.")],
    label: Annotated[str, typer.Option(help="Such as: work, his wife.")] = "",
    as_json: AsJson = False,
) -> None:
    """Add a way to reach a customer."""
    from panelbridge.actions.customer_forms import NewContact
    from panelbridge.actions.customer_keeping import add_contact
    from panelbridge.cli.bridge import read_options

    body = read_options(NewContact, kind=kind, value=value, label=label)
    _change(context, add_contact, as_json=as_json, number=number, body=body)


def contact_remove_command(
    context: typer.Context,
    number: Number,
    contact: Annotated[int, typer.Argument(metavar="CONTACT", min=1, help="Its number, as `show` has it.")],
    as_json: AsJson = False,
) -> None:
    """Take a way to reach a customer out."""
    from panelbridge.actions.customer_keeping import remove_contact

    _change(context, remove_contact, as_json=as_json, number=number, contact=contact)


def consent_command(
    context: typer.Context,
    number: Number,
    purpose: Annotated[str, typer.Argument(help="Such as marketing.")],
    given: Annotated[bool, typer.Option("--given/--taken-back", help="What the customer said.")],
    source: Annotated[str, typer.Option(help="Where he said so, such as checkout, email, phone.")],
    wording: Annotated[str, typer.Option(help="The version of the text he was shown.")],
    evidence: Annotated[str | None, typer.Option(help="In words; it can be erased.")] = None,
    as_json: AsJson = False,
) -> None:
    """Record what a customer agreed to, or took back."""
    from panelbridge.actions.customer_forms import NewConsent
    from panelbridge.actions.customer_keeping import record_consent
    from panelbridge.cli.bridge import read_options

    body = read_options(
        NewConsent, purpose=purpose, given=given, source=source, wording_version=wording, evidence=evidence
    )
    _change(context, record_consent, as_json=as_json, number=number, body=body)


def _change(context: typer.Context, action: Any, *, as_json: bool, **parts: Any) -> None:
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.customer_shown import tell_changed

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        tell_changed(screen, bridge.change(action, **parts))
