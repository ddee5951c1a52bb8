"""One bridge over one panel in memory, and what must be true of both."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from panelbridge.contract.capabilities import Extend, Verb
from panelbridge.contract.models import AccountId, Term
from panelbridge.ledger import Credits
from panelbridge.lifecycle import SubscriptionState, SuspensionReason
from panelbridge.provisioning import (
    Dependencies,
    Operation,
    OperationState,
    Provisioner,
    Refusal,
    Reply,
    Timeouts,
)
from panelbridge.provisioning.models import OperationId
from panelbridge.storage.engine.database import Database
from panelbridge.storage.units import SqlUnits
from panelbridge.storage.vault.sealing import Vault
from panelbridge.subscriptions import (
    Installation,
    InstallationId,
    Mode,
    Panel,
    PanelId,
    Plan,
    PlanId,
    PlanTerm,
    Subscription,
)
from tests.model.memory_panel import MemoryPanel, ModelClock, OnePanel

PRICES = {"gold": 1, "family": 3}
OPENING = 8  # credits: some orders wait for more
KEY = Fernet.generate_key()
SCAN = 3  # rows of a scan, so that who keeps a place in vain is noticed
TURNS = 150
LONGEST_WAIT = 2 * 3600.0  # seconds to the next thing that is due
_STUCK = (OperationState.QUEUED, OperationState.ATTENTION)
_FREE = (Verb.SUSPEND, Verb.UNSUSPEND, Verb.RESET_CREDENTIALS)
_LIVING = (SubscriptionState.ACTIVE, SubscriptionState.SUSPENDED)


@dataclass(frozen=True)
class Asked:
    """A request that was admitted, in the order in which it was."""

    verb: str
    operation: OperationId | None
    value: Any = None
    again: bool = False  # it joined what was asked for before


@dataclass
class Life:
    """What was asked for one service since its last create, and what somebody did to it at the panel."""

    asked: list[Asked] = field(default_factory=list)
    touched: bool = False  # by hand at the panel, or by a person's decision: no request says how it stands
    unsure: bool = False  # another package was asked for while a renewal waited to bring the stored one


def make_template(path: Path) -> None:
    """A migrated database with a reseller, his shop, one panel and two plans."""
    database = Database(f"sqlite:///{path}")
    database.migrate()
    units = SqlUnits(database, Vault([KEY]), ModelClock())
    with units.write() as unit:
        reseller = unit.resellers.add("acme", "Acme TV")
        unit.ledger.open_wallet(reseller.id)
        unit.ledger.top_up(
            reseller.id, Credits.parse(str(OPENING)), key="opening", actor="test", reason="opening"
        )
        unit.installations.add(
            Installation(id=InstallationId(0), reseller_id=reseller.id, code="shop", mode=Mode.TEST)
        )
        panel = unit.panels.add(
            Panel(id=PanelId(0), code="main", backend="memory", settings={}, secrets={}, practice=True)
        )
        for code, price in PRICES.items():
            sold = PlanTerm(
                term=Term(months=1), package=code, price=Credits.parse(str(price)), extra_connection=None
            )
            unit.plans.save(
                Plan(
                    id=PlanId(0),
                    reseller_id=reseller.id,
                    code=code,
                    version=0,
                    title=code,
                    panel_id=panel.id,
                    terms=(sold,),
                    queue_without_credit=True,
                )
            )
    database.close()


class Room:
    """The one database of a run. Each sequence begins with it as the template has it."""

    def __init__(self, folder: Path) -> None:
        make_template(folder / "template.db")
        shutil.copyfile(folder / "template.db", folder / "model.db")
        self.folder = folder
        self.database = Database(f"sqlite:///{folder / 'model.db'}")
        self._template = sqlite3.connect(folder / "template.db")
        self._model = sqlite3.connect(folder / "model.db")

    def begin(self) -> Database:
        self._template.backup(self._model)
        return self.database

    def close(self) -> None:
        self.database.close()
        self._template.close()
        self._model.close()
        shutil.rmtree(self.folder)


class World:
    """The real engine on a database that is as the template, over a panel of the kind."""

    def __init__(self, database: Database, kind: Extend) -> None:
        self.clock = ModelClock()
        vault = Vault([KEY])
        self.units = SqlUnits(database, vault, self.clock)
        self.panel = MemoryPanel(self.clock, kind)
        deps = Dependencies(
            panels=OnePanel(self.panel),
            clock=self.clock,
            elapsed=self.clock.elapsed,
            fingerprint=lambda text: vault.fingerprint("wish", text),
            bridge="model",
            limits=Timeouts(attempt=5.0, lookup=3.0, poll=0.0),
        )
        self.bridge = Provisioner(self.units, deps)
        with self.units.read() as unit:
            (self.shop,) = unit.installations.all()
        self.lives: dict[int, Life] = {}
        self.told: set[OperationId] = set()
        self.topped = OPENING

    # What happens

    def ask(self, service: int, verb: str, do: Callable[[], Reply | Subscription], value: Any = None) -> None:
        """Ask for something; what is admitted is remembered, a refusal is an answer like any other."""
        self.clock.forward(0.01)
        try:
            answer = do()
        except Refusal:
            return
        life = self.lives.setdefault(service, Life())
        if verb in ("store", "change"):
            life.unsure = life.unsure or self._brings_stored(life)
        if not isinstance(answer, Reply):
            life.asked.append(Asked(verb, None, value))
            return
        if answer.pending:
            self.told.add(answer.operation.id)
        known = [item.operation for item in life.asked]
        if verb == "create":
            if answer.operation.id in known:
                self._revive(life)
                return
            life = self.lives[service] = Life()
        again = answer.operation.id in known
        life.asked.append(Asked(verb, answer.operation.id, value, again=again))

    def _revive(self, life: Life) -> None:
        """A create of what was to end: what the end has replaced meanwhile does not come back."""
        if any(item.verb == "terminate" for item in life.asked):
            states = {item.id: item.state for item in self.operations()}
            life.asked = [
                item
                for item in life.asked
                if item.operation is None or states[item.operation] is not OperationState.SUPERSEDED
            ]

    def _brings_stored(self, life: Life) -> bool:
        """Whether a renewal that was asked for after a change was stored is still open."""
        open_ones = {item.id for item in self.operations() if not item.settled}
        stored = False
        for item in life.asked:
            stored = stored or item.verb == "store"
            if stored and item.verb == "renew" and item.operation in open_ones:
                return True
        return False

    def top_up(self, amount: int) -> None:
        self.topped += amount
        with self.units.write() as unit:
            reseller = self.shop.reseller_id
            unit.ledger.top_up(
                reseller,
                Credits.parse(str(amount)),
                key=f"top-up-{self.topped}",
                actor="test",
                reason="more",
            )
            self.bridge.after_top_up(unit, reseller)

    def delete_by_hand(self, service: int) -> None:
        """The panel's owner deletes the account."""
        subscription = self.subscription(service)
        if subscription is not None and subscription.account_id is not None:
            self.panel.accounts.pop(AccountId(subscription.account_id), None)
            self.lives.setdefault(service, Life()).touched = True

    def decide(self, service: int) -> None:
        """A person looks at the panel and says what is there, of what waits for him or is tried in vain."""
        undecided = [item for item in self.operations() if item.service_id == service and _decidable(item)]
        subscription = self.subscription(service)
        if not undecided or subscription is None or not self.panel.up:
            return
        self.panel.wake()
        self.lives.setdefault(service, Life()).touched = True
        operation, there = undecided[0], self.account(subscription, undecided[0])
        if operation.verb is Verb.TERMINATE and subscription.account_id is not None:
            self._decide_end(operation, there=there)
            return
        with suppress(Refusal):
            if operation.verb is Verb.CREATE and there:
                self.bridge.adopt(operation.id, AccountId(operation.username or ""), actor="person")
            else:
                self.bridge.release(operation.id, actor="person", reason="nothing happened")

    def _decide_end(self, operation: Operation, *, there: bool) -> None:
        """That an account is gone can be said when it is, and only then."""
        early = operation.state is OperationState.SENT  # its last try may still take effect
        accepted = True
        try:
            self.bridge.mark_done(operation.id, actor="person", reason="it is gone")
        except Refusal:
            accepted = False
        assert accepted or there or early, "the account is gone, and that is refused"
        assert not (accepted and there), "the account is there, and was marked as gone"

    def run(self, seconds: float) -> None:
        """Time passes, and a running bridge does what comes round."""
        self.clock.forward(seconds)
        self.panel.wake()
        self.bridge.run_due(SCAN)
        self.bridge.hold_to_paid_time()

    def calm(self) -> None:
        """The panel is up and stays so: within so many turns nothing is open that could go on."""
        self.panel.up, self.panel.fault = True, None
        seconds = 0.0
        for _ in range(TURNS):
            before = self.may_go_on()
            if not before:
                return
            self.run(seconds)
            waiting = self.may_go_on()
            ahead = [(item.due_at - self.clock.now).total_seconds() for item in waiting if item.due_at]
            assert all(one <= LONGEST_WAIT for one in ahead), f"waits for hours: {_short(waiting)}"
            later = [one for one in ahead if one > 0]
            seconds = min(later) if waiting == before and later else 1.0
        raise AssertionError(f"still open after {TURNS} turns: {_short(self.may_go_on())}")

    # What there is

    def operations(self) -> list[Operation]:
        with self.units.read() as unit:
            return list(unit.journal.search(limit=10_000))

    def subscription(self, service: int) -> Subscription | None:
        with self.units.read() as unit:
            return unit.subscriptions.of_service(self.shop.id, service)

    def account(self, subscription: Subscription, operation: Operation | None = None) -> bool:
        """Whether the panel has the subscription's account, or the one its order would make."""
        name = subscription.account_id or (operation.username if operation is not None else None)
        held = self.panel.accounts.get(AccountId(name or ""))
        return held is not None and held.account.reference == self.reference(subscription)

    def reference(self, subscription: Subscription) -> str:
        return f"model:{subscription.id}:{subscription.generation}"

    def may_go_on(self) -> list[Operation]:
        """What is open and waits neither for credit nor for a person, nor for what does."""
        waiting: list[Operation] = []
        going: list[Operation] = []
        for item in self.operations():
            if item.settled:
                continue
            before = [one for one in waiting if one.subscription_id == item.subscription_id]
            if item.state in _STUCK or any(_holds_up(one, item) for one in before):
                waiting.append(item)
            else:
                going.append(item)
        stuck = {item.subscription_id for item in waiting if item.state is OperationState.ATTENTION}
        return [item for item in going if item.subscription_id not in stuck]

    # What must be true

    def check_books(self) -> None:
        """At any moment: every open operation with a price has its hold, and what is done was charged."""
        operations = self.operations()
        held = sum(item.price.units for item in operations if not item.settled and item.hold is not None)
        spent = sum(_charged(item).units for item in operations if item.state is OperationState.DONE)
        with self.units.read() as unit:
            wallet = unit.ledger.wallet(self.shop.reseller_id)
        assert wallet.held.units == held, f"held {wallet.held}, open {_short(operations)}"
        assert wallet.balance == Credits(units=Credits.parse(str(self.topped)).units - spent)
        for item in operations:
            if item.price.units and item.state in (OperationState.READY, OperationState.SENT):
                assert item.hold is not None, f"no hold for {_short([item])}"

    def check_ends(self) -> None:
        """With the panel up and credit there: who was told *pending* hears the end, and the panel follows."""
        operations = {item.id: item for item in self.operations()}
        with self.units.read() as unit:
            reported = {item.id for item in unit.journal.unreported(self.shop.id, OperationId(0))}
        for number in self.told:
            operation = operations[number]
            ended = operation.settled or operation.state is OperationState.ATTENTION
            assert not ended or number in reported, f"nobody is told the end of {_short([operation])}"
        for operation in operations.values():
            self._check_charge(operation)
        for service, life in self.lives.items():
            self._check_service(service, life, operations)

    def _check_charge(self, operation: Operation) -> None:
        if operation.state is OperationState.DONE and operation.verb is not Verb.TERMINATE:
            after = SubscriptionState((operation.after or {})["state"])
            assert after in _LIVING, f"done and charged without an account: {_short([operation])}"

    def _check_service(self, service: int, life: Life, operations: dict[OperationId, Operation]) -> None:
        subscription = self.subscription(service)
        assert subscription is not None
        mine = [item for item in operations.values() if item.service_id == service]
        if life.touched or any(not item.settled for item in mine):
            return
        ended = [item for item in life.asked if item.verb == "terminate" and _is_done(item, operations)]
        living = subscription.state in _LIVING
        assert living == self.account(subscription), f"service {service} is {subscription.state.value}"
        assert not (ended and living), f"service {service} was to end"
        if not living:
            return
        account = self.panel.accounts[AccountId(subscription.account_id or "")]
        shown = account.account
        if not life.unsure:
            package, stored = _package(life, operations)
            assert shown.package == package, f"the panel has {shown.package}, {package} was asked for"
            known = self._stored(subscription)
            assert known in (stored, None if stored == package else stored), (
                f"stored is {known}, {stored} was asked for"
            )
        password = _password(life, operations)
        if password is not None:
            assert shown.password is not None
            assert shown.password.get_secret_value() == password, "the newest password does not work"
        self._check_suspensions(subscription, life, operations, off=shown.state.is_off)
        if self.panel.kind is not Extend.NONE:
            paid = [
                item
                for item in mine
                if item.verb is Verb.EXTEND
                and item.state is OperationState.DONE
                and item.generation == subscription.generation
            ]
            assert account.paid_dates == 1 + len(paid), f"{account.paid_dates} dates, {len(paid)} renewals"
            assert shown.expires_at == subscription.panel_until

    def _stored(self, subscription: Subscription) -> str | None:
        """The plan of the change that is stored for the next period."""
        if subscription.next_change is None:
            return None
        with self.units.read() as unit:
            plan = unit.plans.plan(subscription.next_change.plan_id)
        return plan.code if plan is not None else None

    def _check_suspensions(
        self,
        subscription: Subscription,
        life: Life,
        operations: dict[OperationId, Operation],
        *,
        off: bool,
    ) -> None:
        reasons = _suspensions(life, operations)
        if reasons is None:
            return
        known = {item.reason: item.owner for item in subscription.suspensions}
        assert known == reasons, f"suspended for {known}, asked for {reasons}"
        assert off == bool(reasons), f"off: {off}, asked for {reasons}"


