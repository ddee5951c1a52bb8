"""What each verb is asked for in the matrix, and what must be there before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Term
from panelbridge.contract.secret import Secret
from panelbridge.lifecycle import SuspensionReason
from panelbridge.provisioning import (
    ChangeWish,
    RenewWish,
    ResetWish,
    SuspendWish,
    TerminateWish,
    UnsuspendWish,
    Wish,
)
from tests.support.rig import Rig

ACTOR = "system"


def _create(rig: Rig, service: int) -> Wish:
    return rig.create(service)


def _extend(rig: Rig, service: int) -> Wish:
    return RenewWish(installation=rig.installation, service_id=service, actor=ACTOR, fact=f"item:{service}")


def _suspend(rig: Rig, service: int) -> Wish:
    return SuspendWish(
        installation=rig.installation,
        service_id=service,
        actor=ACTOR,
        reason=SuspensionReason.OVERDUE,
        owner="billing",
    )


def _unsuspend(rig: Rig, service: int) -> Wish:
    return UnsuspendWish(installation=rig.installation, service_id=service, actor=ACTOR, owner="billing")


def _reset(rig: Rig, service: int) -> Wish:
    return ResetWish(
        installation=rig.installation, service_id=service, actor=ACTOR, password=Secret("NewPass23456")
    )


def _change(rig: Rig, service: int) -> Wish:
    return ChangeWish(
        installation=rig.installation, service_id=service, actor=ACTOR, plan="family", term=Term(months=1)
    )


def _terminate(rig: Rig, service: int) -> Wish:
    return TerminateWish(installation=rig.installation, service_id=service, actor=ACTOR)


WISHES: Mapping[Verb, Callable[[Rig, int], Wish]] = {
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
