"""An outcome as an error of the contract."""

from __future__ import annotations

from collections.abc import Mapping

from panelbridge.contract.exceptions import (
    AuthenticationFailed,
    Conflict,
    InsufficientPanelCredit,
    InvalidOrder,
    NotFound,
    OutcomeUnknown,
    PanelBusy,
    PanelError,
    PermissionMissing,
    RateLimited,
)
from panelbridge_declarative.description.expressions import Chain, ExpressionFailed
from panelbridge_declarative.description.spec import Is
from panelbridge_declarative.operations.outcomes import Verdict


class HalfMade(OutcomeUnknown):
    """A part of the account is there, and nothing that we may call completes it or takes it away."""

    code = "half_made"
    default_advice = (
        "Look at the panel what is left of this name, remove or complete it there; then press retry, or "
        "release the hold."
    )
    needs_person = True


_ERRORS: Mapping[Is, tuple[type[PanelError], str]] = {
    Is.AUTH: (AuthenticationFailed, "the panel refuses our credential"),
    Is.DENIED: (PermissionMissing, "the panel does not let us do this"),
    Is.INVALID: (InvalidOrder, "the panel does not accept the order"),
    Is.NO_CREDIT: (InsufficientPanelCredit, "our credit at the panel is used up"),
    Is.RATE_LIMITED: (RateLimited, "the panel asks to slow down"),
    Is.BUSY: (PanelBusy, "the panel is busy and did nothing"),
    Is.HALF_MADE: (HalfMade, "a part of the account is there and the rest is not"),
}
_FIELDS = {"expires": "until", "id": "ref"}


def error_of(verdict: Verdict) -> PanelError:
    """The error that ``verdict`` is for a call that has no better use of it.

    Only what is listed here means that nothing happened; ``not_found`` and ``exists`` are for the verb to
    judge, and where they arrive here they prove nothing.
    """
    kind, what = _ERRORS.get(verdict.outcome, (OutcomeUnknown, "the panel's answer proves nothing"))
    message = f"{what}: {verdict.message}" if verdict.message else what
    return kind(message, retry_after=verdict.retry_after, field=verdict.field)


def not_found(verdict: Verdict) -> NotFound:
    return NotFound(f"the panel has no such account: {verdict.message}")


def taken() -> Conflict:
    return Conflict("the login name is taken by an account that is not ours")


def refused_value(error: ExpressionFailed) -> InvalidOrder:
    """A value that cannot be put into the request; nothing was sent."""
    return InvalidOrder(f"nothing was sent: {error}", field=field_of(error.chain))


def field_of(chain: Chain) -> str | None:
    """The field of the order that a fact of an expression came from."""
    match chain:
        case ("account", name, *_):
            return _FIELDS.get(name, name)
        case (("package" | "packages" | "present"), *_):
            return "package"
        case ("options", name, *_):
            return f"options.{name}"
        case ():
            return None
    return ".".join(chain)
