"""``panelbridge attention``: cases waiting for a decision. Each choice says first what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from panelbridge.actions.wording import in_credits
from panelbridge.cli import names
from panelbridge.cli.options import AsJson, Yes
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.cli.bridge import Bridge
    from panelbridge.provisioning import Operation

app = typer.Typer(invoke_without_command=True, help="Cases waiting for a decision.")

Number = Annotated[
    int,
    typer.Argument(
        metavar="OPERATION", help="Its number, as `attention` lists it.", autocompletion=names.waiting
    ),
]
Reason = Annotated[str, typer.Option(help="What you saw at the panel; it is recorded with your name.")]


@app.callback()
def group(context: typer.Context, as_json: AsJson = False) -> None:
    """Without a command: list what is open."""
    if context.invoked_subcommand is None:
        show_list(context, as_json=as_json)


@app.command("list")
def list_command(context: typer.Context, as_json: AsJson = False) -> None:
    """List the open cases, and what can be done about each."""
    show_list(context, as_json=as_json)


def show_list(context: typer.Context, *, as_json: bool) -> None:
    """What is open, oldest first."""
    from panelbridge.actions.attention import list_attention
    from panelbridge.actions.paging import PageQuery
    from panelbridge.cli.bridge import open_bridge

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        found = bridge.every(list_attention, PageQuery)
    if screen.as_json:
        screen.json([item.model_dump(mode="json") for item in found])
        return
    screen.table(
        ("item", "since", "operation", "subscription", "what", "advice"),
        (
            (
                item.id,
                item.opened_at,
                item.operation_id,
                item.subscription_id,
                f"{item.message} [{item.code}]",
                item.advice,
            )
            for item in found
        ),
        empty="No cases are waiting for a decision.",
        right=("item", "operation", "subscription"),
    )
    ways = {way: means for item in found for way, means in item.ways_out.items()}
    if ways:
        screen.say("\nChoices: panelbridge attention CHOICE OPERATION")
        screen.facts(ways.items())
        screen.hint(
            "\nLook first: panelbridge operations show OPERATION, and the account at the panel itself."
        )


@app.command("retry")
def retry_command(context: typer.Context, number: Number, yes: Yes = False, as_json: AsJson = False) -> None:
    """Ask the panel again and go on by itself. Makes and charges nothing that is there already."""
    from panelbridge.actions.operations import retry_operation

    _decide(context, "retry", number, retry_operation, yes=yes, as_json=as_json)


@app.command("adopt")
def adopt_command(
    context: typer.Context,
    number: Number,
    account: Annotated[str, typer.Argument(help="The panel's id of it: panelbridge panels accounts PANEL")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Take a panel account as this service's. The held credits are spent."""
    from panelbridge.actions.operations import AdoptedAccount, adopt_operation
    from panelbridge.cli.bridge import read_options

    body = read_options(AdoptedAccount, account_id=account)
    _decide(context, "adopt", number, adopt_operation, yes=yes, as_json=as_json, account=account, body=body)


def _claim(way: str, action: str, means: str) -> None:
    """A decision that a person answers for: a command of its own, with the reason it is recorded with."""

    @app.command(way, help=means)
    def command(
        context: typer.Context, number: Number, reason: Reason, yes: Yes = False, as_json: AsJson = False
    ) -> None:
        from panelbridge.actions import operations
        from panelbridge.cli.bridge import read_options

        body = read_options(operations.Claim, reason=reason)
        view = getattr(operations, action)  # by name: its file is not needed to show what there is
        _decide(context, way, number, view, yes=yes, as_json=as_json, body=body)


_claim("mark-done", "mark_operation_done", "Claim that the effect is there. The held credits are spent.")
_claim(
    "release",
    "release_operation",
    "Claim that nothing happened. The held credits are free again, and the name stays watched.",
)
_claim(
    "buy-from-here",
    "buy_operation_from_here",
    "Claim that an expiry's move was none of ours, or that nothing was bought. It is bought from there.",
)
_claim(
    "book-missing",
    "book_missing_operation",
    "Claim that an expiry's move was an earlier renewal. It is charged, then this one is bought.",
)


@app.command("dismiss")
def dismiss_command(
    context: typer.Context,
    item: Annotated[
        int,
        typer.Argument(
            metavar="ITEM", help="Its number, as `attention` lists it.", autocompletion=names.attention_items
        ),
    ],
    reason: Annotated[str, typer.Option(help="What you did about it; it is recorded with your name.")],
    as_json: AsJson = False,
) -> None:
    """Close an item that no operation waits for. Changes no account and no credit."""
    from panelbridge.actions.attention import Dismissal, dismiss_attention
    from panelbridge.cli.bridge import open_bridge, read_options

    screen = Screen(as_json=as_json)
    body = read_options(Dismissal, reason=reason)
    with open_bridge(context) as bridge:
        closed = bridge.change(dismiss_attention, number=item, body=body)
    screen.answer(closed, ("code", closed.code), ("message", closed.message), title=f"Dismissed: item {item}")


def _decide(
    context: typer.Context,
    way: str,
    number: int,
    view: Any,
    *,
    yes: bool,
    as_json: bool,
    account: str | None = None,
    **parts: Any,
) -> None:
    from panelbridge.cli.acted import tell_acted
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.operations import load_operation, operation_facts

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        operation, _ = load_operation(bridge, number)
        _check_waits(operation)
        screen.confirm(_means(way, operation, account), yes=yes)
        with screen.working(f"operation {number}"):
            acted = bridge.act(view, number=number, **parts)
        if way == "release":
            released, _ = load_operation(bridge, number)
            screen.answer(acted, *operation_facts(released), title="Released: " + _freed(bridge, operation))
            return
        verb = operation.verb.value.replace("_", " ")
        tell_acted(screen, bridge, acted, title=f"Settled: {verb} of service {operation.service_id}")


def _check_waits(operation: Operation) -> None:
    """Raises ``Refused`` before anything is asked when there is nothing to decide."""
    from panelbridge.actions.refused import Refused
    from panelbridge.provisioning import OperationState

    in_vain = operation.state in (OperationState.READY, OperationState.SENT) and operation.failures > 0
    if operation.state is not OperationState.ATTENTION and not in_vain:
        raise Refused(
            "illegal_move",
            f"operation {operation.id} is {operation.state.value}; only one in attention, or one that "
            "keeps failing, waits for a decision",
            advice="It is settled; see `panelbridge operations show`."
            if operation.settled
            else "It is in hand: `serve` goes on with it by itself. See `panelbridge operations show`.",
        )


def _means(way: str, operation: Operation, account: str | None) -> str:
    from panelbridge.provisioning.flow.decisions import PURCHASE_WAYS, WAYS_OUT

    meaning = {**WAYS_OUT, **PURCHASE_WAYS}[way]
    held = in_credits(operation.price) + " held" if operation.hold is not None else "no credits held"
    named = f" Account {account} of the panel is read first and must exist." if account else ""
    return (
        f"Operation {operation.id}: {operation.verb.value} of subscription {operation.subscription_id} "
        f"(service {operation.service_id}, user {operation.username or 'as it is'}), {held}.\n"
        f"It waits because {operation.message or operation.code}.\n"
        f"{way}: {meaning}.{named}"
    )


def _freed(bridge: Bridge, operation: Operation) -> str:
    if operation.hold is None:
        return "no credits were held"
    with bridge.services.units.read() as unit:
        left = unit.ledger.wallet(operation.reseller_id).available
    return f"{in_credits(operation.price)} free again, {in_credits(left)} available"
