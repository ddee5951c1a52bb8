"""``panelbridge customers``: people who have subscriptions. What is kept about them: ``customer_keeping``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from panelbridge.cli import customer_keeping, customer_sheets, names
from panelbridge.cli.cells import cell
from panelbridge.cli.customer_keeping import Number
from panelbridge.cli.customer_shown import customer_facts, tell_changed
from panelbridge.cli.options import AsJson, Limit, ResellerCode, Yes
from panelbridge.cli.screen import Screen
from panelbridge.cli.subscriptions import Named
from panelbridge.cli.typed import parse_pairs

app = typer.Typer(
    no_args_is_help=True, help="The people who have subscriptions: find, note, tag, link, merge."
)
customer_keeping.add_to(app)
customer_sheets.add_to(app)

Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A field, such as email, phone, company, city, country, agent; again for the next. "
        "An empty VALUE empties it.",
    ),
]


@app.command("list")
def list_command(
    context: typer.Context,
    search: Annotated[
        str | None,
        typer.Argument(
            metavar="[TEXT]",
            help="Part of a name, e-mail address, telephone number, login or device; or a client id, "
            "customer or subscription number.",
        ),
    ] = None,
    reseller: ResellerCode = None,
    installation: Annotated[
        str | None, typer.Option(help="Only of this shop.", autocompletion=names.installations)
    ] = None,
    tag: Annotated[str | None, typer.Option(help="Only with this tag.")] = None,
    agent: Annotated[str | None, typer.Option(help="Only those this one looks after.")] = None,
    storefront: Annotated[str | None, typer.Option(help="Only from there.")] = None,
    country: Annotated[str | None, typer.Option(help="Two letters, such as GB.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Registered on that day or later.")
    ] = None,
    before: Annotated[str | None, typer.Option(metavar="DATE", help="Registered before that day.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Go on after this number.")] = 0,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List customers, or find them by what is known of them."""
    from panelbridge.actions.customer_forms import CustomerQuery
    from panelbridge.actions.customers import list_customers
    from panelbridge.cli.bridge import open_bridge, read_options

    screen = Screen(as_json=as_json)
    query = read_options(
        CustomerQuery,
        search=search,
        reseller=reseller,
        installation=installation,
        tag=tag,
        agent=agent,
        storefront=storefront,
        country=country,
        registered_from=since,
        registered_before=before,
        after=after,
        limit=min(limit, 500),
    )
    with open_bridge(context) as bridge:
        page = bridge.read(list_customers, query=query)
    if screen.as_json:
        screen.json([item.model_dump(mode="json") for item in page.items])
    screen.table(
        ("no.", "name", "e-mail", "telephone", "country", "since", "subscriptions", "tags"),
        (
            (
                item.id,
                item.name if item.erased_at is None else "(erased)",
                item.email,
                item.phone,
                item.country,
                item.registered_on,
                item.subscriptions,
                item.tags,
            )
            for item in page.items
        ),
        empty="No customer matches."
        if search
        else "There is no customer yet. Run: panelbridge customers add",
        right=("no.", "subscriptions"),
    )
    if page.next is not None:
        screen.hint(f"There are more: --after {page.next}, or a higher --limit.")


