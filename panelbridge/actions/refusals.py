"""Errors of the library, as problems. What the library calls a refusal is a 4xx here."""

from __future__ import annotations

from panelbridge.actions.problems import KINDS, Problem
from panelbridge.contract.exceptions import (
    AuthenticationFailed,
    Conflict,
    PanelError,
    PanelUnreachable,
    RateLimited,
)
from panelbridge.contract.models import Outcome
from panelbridge.contract.secret import SecretUnreadable
from panelbridge.ledger import LedgerError
from panelbridge.lifecycle import IllegalMove
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.storage import StorageBusy
from panelbridge.storage.exceptions import StorageFailed, StorageUnanswered, StorageUnreachable

Known = Refusal | PanelError | LedgerError | IllegalMove | StorageBusy | StorageFailed | SecretUnreadable
KNOWN: tuple[type[Exception], ...] = (
    Refusal,
    PanelError,
    LedgerError,
    IllegalMove,
    StorageBusy,
    SecretUnreadable,
    StorageFailed,
)
_SOON = 2  # seconds


def problem_of(error: Known) -> Problem:
    """The problem that says what ``error`` says."""
    if isinstance(error, (StorageBusy, StorageFailed)):
        return _of_storage(error)
    if isinstance(error, SecretUnreadable):
        return Problem("secret_unreadable", f"{error}.")
    if isinstance(error, LedgerError):
        code = error.code if error.code in KINDS else "transfer_refused"
        return Problem(code, f"{error.message}.", advice=error.advice)
    if isinstance(error, IllegalMove):
        return Problem("illegal_move", f"{str(error)[:1].upper()}{str(error)[1:]}.")
    if isinstance(error, Refusal):
        return _of_refusal(error)
    return _of_panel_error(error)


def _of_storage(error: StorageBusy | StorageFailed) -> Problem:
    if isinstance(error, StorageBusy):
        return Problem("overloaded", "The database was held by others for too long.", retry_after=_SOON)
    if isinstance(error, (StorageUnreachable, StorageUnanswered)):
        # Told to shops too: where the server is, is the operator's to know.
        message = "The database server does not answer; nothing was changed."
        if isinstance(error, StorageUnanswered):
            message = f"{str(error)[:1].upper()}{str(error)[1:]}."
        return Problem(error.code, message, retry_after=_SOON)
    return Problem(error.code, f"{str(error)[:1].upper()}{str(error)[1:]}.", advice=error.advice)


def _of_refusal(error: Refusal) -> Problem:
    told = {} if error.customer is None else {"customer": error.customer}
    if error.code in KINDS:
        return Problem(error.code, error.message, advice=error.advice, field=error.field, extra=told)
    told["panel_code"] = error.code
    return Problem("refused", error.message, advice=error.advice, field=error.field, extra=told)


def _of_panel_error(error: PanelError) -> Problem:
    if isinstance(error, (PanelUnreachable, RateLimited)) or error.outcome is Outcome.UNKNOWN:
        code = "panel_unreachable"
    else:
        code = "refused"
    retry_after = int(error.retry_after) + 1 if error.retry_after is not None else None
    return Problem(
        code,
        error.message,
        advice=error.advice,
        field=error.field,
        status=409 if isinstance(error, (AuthenticationFailed, Conflict)) else None,
        retry_safe=error.retry_safe,
        retry_after=retry_after,
        extra={"panel_code": error.code},
    )
