"""``panelbridge operations``: the journal of everything that was wanted and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panelbridge.actions.wording import in_credits
from panelbridge.cli import names
from panelbridge.cli.options import AsJson, Limit
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.cli.bridge import Bridge
    from panelbridge.provisioning import Attempt, Operation, OperationState

app = typer.Typer(
    no_args_is_help=True, help="The journal: everything that was wanted, and what became of it."
)


@app.command("list")
def list_command(
    context: typer.Context,
    state: Annotated[
        str | None, typer.Option(help="Only those that are queued, ready, sent, attention, done, refused …")
    ] = None,
    subscription: Annotated[
        str | None,
        typer.Option(help="Only of this one: its number, or shop:501.", autocompletion=names.subscriptions),
    ] = None,
    limit: Limit = 30,
    as_json: AsJson = False,
) -> None:
    """List the latest operations, oldest first."""
    from panelbridge.actions.acting import OperationDetail
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.subscriptions import subscription_number
    from panelbridge.subscriptions import SubscriptionId

    screen = Screen(as_json=as_json)
    wanted = _state_named(state) if state is not None else None
    with open_bridge(context) as bridge:
        of = SubscriptionId(subscription_number(bridge, subscription)) if subscription else None
        with bridge.services.units.read() as unit:
            latest = unit.journal.search(subscription=of, state=wanted, newest_first=True, limit=limit)
            found = latest[::-1]
    if screen.as_json:
        screen.json([OperationDetail.of(item).model_dump(mode="json") for item in found])
    screen.table(
        ("no.", "when", "verb", "of", "state", "credits", "by", "said"),
        (
            (
                item.id,
                item.admitted_at,
                item.verb,
                f"{item.subscription_id} (service {item.service_id})",
                item.state,
                item.cost,
                item.actor,
                item.message,
            )
            for item in found
        ),
        empty="No operation matches.",
        right=("no.", "credits"),
    )
    if len(found) == limit:
        screen.hint(f"The latest {limit}; --limit shows more.")


@app.command("show")
def show_command(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="OPERATION", autocompletion=names.waiting)],
    as_json: AsJson = False,
) -> None:
    """Show one operation and every try of it."""
    from panelbridge.actions.acting import OperationDetail
    from panelbridge.cli.bridge import open_bridge

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        operation, tries = load_operation(bridge, number)
    if screen.as_json:
        detail = OperationDetail.of(operation).model_dump(mode="json")
        screen.json(detail | {"tries": [_try_document(item) for item in tries]})
        return
    screen.facts(operation_facts(operation), title=f"Operation {operation.id}")
    screen.table(
        ("try", "began", "ended", "outcome", "code", "what was seen"),
        (
            (item.number, item.started_at, item.finished_at, _outcome(item), item.code, item.evidence)
            for item in tries
        ),
        empty="\nIt was never sent.",
    )


def _state_named(text: str) -> OperationState:
    from panelbridge.provisioning import OperationState

    try:
        return OperationState(text)
    except ValueError:
        known = ", ".join(item.value for item in OperationState)
        raise typer.BadParameter(f"{text!r} is none of {known}", param_hint="--state") from None


def load_operation(bridge: Bridge, number: int) -> tuple[Operation, Sequence[Attempt]]:
    """The operation and its tries. Raises ``not_found``."""
    from panelbridge.actions.problems import Problem
    from panelbridge.provisioning import OperationId

    with bridge.services.units.read() as unit:
        found = unit.journal.operation(OperationId(number))
        if found is None:
            raise Problem("not_found", f"There is no operation {number}.")
        return found, unit.journal.attempts(found.id)


def operation_facts(operation: Operation) -> list[tuple[str, object]]:
    """What a person wants to know of an operation."""
    facts: list[tuple[str, object]] = [
        ("verb", operation.verb.value),
        ("of", f"subscription {operation.subscription_id}, service {operation.service_id}"),
        ("state", _state(operation)),
        ("price", in_credits(operation.price) + _hold(operation)),
        ("asked by", operation.actor),
        ("asked", operation.admitted_at),
    ]
    if operation.username:
        facts.append(("username", operation.username))
    if operation.target.entitled_until is not None:
        facts.append(("pays until", operation.target.entitled_until))
    if operation.due_at is not None:
        facts.append(("looked at next", operation.due_at))
    if operation.settled_at is not None:
        facts.append(("settled", operation.settled_at))
    if operation.message:
        code = f" [{operation.code}]" if operation.code else ""
        facts.append(("said", f"{operation.message}{code}"))
    if operation.advice:
        facts.append(("what to do", operation.advice))
    return facts


def _hold(operation: Operation) -> str:
    if operation.hold is None:
        return ""
    return " (held)" if not operation.settled else ""


def _state(operation: Operation) -> str:
    outcome = operation.outcome.value if operation.outcome else None
    return (
        operation.state.value
        if outcome in (None, operation.state.value)
        else f"{operation.state.value} ({outcome})"
    )


def _outcome(attempt: Attempt) -> str:
    if attempt.outcome is None:
        return "under way"
    return f"{attempt.outcome.value}, proved without effect" if attempt.cleared else attempt.outcome.value


def _try_document(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "started_at": attempt.started_at.isoformat(),
        "deadline": attempt.deadline.isoformat(),
        "quiet_until": attempt.quiet_until.isoformat(),
        "finished_at": attempt.finished_at.isoformat() if attempt.finished_at else None,
        "outcome": attempt.outcome.value if attempt.outcome else None,
        "code": attempt.code,
        "evidence": attempt.evidence,
        "cleared": attempt.cleared,
    }
