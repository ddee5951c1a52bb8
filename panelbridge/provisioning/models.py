"""Records of the provisioning journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NewType

from pydantic import BaseModel, ConfigDict

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Outcome, Term
from panelbridge.contract.secret import Secret
from panelbridge.ledger import Credits, ResellerId, TransferId
from panelbridge.lifecycle import Anchor, SuspensionReason
from panelbridge.subscriptions import InstallationId, PanelId, PlanId, SubscriptionId

BRIDGE = "panelbridge"
"""Actor and owner of what the bridge does by itself."""

OperationId = NewType("OperationId", int)


class OperationState(StrEnum):
    QUEUED = "queued"  # waits for credit; nothing was sent
    READY = "ready"  # may be sent when its due time has come
    SENT = "sent"  # an attempt is committed and its effect not yet settled
    ATTENTION = "attention"  # only a person can decide; the hold is kept
    DONE = "done"
    REFUSED = "refused"  # definitely nothing happened; the key is free again
    SUPERSEDED = "superseded"  # never sent, a later operation replaced it
    WITHDRAWN = "withdrawn"  # taken back by a person before it was sent


UNSETTLED = frozenset(
    {OperationState.QUEUED, OperationState.READY, OperationState.SENT, OperationState.ATTENTION}
)


class Asked(BaseModel):
    """What a caller named of a renewal or change; the rest follows from the state when its turn comes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    term: str | None = None  # None = the service's own
    connections: int | None = None  # None = those it has
    odd: bool = False  # an admin's length, which no term of the plan need be
    stored_change: bool = False  # it was to bring the change that was stored for it
    sold: str  # what the customer was to have by then; elsewhere the price does not hold


class Target(BaseModel):
    """The end state an operation names. Holds no secret; only the fields its verb uses are set."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    package: str | None = None  # the panel's id of it
    connections: int | None = None  # simultaneous; None = what the package says
    options: dict[str, str] = {}  # of the backend
    mac: str | None = None  # upper-case colon form, where the account is a device
    entitled_until: datetime | None = None  # what was paid for
    panel_until: datetime | None = None  # what the panel shall hold: entitled plus grace, where it can
    anchor_start: datetime | None = None  # UTC; where the run of paid months began
    anchor_months: int = 0  # how many of them are paid by then
    period_from: datetime | None = None  # UTC; start of the time that this operation pays for
    add: str | None = None  # the length a renewal adds to our books, as text ("1m")
    purchase: bool = False  # the panel can only add: fenced
    our_date: bool = False  # the panel keeps no date: the paid one is in our books only
    allow_restart: bool = False  # the plan's leave: a purchase may restart the term
    repriced: int = 0  # units of the price that are for what was left of earlier periods
    gift: bool = False  # time that nothing was paid for
    asked: Asked | None = None  # decided anew when its turn comes; None = sent as it was admitted
    cost: int | None = None  # units, where that decision made it cheaper than what is held
    reason: SuspensionReason | None = None  # of a suspend, or of an unsuspend that lifts only it
    owner: str | None = None  # whose reasons of suspension it sets or lifts
    note: str | None = None  # for whoever reads the history
    username: str | None = None  # of a reset: the name that it shall have
    chosen_name: bool = False  # the login name came from outside and is not random
    fingerprint: str | None = None  # HMAC of a given password, so that the same request joins

    def anchored(self, anchor: Anchor) -> Target:
        return self.model_copy(
            update={
                "entitled_until": anchor.until,
                "anchor_start": anchor.start,
                "anchor_months": anchor.months,
            }
        )

    @property
    def anchor(self) -> Anchor | None:
        if self.anchor_start is None:
            return None
        return Anchor(start=self.anchor_start, months=self.anchor_months)


class Fence(BaseModel):
    """The read before a call that only adds, and where the expiry must land if it had its effect."""

    model_config = ConfigDict(frozen=True)

    before: datetime | None  # UTC expiry; None = never expires
    earliest: datetime  # UTC: the window in which a package bought now puts the expiry
    latest: datetime  # UTC; both ends belong to it


class Look(BaseModel):
    """What one boot knows of an attempt by its own looks. Seconds of that boot's clock."""

    model_config = ConfigDict(frozen=True)

    first: float  # when this boot first looked
    unmoved_since: float | None = None  # of a purchase: no look since then found anything else


