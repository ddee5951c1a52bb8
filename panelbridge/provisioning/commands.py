"""What callers ask for. Each names an end state or a business fact, never a step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from panelbridge.contract.capabilities import OrderFact
from panelbridge.contract.models import Term
from panelbridge.contract.secret import Secret
from panelbridge.lifecycle import SuspensionReason
from panelbridge.subscriptions import Installation


@dataclass(frozen=True, kw_only=True)
class _ServiceCommand:
    installation: Installation
    service_id: int
    actor: str


@dataclass(frozen=True, kw_only=True)
class CreateCommand(_ServiceCommand):
    """The service has an account of this plan, paid for one term."""

    plan: str  # its code
    term: Term
    connections: int | None = None  # None = the plan's
    username: str | None = None  # None = one is made
    mac: str | None = None  # None = a line, no device
    customer: str | None = None  # his id in billing, which is the same in all of his orders
    reopens: bool = False  # the service is Pending or Active in billing: a terminated one may come back
    options: dict[str, str] = field(default_factory=dict)  # of the backend
    facts: dict[OrderFact, str] = field(
        default_factory=dict
    )  # what billing knows; only what is needed is kept


@dataclass(frozen=True, kw_only=True)
class RenewCommand(_ServiceCommand):
    """The paid invoice item (or one-shot token) ``fact`` extended the service by one term."""

    fact: str  # "item:991" or "token:…"
    plan: str | None = None  # None = the subscription's own
    term: Term | None = None  # None = the subscription's own
    connections: int | None = None  # None = those it has
    note: str | None = None
    by: Term | None = None  # an admin's extension by a length other than the plan's term
    first_invoice: bool = False
    gift: bool = False  # nothing is charged for it, and it is worth nothing when a later change is priced


@dataclass(frozen=True, kw_only=True)
class SuspendCommand(_ServiceCommand):
    reason: SuspensionReason
    owner: str  # who sets the reason; only he lifts it
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class UnsuspendCommand(_ServiceCommand):
    """Every reason that ``owner`` set is lifted."""

    owner: str
    reason: SuspensionReason | None = None  # None = all of this owner


@dataclass(frozen=True, kw_only=True)
class ResetCommand(_ServiceCommand):
    """These credentials work; ``password`` None = one made by the panel's rules."""

    password: Secret | None = None
    username: str | None = None  # None = it stays
    token: str | None = None  # of one click: the same in its repeats


@dataclass(frozen=True, kw_only=True)
class ChangeCommand(_ServiceCommand):
    plan: str  # its code
    term: Term
    connections: int | None = None  # None = the plan's
    when: Literal["now", "next_period"] = "now"


@dataclass(frozen=True, kw_only=True)
class TerminateCommand(_ServiceCommand):
    pass


Command = (
    CreateCommand
    | RenewCommand
    | SuspendCommand
    | UnsuspendCommand
    | ResetCommand
    | ChangeCommand
    | TerminateCommand
)


def known_facts(domain: str | None, email: str | None) -> dict[OrderFact, str]:
    """What a caller told of an order, by name."""
    given = {OrderFact.DOMAIN: domain, OrderFact.EMAIL: email}
    return {fact: value for fact, value in given.items() if value}
