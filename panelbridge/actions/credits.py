"""Credits: wallets, top-ups, adjustments, history, and the proof of the books."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, field_validator

from panelbridge.actions.context import Context
from panelbridge.actions.fields import Body, Count, Query, TextFile, View, WithoutSecrets
from panelbridge.actions.paging import PageQuery, cut
from panelbridge.actions.problems import Problem
from panelbridge.actions.resellers import reseller_named
from panelbridge.ledger import Credits, HistoryFilter, HistoryLine, TransferKind, WalletState
from panelbridge.provisioning import OperationId
from panelbridge.provisioning.port import Unit
from panelbridge.subscriptions import PlanId, Reseller

Reason = Annotated[
    str,
    Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"),
    WithoutSecrets,
]
When = Annotated[AwareDatetime, Field(strict=False)]


class TopUp(Body):
    """Credits that arrive from the provider's stock."""

    amount: Credits
    reason: Reason

    @field_validator("amount")
    @classmethod
    def _above_zero(cls, value: Credits) -> Credits:
        if value <= Credits(0):
            raise ValueError("must be above zero")
        return value


class Adjustment(Body):
    """Credits that a person adds (above zero) or takes (below zero)."""

    amount: Credits
    reason: Reason

    @field_validator("amount")
    @classmethod
    def _not_zero(cls, value: Credits) -> Credits:
        if not value:
            raise ValueError("must not be zero")
        return value


class WalletLimits(Body):
    """How far a wallet may go below zero, and when to warn."""

    overdraft: Credits = Credits(0)
    floor: Credits | None = None


class WalletView(View):
    """A wallet. ``available`` is balance - held + overdraft."""

    reseller_id: int
    balance: Credits
    held: Credits
    available: Credits
    overdraft: Credits
    floor: Credits | None
    sequence: int

    @classmethod
    def of(cls, wallet: WalletState) -> Self:
        """What is shown of ``wallet``."""
        return cls(
            reseller_id=wallet.reseller,
            balance=wallet.balance,
            held=wallet.held,
            available=wallet.available,
            overdraft=wallet.overdraft,
            floor=wallet.floor,
            sequence=wallet.sequence,
        )


class WalletPage(View):
    """A page of wallets."""

    items: tuple[WalletView, ...]
    next: int | None


class Booked(View):
    """A transfer just made, and the wallet after it."""

    transfer: int
    woken: tuple[int, ...] = Field(default=(), description="operations that waited for these credits")
    wallet: WalletView


class LineView(View):
    """One transfer as one wallet saw it."""

    id: int
    at: datetime
    transfer: int
    kind: TransferKind
    reseller_id: int
    change: Credits
    price: Credits
    balance_before: Credits
    balance_after: Credits
    held_before: Credits
    held_after: Credits
    actor: str | None
    reason: str
    subscription: int | None
    operation: int | None
    plan: str | None
    term: str | None
    period_from: datetime | None
    period_to: datetime | None
    expiry_before: datetime | None
    expiry_after: datetime | None
    resolves: int | None
    corrects: int | None

    @classmethod
    def of(cls, line: HistoryLine, plan: str | None) -> Self:
        """What is shown of ``line``, ``plan`` by the code people know."""
        context = line.transfer.context
        return cls(
            id=line.id,
            at=line.time,
            transfer=line.transfer.id,
            kind=line.kind,
            reseller_id=line.reseller,
            change=line.change,
            price=line.price,
            balance_before=line.balance_before,
            balance_after=line.balance_after,
            held_before=line.held_before,
            held_after=line.held_after,
            actor=line.transfer.actor,
            reason=context.reason,
            subscription=context.subscription,
            operation=context.operation,
            plan=plan,
            term=context.term,
            period_from=context.period_from,
            period_to=context.period_to,
            expiry_before=context.expiry_before,
            expiry_after=context.expiry_after,
            resolves=line.transfer.resolves,
            corrects=line.transfer.corrects,
        )


class HistoryPage(View):
    """A page of history, oldest first."""

    items: tuple[LineView, ...]
    next: int | None


class LinesQuery(Query):
    """Which lines of history."""

    kind: TransferKind | None = Field(default=None, strict=False)
    subscription: Count | None = None
    operation: Count | None = None
    since: When | None = Field(default=None, description="this time included")
    until: When | None = Field(default=None, description="this time not included")


class HistoryQuery(LinesQuery, PageQuery):
    """Which page of which lines."""


class BookProblem(View):
    """One contradiction in the books."""

    code: str
    message: str
    reseller_id: int | None
    transfer: int | None


class Verification(View):
    """What a verification of the books saw."""

    whole: bool
    wallets: int
    transfers: int
    problems: tuple[BookProblem, ...]


