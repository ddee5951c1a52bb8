"""What each verb is asked for in the matrix, and what must be there before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Term
from panelbridge.contract.secret import Secret
from panelbridge.lifecycle import SuspensionReason
from panelbridge.provisioning import (
    ChangeCommand,
    Command,
    RenewCommand,
    ResetCommand,
    SuspendCommand,
    TerminateCommand,
    UnsuspendCommand,
)
from tests.support.rig import Rig

ACTOR = "system"


def _create(rig: Rig, service: int) -> Command:
    return rig.create(service)


def _extend(rig: Rig, service: int) -> Command:
    return RenewCommand(
        installation=rig.installation, service_id=service, actor=ACTOR, fact=f"item:{service}"
    )


def _suspend(rig: Rig, service: int) -> Command:
    return SuspendCommand(
        installation=rig.installation,
        service_id=service,
        actor=ACTOR,
        reason=SuspensionReason.OVERDUE,
        owner="billing",
    )


def _unsuspend(rig: Rig, service: int) -> Command:
    return UnsuspendCommand(installation=rig.installation, service_id=service, actor=ACTOR, owner="billing")


def _reset(rig: Rig, service: int) -> Command:
    return ResetCommand(
        installation=rig.installation, service_id=service, actor=ACTOR, password=Secret("NewPass23456")
    )


def _change(rig: Rig, service: int) -> Command:
    return ChangeCommand(
        installation=rig.installation, service_id=service, actor=ACTOR, plan="family", term=Term(months=1)
    )


def _terminate(rig: Rig, service: int) -> Command:
    return TerminateCommand(installation=rig.installation, service_id=service, actor=ACTOR)


COMMANDS: Mapping[Verb, Callable[[Rig, int], Command]] = {
    Verb.CREATE: _create,
    Verb.EXTEND: _extend,
    Verb.SUSPEND: _suspend,
    Verb.UNSUSPEND: _unsuspend,
    Verb.RESET_CREDENTIALS: _reset,
    Verb.CHANGE_PACKAGE: _change,
    Verb.TERMINATE: _terminate,
}


def prepare(rig: Rig, verb: Verb, service: int) -> None:
    """The state a verb starts from: no account for create, suspended for unsuspend, else a fresh one."""
    if verb is Verb.CREATE:
        return
    rig.provisioner.submit(_create(rig, service))
    if verb is Verb.UNSUSPEND:
        rig.provisioner.submit(_suspend(rig, service))