@dataclass(frozen=True, kw_only=True)
class Attempt:
    operation_id: OperationId
    number: int  # from 1; the lease of whoever holds it
    panel_id: PanelId
    slot: int | None = None  # its place among the panel's attempts in flight
    owner: str  # process and thread that made it
    started_at: datetime
    deadline: datetime  # UTC; nothing of ours runs on after it
    quiet_until: datetime  # by the dates of its start; what counts is ``quiet_left``
    boot: str = ""  # whose clock reads ``ends`` at the deadline
    ends: float = 0.0  # seconds of that clock
    looks: Mapping[str, Look] = field(default_factory=dict)  # by boot
    fence: Fence | None = None  # of a purchase
    finished_at: datetime | None = None  # UTC; None = it runs, or whoever ran it died
    outcome: Outcome | None = None  # None = not known
    code: str | None = None  # of the error it ended with
    evidence: str | None = None  # our words, never the panel's
    cleared: bool = False  # proved to have had no effect

    @property
    def may_have_left(self) -> bool:
        """Whether the panel may have got the request; settled or cleared since makes no difference."""
        return self.outcome not in (Outcome.REFUSED, Outcome.RETRY_LATER)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One durable unit of work on a subscription."""

    id: OperationId
    subscription_id: SubscriptionId
    installation_id: InstallationId
    reseller_id: ResellerId
    panel_id: PanelId
    service_id: int  # billing's own id
    generation: int  # of the subscription when it was admitted
    verb: Verb
    state: OperationState
    key: str  # of the business fact or end state; one live operation a key
    target: Target
    price: Credits  # held for it; ``cost`` is what is posted
    plan_id: PlanId
    plan_version: int
    term: Term
    actor: str  # who asked
    admitted_at: datetime
    due_at: datetime | None  # UTC; None = nothing goes on by itself
    due_set_at: datetime | None = None  # when the store wrote ``due_at``; later than now: the clock went back
    outcome: Outcome | None = None  # None = not settled
    hold: TransferId | None = None  # the transfer that reserves the price; None = nothing is held
    username: str | None = None  # journaled before the first try
    password: Secret | None = None  # sealed at rest; None where none is sent
    attempts: int = 0  # tries that were committed
    failures: int = 0  # unhelpful answers in a row; drives the back-off
    failing_since: datetime | None = None  # UTC; the first of them
    settled_at: datetime | None = None  # UTC
    code: str | None = None  # why it is where it is, for programs
    message: str | None = None
    advice: str | None = None
    field: str | None = None  # the member of the order that was refused, in our words
    before: dict[str, Any] | None = None  # the subscription as it was, for the history
    after: dict[str, Any] | None = None  # the same once it was done
    reported_pending: bool = False  # the caller got "pending", so billing must still hear the end
    acknowledged: bool = False  # billing has heard the end

    @property
    def settled(self) -> bool:
        return self.state not in UNSETTLED

    @property
    def cost(self) -> Credits:
        """What is posted when it is done: its price, or less."""
        return self.price if self.target.cost is None else Credits(units=self.target.cost)

    def already(self) -> Operation:
        """As it is told to whoever asks again for what is done."""
        return replace(self, outcome=Outcome.ALREADY)


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """How patient the engine is. Seconds."""

    attempt: float = 20.0  # one try, all calls of it
    lookup: float = 8.0  # one look at the panel, all calls of it
    budget: float = 10.0  # a caller's patience when it names none
    backoff: float = 2.0  # after the first failure; doubled by each that follows
    backoff_cap: float = 300.0  # it grows to this
    give_up_after: float = 86_400.0  # an unknown older than this needs a person
    threads_per_panel: int = 4  # request threads that may wait on one panel
    poll: float = 0.05  # between two looks at the books of whoever waits for an answer
    # A date further ahead than this says that the clock was set back.
    clock_tolerance: timedelta = field(default=timedelta(minutes=2))
    retry_after_cap: float = 3600.0  # a panel that asks for more is asked again all the same
    vain_tries: int = 5  # so many in a row, for so long, and a person hears of it
    vain_seconds: float = 300.0  # so long, and so many times as above


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a caller is told: the operation and the subscription as it is now."""

    operation: Operation
    pending: bool  # not settled: it goes on by itself
    waits_for: OperationId | None  # what is settled before it; None = nothing
    message: str  # for people; empty where there is nothing to say
