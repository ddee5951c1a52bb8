"""Errors that only this backend knows, each below a class of the contract's own tree."""

from __future__ import annotations

from panelbridge.exceptions import Conflict, ContractBroken, OutcomeUnknown, PanelError
from panelbridge.models import Outcome


class NameTaken(Conflict):
    """``STATUS_EXISTS_USERNAME`` or ``STATUS_EXISTS_MAC``: it is there, perhaps by our own first try.

    The dialects catch it in create and look whose it is; it only leaves them from a rename.
    """


class UnreadableRow(ContractBroken):
    """The panel shows this one account and its row cannot be read: one bad account, not a bad panel."""


class ExistsIdUnknown(OutcomeUnknown):
    """The line of our own random name or the device exists, and nothing we may read tells its id.

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