@app.command("show")
def show_command(context: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Show one customer with contacts, tags, consents and subscriptions."""
    from panelbridge.actions.customers import show_customer
    from panelbridge.cli.bridge import open_bridge

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        found = bridge.read(show_customer, number=number)
    screen.answer(found, *customer_facts(found), title=f"Customer {found.id}")


@app.command("timeline")
def timeline_command(
    context: typer.Context,
    number: Number,
    after: Annotated[int, typer.Option(min=0, help="Go on below this number.")] = 0,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Show what happened to a customer, the newest first."""
    from panelbridge.actions.customer_forms import EventQuery
    from panelbridge.actions.customers import show_timeline
    from panelbridge.cli.bridge import open_bridge, read_options

    screen = Screen(as_json=as_json)
    query = read_options(EventQuery, after=after, limit=min(limit, 500))
    with open_bridge(context) as bridge:
        page = bridge.read(show_timeline, query=query, number=number)
    if screen.as_json:
        screen.json([item.model_dump(mode="json") for item in page.items])
    screen.table(
        ("no.", "when", "what", "subscription", "by", "facts", "words"),
        (
            (
                item.id,
                item.at,
                item.kind.replace("_", " "),
                item.subscription_id,
                item.actor,
                {name: cell(fact) for name, fact in (item.before | item.after).items()},
                item.text,
            )
            for item in page.items
        ),
        empty="Nothing happened yet.",
        right=("no.", "subscription"),
    )
    if page.next is not None:
        screen.hint(f"There is more: --after {page.next}")


@app.command("add")
def add_command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As people call him.")],
    fields: Fields = None,
    reseller: ResellerCode = None,
    installation: Annotated[
        str | None, typer.Option(help="The shop that knows him.", autocompletion=names.installations)
    ] = None,
    client: Annotated[int | None, typer.Option(min=1, help="His client id in that shop.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a customer."""
    from panelbridge.actions.customer_forms import NewCustomer
    from panelbridge.actions.customers import add_customer
    from panelbridge.cli.bridge import open_bridge, read_options
    from panelbridge.cli.owners import reseller_meant

    screen = Screen(as_json=as_json)
    given = parse_pairs(fields or (), option="--set")
    with open_bridge(context) as bridge:
        owner = reseller_meant(bridge, reseller).code if installation is None else None
        body = read_options(
            NewCustomer, **_set(given), name=name, reseller=owner, installation=installation, client_id=client
        )
        made = bridge.change(add_customer, body=body)
    screen.answer(made, title=f"Added: customer {made.id}")


@app.command("edit")
def edit_command(
    context: typer.Context, number: Number, fields: Fields = None, as_json: AsJson = False
) -> None:
    """Change fields of a customer. What WHMCS owns is edited there."""
    from panelbridge.actions.customer_forms import CustomerChange
    from panelbridge.actions.customers import change_customer
    from panelbridge.actions.validation import validate
    from panelbridge.cli.bridge import open_bridge

    screen = Screen(as_json=as_json)
    given = parse_pairs(fields or (), option="--set")
    if not given:
        raise typer.BadParameter("name at least one field", param_hint="--set")
    body = validate(CustomerChange, {field: value or None for field, value in given.items()})
    with open_bridge(context) as bridge:
        tell_changed(screen, bridge.change(change_customer, body=body, number=number))


@app.command("link")
def link_command(
    context: typer.Context,
    number: Number,
    named: Named,
    as_json: AsJson = False,
) -> None:
    """Say that a subscription is this customer's."""
    from panelbridge.actions.customer_forms import LinkedSubscription
    from panelbridge.actions.customers import link_subscription
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.subscriptions import subscription_number

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        body = LinkedSubscription(subscription_id=subscription_number(bridge, named))
        tell_changed(screen, bridge.change(link_subscription, body=body, number=number))


@app.command("unlink")
def unlink_command(
    context: typer.Context,
    number: Number,
    named: Named,
    as_json: AsJson = False,
) -> None:
    """Say that a subscription is not this customer's."""
    from panelbridge.actions.customers import unlink_subscription
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.subscriptions import subscription_number

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        found = subscription_number(bridge, named)
        tell_changed(screen, bridge.change(unlink_subscription, number=number, subscription=found))


@app.command("merge")
def merge_command(
    context: typer.Context,
    number: Number,
    other: Annotated[int, typer.Argument(metavar="OTHER", min=1, help="Who is the same person.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Merge OTHER into CUSTOMER: they are one person."""
    from panelbridge.actions.customer_forms import Merging
    from panelbridge.actions.customers import merge_customers
    from panelbridge.cli.bridge import open_bridge

    screen = Screen(as_json=as_json)
    screen.confirm(
        f"All of customer {other} goes on under customer {number}: subscriptions, contacts, notes, tags, "
        f"timeline. Of {other}'s profile, e-mail address and telephone become contacts of {number}; what is "
        "empty there is filled, the rest is deleted. This cannot be undone.",
        yes=yes,
    )
    with open_bridge(context) as bridge:
        tell_changed(screen, bridge.change(merge_customers, body=Merging(other_id=other), number=number))


def _set(given: dict[str, str]) -> dict[str, Any]:
    return {field: value for field, value in given.items() if value}
