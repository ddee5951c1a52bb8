"""The provisioning journal: operations, attempts, keys, the one flow, and recovery."""

from __future__ import annotations

from panelbridge.provisioning.commands import (
    ChangeCommand,
    Command,
    CreateCommand,
    RenewCommand,
    ResetCommand,
    SuspendCommand,
    TerminateCommand,
    UnsuspendCommand,
    known_facts,
)
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.effects import WHY_STOPPED, WriteStop
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.models import (
    Attempt,
    Operation,
    OperationId,
    OperationState,
    Reply,
    Timeouts,
)
from panelbridge.provisioning.provisioner import Provisioner

__all__ = [
    "WHY_STOPPED",
    "Attempt",
    "ChangeCommand",
    "Command",
    "CreateCommand",
    "Dependencies",
    "Operation",
    "OperationId",
    "OperationState",
    "Provisioner",
    "Refusal",
    "RenewCommand",
    "Reply",
    "ResetCommand",
    "SuspendCommand",
    "TerminateCommand",
    "Timeouts",
    "UnsuspendCommand",
    "WriteStop",
    "known_facts",
]
