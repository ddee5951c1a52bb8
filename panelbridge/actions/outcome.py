"""How an operation ended, for whoever asked for it."""

from __future__ import annotations

from panelbridge.actions.problems import Problem
from panelbridge.actions.refusals import problem_of
from panelbridge.contract.capabilities import Verb
from panelbridge.provisioning import Operation, OperationState, Refusal


def check_outcome(operation: Operation) -> None:
    """Raises ``Problem`` when the operation was refused or waits for a person."""
    if operation.state is OperationState.ATTENTION:
        raise Problem(
            "attention",
            f"{label_of(operation.verb)} needs a decision by a person: {operation.message}.",
            advice=operation.advice,
            extra={"operation": operation.id, "panel_code": operation.code},
        )
    if operation.state is OperationState.SUPERSEDED:
        raise problem_of(
            Refusal(
                "stale",
                f"{label_of(operation.verb)} was not sent: {operation.message}",
                advice="Nothing to do: what was asked for since counts.",
            )
        )
    if operation.state in (OperationState.REFUSED, OperationState.WITHDRAWN):
        raise problem_of(
            Refusal(
                operation.code or "refused",
                operation.message or f"{label_of(operation.verb)} was refused",
                advice=operation.advice or "Correct the cause and repeat.",
                field=operation.field,
            )
        )


def label_of(verb: Verb) -> str:
    """``Change package``."""
    return verb.value.replace("_", " ").capitalize()