def _decidable(operation: Operation) -> bool:
    in_vain = operation.failures > 0 and operation.state in (OperationState.READY, OperationState.SENT)
    return in_vain or operation.state is OperationState.ATTENTION


def _holds_up(waiting: Operation, later: Operation) -> bool:
    """Credit is waited for by what costs something; a suspend goes before a renewal that has none."""
    for_credit = waiting.state is OperationState.QUEUED and waiting.verb is not Verb.CREATE
    return not (for_credit and later.verb in _FREE)


def _state(asked: Asked, operations: dict[OperationId, Operation]) -> OperationState | None:
    return operations[asked.operation].state if asked.operation is not None else None


def _is_done(asked: Asked, operations: dict[OperationId, Operation]) -> bool:
    return _state(asked, operations) is OperationState.DONE


def _package(life: Life, operations: dict[OperationId, Operation]) -> tuple[str | None, str | None]:
    """The package that was asked for last, and the one stored for the next period."""
    package: str | None = None
    stored: str | None = None
    for item in life.asked:
        if item.verb == "store":
            stored = item.value
        elif not _is_done(item, operations):
            continue
        elif item.verb == "create":
            package = item.value
        elif item.verb == "change":
            package, stored = item.value, stored if item.again else None
        elif item.verb == "renew" and stored is not None:
            package, stored = stored, None
    return package, stored


def _password(life: Life, operations: dict[OperationId, Operation]) -> str | None:
    given = [item.value for item in life.asked if item.verb == "reset" and _is_done(item, operations)]
    return given[-1] if given else None


def _suspensions(life: Life, operations: dict[OperationId, Operation]) -> dict[SuspensionReason, str] | None:
    """Who suspended it and why, by what was asked; ``None`` where the panel refused some of it."""
    reasons: dict[SuspensionReason, str] = {}
    for item in life.asked:
        if item.verb not in ("suspend", "unsuspend"):
            continue
        if _state(item, operations) is OperationState.REFUSED:
            return None
        reason, owner = item.value
        if item.verb == "suspend":
            reasons[reason] = owner
        else:
            lifted = [one for one in reasons if reasons[one] == owner and reason in (None, one)]
            for one in lifted:
                del reasons[one]
    return reasons


def _charged(operation: Operation) -> Credits:
    return Credits.parse(str((operation.after or {}).get("charged", "0")))


def _short(operations: list[Operation]) -> str:
    return "; ".join(
        f"{item.id} {item.verb.value} of {item.service_id} {item.state.value} ({item.code}, {item.price})"
        for item in operations
    )
