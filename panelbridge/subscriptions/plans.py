"""Plans: what a reseller sells, from which panel and at which price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NewType, Protocol

from panelbridge.contract.models import Term
from panelbridge.ledger import Credits, ResellerId
from panelbridge.subscriptions.panels import PanelId

PlanId = NewType("PlanId", int)


@dataclass(frozen=True, kw_only=True)
class PlanTerm:
    """A length, the panel package that delivers it, and its price in our credits."""

    term: Term
    package: str  # the panel's id of it
    price: Credits  # credits, for the whole term
    # per connection above the plan's, for this term; None = not sold, 0 = included
    extra_connection: Credits | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One immutable version of a plan."""

    id: PlanId
    reseller_id: ResellerId
    code: str  # by which people and shops name it
    version: int  # from 1; a change is a new version
    title: str  # for staff
    panel_id: PanelId
    terms: tuple[PlanTerm, ...]
    connections: int | None = None  # None = what the package says
    options: Mapping[str, str] = field(default_factory=dict)  # of the backend
    queue_without_credit: bool = False  # wait for a top-up instead of refusing
    allow_purchase: bool = False  # a package change may be a purchase at the full price
    allow_restart: bool = False  # such a purchase may restart the term
    grace_hours: int = 48  # between the paid date and the expiry at the panel, where the panel can
    active: bool = True  # false: not sold any more; what was sold goes on

    def term(self, term: Term) -> PlanTerm | None:
        """The offer for ``term``, or ``None`` when this plan does not sell it."""
        return next((offer for offer in self.terms if offer.term == term), None)


class PlanStore(Protocol):
    """Every call runs in the caller's transaction."""

    def plan(self, plan: PlanId, version: int | None = None) -> Plan | None: ...
    def named(self, reseller: ResellerId, code: str) -> Plan | None: ...
    def lock_named(self, reseller: ResellerId, code: str) -> Plan | None:
        """As it is now; nobody else makes it or its next version until this transaction ends."""
        ...

    def all(self, reseller: ResellerId | None = None) -> Sequence[Plan]:
        """By code. For what must know every one of them; a list reads a ``page``."""
        ...

    def page(self, after: int, limit: int, reseller: ResellerId | None = None) -> Sequence[Plan]:
        """By number, those above ``after``, each in its present version."""
        ...

    def save(self, plan: Plan) -> Plan:
        """Insert ``plan`` as the next version of its code; version and id of the record given are ignored."""
        ...

    def codes(self, plan: PlanId, panel: PanelId) -> tuple[str | None, str | None]:
        """The codes of a plan and of a panel, by which people know them."""
        ...
