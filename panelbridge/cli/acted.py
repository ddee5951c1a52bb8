"""Telling what became of a request: done, under way, or waiting for a person; and the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from panelbridge.cli.exits import Exit

if TYPE_CHECKING:
    from panelbridge.actions.acting import Acted
    from panelbridge.cli.bridge import Bridge
    from panelbridge.cli.screen import Screen

_VERBS = {
    "create": "Created",
    "extend": "Extended",
    "suspend": "Suspended",
    "unsuspend": "Unsuspended",
    "reset_credentials": "Credentials are new",
    "change_package": "Package changed",
    "terminate": "Terminated: the account is gone",
}
_SHOWN = frozenset({"service", "state", "username", "plan", "paid until", "panel's expiry"})


def tell_acted(
    screen: Screen, bridge: Bridge, answer: Acted, *, show_password: bool = False, title: str | None = None
) -> None:
    """Print it and, when it is not done yet, end with ``Exit.PENDING``."""
    from panelbridge.actions.wording import in_credits
    from panelbridge.cli.subscriptions import subscription_facts

    kept = answer if show_password else answer.kept()
    operation = answer.operation
    if answer.pending:
        screen.answer(
            kept, *_pending_facts(answer), title=f"Under way: {operation.verb} of {operation.service_id}"
        )
        _tell_who_goes_on(screen, bridge)
        raise typer.Exit(Exit.PENDING)
    title = title or _VERBS.get(operation.verb, operation.verb)
    if operation.outcome == "already":
        title = f"Nothing to change ({operation.verb} was done already)"
    wanted = _SHOWN | ({"password"} if operation.verb == "reset_credentials" else set())
    shown = subscription_facts(kept.subscription, has_password=True)
    facts = [(name, value) for name, value in shown if name in wanted and value is not None]
    facts.append(("operation", f"{operation.id}, {in_credits(operation.price)}"))
    if operation.message:
        facts.append(("note", operation.message))
    screen.answer(kept, *facts, title=title)


def _pending_facts(answer: Acted) -> list[tuple[str, object]]:
    operation = answer.operation
    from panelbridge.actions.wording import in_credits

    facts: list[tuple[str, object]] = [("operation", f"{operation.id}, {operation.state}")]
    if answer.waits_for is not None:
        facts.append(("waits for", f"operation {answer.waits_for}, which is settled first"))
    if operation.state == "queued":
        facts.append(("waits for", f"{in_credits(operation.price)}: panelbridge credits top-up"))
    if operation.message:
        facts.append(("so far", operation.message))
    if operation.due_at is not None:
        facts.append(("looked at next", operation.due_at))
    return facts


def _tell_who_goes_on(screen: Screen, bridge: Bridge) -> None:
    from panelbridge.service.data_folder import serves_now

    if serves_now(bridge.config):
        screen.hint("Nothing to do: the running `serve` goes on with it. Running the command again joins it.")
    else:
        screen.hint("No `panelbridge serve` runs from this folder: start it, else nothing goes on.")