def list_wallets(context: Context, query: PageQuery) -> WalletPage:
    """List wallets; an installation's key sees its reseller's."""
    own = context.caller.reseller(None)
    if own is None:
        found = context.unit.ledger.wallets_after(query.after, query.limit + 1)
    else:
        found = () if own <= query.after else (context.unit.ledger.wallet(own),)
    items, after = cut(found, query, lambda wallet: wallet.reseller)
    return WalletPage(items=tuple(WalletView.of(wallet) for wallet in items), next=after)


def show_wallet(context: Context, reseller: str) -> WalletView:
    """Show the wallet of a reseller."""
    return WalletView.of(context.unit.ledger.wallet(reseller_named(context, reseller).id))


def top_up(context: Context, body: TopUp, reseller: str) -> Booked:
    """Add credits from the provider's stock; operations that waited for them are woken with it."""
    if not context.caller.is_operator:
        raise Problem(
            "forbidden_scope",
            "A shop's key cannot give its own reseller credits.",
            advice="Use a key of the operator with the scope credits.",
        )
    found = reseller_named(context, reseller)
    made = context.unit.ledger.top_up(
        found.id, body.amount, key=context.ledger_key, actor=context.caller.actor, reason=body.reason
    )
    return _booked(context, found, made.id)


def adjust(context: Context, body: Adjustment, reseller: str) -> Booked:
    """Add or take credits by hand, with a reason."""
    found = reseller_named(context, reseller)
    made = context.unit.ledger.adjust(
        found.id, body.amount, key=context.ledger_key, actor=context.caller.actor, reason=body.reason
    )
    return _booked(context, found, made.id)


def set_limits(context: Context, body: WalletLimits, reseller: str) -> WalletView:
    """Set overdraft and floor of a wallet; a higher overdraft wakes operations that waited for credit."""
    found = reseller_named(context, reseller)
    if body.overdraft < Credits(0):
        raise Problem("invalid_request", "overdraft: must be zero or more.", field="overdraft")
    context.unit.ledger.set_limits(found.id, overdraft=body.overdraft, floor=body.floor)
    context.services.provisioner.after_top_up(context.unit, found.id)
    return WalletView.of(context.unit.ledger.wallet(found.id))


def list_history(context: Context, query: HistoryQuery, reseller: str) -> HistoryPage:
    """List what happened to a wallet."""
    wanted = _wanted(context, query, reseller, after=query.after, limit=query.limit + 1)
    items, after = cut(context.unit.ledger.history(wanted), query, lambda line: line.id)
    shown = tuple(LineView.of(line, plan_text(context.unit, line.transfer.context.plan)) for line in items)
    return HistoryPage(items=shown, next=after)


def export_history(context: Context, query: LinesQuery, reseller: str) -> TextFile:
    """The history of a wallet as CSV."""
    wanted = _wanted(context, query, reseller, after=None, limit=500)
    text = "".join(context.unit.ledger.statement_csv(wanted, lambda plan: plan_text(context.unit, plan)))
    return TextFile(text=text, media_type="text/csv", filename="history.csv")


def verify_ledger(context: Context) -> Verification:
    """Recompute every chain and every wallet; changes nothing."""
    report = context.unit.ledger.verify()
    problems = tuple(
        BookProblem(code=one.code, message=one.message, reseller_id=one.reseller, transfer=one.transfer)
        for one in report.problems
    )
    return Verification(
        whole=report.whole, wallets=report.wallets, transfers=report.transfers, problems=problems
    )


def plan_text(unit: Unit, kept: str | None) -> str | None:
    """The code of a plan that the books name by id and version; the books' own text when there is none."""
    number, _, version = (kept or "").partition(".")
    if not (number.isdigit() and version.isdigit()):
        return kept
    plan = unit.plans.plan(PlanId(int(number)), int(version))
    return plan.code if plan is not None else kept


def subscription_meant(unit: Unit, subscription: int | None, operation: int | None) -> int | None:
    """The subscription whose lines are wanted: an operation's lines are among those of its own."""
    if operation is None or subscription is not None:
        return subscription
    found = unit.journal.operation(OperationId(operation))
    return found.subscription_id if found is not None else 0


def _booked(context: Context, reseller: Reseller, transfer: int) -> Booked:
    woken = context.services.provisioner.after_top_up(context.unit, reseller.id)
    wallet = WalletView.of(context.unit.ledger.wallet(reseller.id))
    return Booked(transfer=transfer, woken=tuple(woken), wallet=wallet)


def _wanted(
    context: Context, query: LinesQuery, reseller: str, *, after: int | None, limit: int
) -> HistoryFilter:
    return HistoryFilter(
        reseller=reseller_named(context, reseller).id,
        subscription=subscription_meant(context.unit, query.subscription, query.operation),
        operation=query.operation,
        kinds=frozenset({query.kind} if query.kind is not None else ()),
        since=query.since,
        until=query.until,
        after=after,
        limit=limit,
    )
