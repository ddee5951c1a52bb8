"""Errors that only this backend knows, and which error each of the panel's ``STATUS_*`` words is.

HTTP is 200 whatever happened. A word on the list is the panel's own statement that nothing was written
(XC_VM 2025-07 checks before its first insert or update); any other word leaves the outcome unknown. The
``data`` beside a refusal echoes the posted form, password included, so nothing of it is ever read.
"""

from __future__ import annotations

from panelbridge.contract.exceptions import (
    CapacityExhausted,
    Conflict,
    ContractBroken,
    InsufficientPanelCredit,
    InvalidOrder,
    OutcomeUnknown,
    PanelError,
    PermissionMissing,
)
from panelbridge.contract.models import Outcome

SUCCESS = "STATUS_SUCCESS"
FAILURE = "STATUS_FAILURE"


class NameTaken(Conflict):
    """``STATUS_EXISTS_USERNAME`` or ``STATUS_EXISTS_MAC``: it is there, perhaps by our own first try.

    The dialects catch it in create and look whose it is; it only leaves them from a rename.
    """


class UnreadableRow(ContractBroken):
    """The panel shows this one account and its row cannot be read: one bad account, not a bad panel."""


class ExistsIdUnknown(OutcomeUnknown):
    """The line of our own random name or the device exists, and nothing we may read says its id.

    The hold is kept and a person looks the id up in the panel's web pages; ``code`` is what the engine
    raises attention by.
    """

    code = "exists_id_unknown"
    needs_person = True
    default_advice = (
        "Look the name up in the panel's own pages, then adopt the line by its id; setting a read-only admin "
        "credential on this panel makes the bridge find it by itself."
    )


class PanelRefused(PanelError):
    """``STATUS_FAILURE`` on a write: the panel refused and gives no reason. Nothing happened."""

    code = "panel_refused"
    default_outcome = Outcome.REFUSED
    default_advice = (
        "Check in the panel's own pages that the credential may do this to this line; then repeat."
    )


_INVALID = {
    "STATUS_INVALID_USERNAME": ("username", "the panel's group asks for a longer or other login name"),
    "STATUS_INVALID_PASSWORD": ("password", "the panel's group asks for a longer or other password"),
    "STATUS_INVALID_PACKAGE": ("package", "the package is not offered to our group at the panel"),
    "STATUS_INVALID_TYPE": ("package", "the package does not exist at the panel or is not for lines"),
    "STATUS_INVALID_MAC": ("mac", "the panel does not accept the device address"),
    "STATUS_INVALID_DATE": ("until", "the panel does not accept the expiry date"),
    "STATUS_INVALID_GROUP": ("group", "the panel does not accept the group"),
    "STATUS_INVALID_USER": ("member_id", "the panel does not know the owning panel user"),
    "STATUS_INVALID_SUBRESELLER": ("member_id", "the panel refuses that sub-reseller"),
    "STATUS_INVALID_INPUT": ("options", "the panel refuses a field without naming it"),
}

_REFUSED: dict[str, tuple[type[PanelError], str]] = {
    "STATUS_EXISTS_USERNAME": (NameTaken, "a line of this name exists at the panel"),
    "STATUS_EXISTS_MAC": (NameTaken, "a device of this MAC exists at the panel"),
    "STATUS_INSUFFICIENT_CREDITS": (InsufficientPanelCredit, "our credit there is below the package's price"),
    "STATUS_NO_TRIALS": (CapacityExhausted, "trials are off, used up, or our credit is below their minimum"),
    "STATUS_NO_PERMISSIONS": (PermissionMissing, "our group at the panel may not do this"),
    FAILURE: (PanelRefused, "the panel refused without a reason (absent, not ours, or not allowed)"),
}


def refusal(status: str, action: str) -> PanelError:
    """The error a status other than success stands for; ``action`` is our name of the endpoint."""
    if status in _INVALID:
        field, why = _INVALID[status]
        return InvalidOrder(f"{action}: {why}", field=field)
    if status in _REFUSED:
        kind, why = _REFUSED[status]
        return kind(f"{action}: {why}")
    return ContractBroken(f"{action}: the panel answered with a status this adapter does not know")
