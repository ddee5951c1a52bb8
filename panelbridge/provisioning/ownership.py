"""Is the account found the one we sent? Every readable mark must match; one mismatch makes it foreign."""

from __future__ import annotations

import hmac
from enum import Enum, auto

from panelbridge.contract.models import PanelAccount
from panelbridge.contract.secret import readable
from panelbridge.provisioning.models import Operation


class Ownership(Enum):
    OURS = auto()
    FOREIGN = auto()
    UNPROVED = auto()  # nothing that the panel shows proves it


def judge_ownership(
    operation: Operation, reference: str, account: PanelAccount, *, name_sent_elsewhere: bool
) -> Ownership:
    """Compares the journaled random name, the password and the reference, as far as the panel shows them.

    A random name alone is proof, as long as no other generation ever sent it; a name chosen by a customer
    is none.
    """
    marks: list[bool] = []
    if account.reference:
        marks.append(account.reference == reference)
    shown, sent = readable(account.password), readable(operation.password)
    if shown is not None and sent is not None:
        marks.append(hmac.compare_digest(shown.encode(), sent.encode()))
    same_name = account.username == operation.username
    if not all(marks) or (not same_name and not account.reference):
        return Ownership.FOREIGN
    random_name = same_name and not operation.target.chosen_name and not name_sent_elsewhere
    return Ownership.OURS if marks or random_name else Ownership.UNPROVED
