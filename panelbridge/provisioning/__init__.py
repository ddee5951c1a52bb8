"""The provisioning journal: operations, attempts, keys, the one flow, and recovery."""

from __future__ import annotations

from panelbridge.provisioning.desk import Desk
from panelbridge.provisioning.effects import WHY_STOPPED, WriteStop
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.models import (
    Answer,
    Attempt,
    AttentionItem,
    Limits,
    Operation,
    OperationId,
    OperationState,
)
from panelbridge.provisioning.provisioner import Provisioner
from panelbridge.provisioning.wishes import (
    ChangeWish,
    CreateWish,
    RenewWish,
    ResetWish,
    SuspendWish,
    TerminateWish,
    UnsuspendWish,
    Wish,
    known_facts,
)

__all__ = [
    "WHY_STOPPED",
    "Answer",
    "Attempt",
    "AttentionItem",
    "ChangeWish",
    "CreateWish",
    "Desk",
    "Limits",
    "Operation",
    "OperationId",
    "OperationState",
    "Provisioner",
    "Refusal",
    "RenewWish",
    "ResetWish",
    "SuspendWish",
    "TerminateWish",
    "UnsuspendWish",
    "Wish",
    "WriteStop",
    "known_facts",
]
