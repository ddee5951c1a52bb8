"""A panel in memory, and the clock that it shares with the bridge over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Extend, FindBy, Verb
from panelbridge.contract.exceptions import (
    CapacityExhausted,
    Conflict,
    InsufficientPanelCredit,
    NotFound,
    OutcomeUnknown,
    PanelBusy,
    PanelUnreachable,
    RateLimited,
)
from panelbridge.contract.models import (
    Absent,
    AccountId,
    AccountRef,
    AccountState,
    Connection,
    CreateOrder,
    Credentials,
    Found,
    Lookup,
    Outcome,
    Package,
    PackageChange,
    PanelAccount,
    Purchase,
    Term,
    Unknown,
    VerbResult,
)
from panelbridge.lifecycle import add_term
from panelbridge.provisioning.elapsed import Tick
from panelbridge.transport import Breaker

LATE_COMMIT = 30.0
FAULTS = ("refuse", "busy", "wait", "credit", "lost", "cut", "late")
_REFUSALS = {
    "refuse": CapacityExhausted("no room"),
    "busy": PanelBusy("not now"),
    "wait": RateLimited("slow down", retry_after=999_999_999),
    "credit": InsufficientPanelCredit("no credit at the panel"),
    "lost": OutcomeUnknown("no answer"),
}


class ModelClock:
    """Stands still but for ``forward``, and for a moment at each look at the elapsed time: waits end."""

    _MOMENT = 0.05

    def __init__(self) -> None:
        self.now = datetime(2027, 1, 15, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def elapsed(self) -> Tick:
        self.forward(self._MOMENT)
        return Tick(boot="model", seconds=self.seconds())


@dataclass
class Held:
    """An account in the panel's own books."""

    account: PanelAccount
    paid_dates: int = 1  # how often its date was set or bought anew


@dataclass
class MemoryPanel:
    """What the panel holds, and how it behaves. ``up`` false: no connection is made."""

    clock: ModelClock
    kind: Extend
    accounts: dict[AccountId, Held] = field(default_factory=dict)
    up: bool = True
    fault: str | None = None  # of the next call that changes something
    late: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list)

    def wake(self) -> None:
        """What was on its way takes effect."""
        due = [act for at, act in self.late if at <= self.clock.now]
        self.late = [item for item in self.late if item[0] > self.clock.now]
        for act in due:
            with suppress(Conflict, NotFound):
                act()

    def write(self, act: Callable[[], VerbResult]) -> VerbResult:
        self.wake()
        if not self.up:
            raise PanelUnreachable("the panel is down")
        fault, self.fault = self.fault, None
        if fault in _REFUSALS:
            raise _REFUSALS[fault]
        if fault == "late":
            self.late.append((self.clock.now + timedelta(seconds=LATE_COMMIT * 0.7), act))
        if fault == "cut":
            act()
        if fault in ("cut", "late"):
            raise OutcomeUnknown("no answer")
        return act()


class NoSettings(BaseModel):
    """There is nothing to set."""


class MemoryAdapter(PanelAdapter[NoSettings]):
    backend = "memory"
    settings_model = NoSettings

    def __init__(self, panel: MemoryPanel) -> None:
        super().__init__(NoSettings())
        self.panel = panel

    @property
    def capabilities(self) -> Capabilities:
        kind = self.panel.kind
        nothing_dated = {Verb.EXTEND} if kind is Extend.NONE else set()
        unsafe = {Verb.CREATE, *nothing_dated} | ({Verb.EXTEND} if kind is Extend.ADD else set())
        return Capabilities(
            extend=kind,
            verbs=frozenset(set(Verb) - nothing_dated),
            find_by=frozenset({FindBy.USERNAME, FindBy.REFERENCE}),
            reference_field="notes",
            safe_repeats=frozenset(set(Verb) - unsafe),
            password_readable=True,
            late_commit=LATE_COMMIT,
        )

    def test_connection(self) -> Connection:
        raise PanelUnreachable("nobody asks")

    def create(self, order: CreateOrder) -> VerbResult:
        return self.panel.write(lambda: self._create(order))

    def _create(self, order: CreateOrder) -> VerbResult:
        name, password = order.credentials.username, order.credentials.password
        known = self.panel.accounts.get(AccountId(name))
        if known is not None:
            if known.account.reference != order.reference:
                raise Conflict("the name is taken")
            return VerbResult(outcome=Outcome.ALREADY, account=known.account)
        until = {
            Extend.SET: order.until,
            Extend.ADD: add_term(self.panel.clock.now.replace(microsecond=0), _MONTH),
            Extend.NONE: None,
        }[self.panel.kind]
        made = PanelAccount(
            id=AccountId(name),
            username=name,
            state=AccountState.ACTIVE,
            expires_at=until,
            password=password,
            package=order.package,
            reference=order.reference,
        )
        self.panel.accounts[made.id] = Held(made)
        return VerbResult(outcome=Outcome.DONE, account=made)

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        return self.panel.write(lambda: self._extend(ref, until, purchase))

    def _extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None) -> VerbResult:
        held = self._held(ref)
        now = held.account.expires_at
        if self.panel.kind is Extend.ADD:
            assert purchase is not None
            assert now is not None
            if now != purchase.before:
                raise Conflict("the expiry moved")
            until = add_term(now, purchase.term)
        if until == now:
            return VerbResult(outcome=Outcome.ALREADY, account=held.account)
        held.paid_dates += 1
        return self._changed(held, expires_at=until)

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        return self.panel.write(lambda: self._changed(self._held(ref), state=AccountState.SUSPENDED))

    def unsuspend(self, ref: AccountRef) -> VerbResult:
        return self.panel.write(lambda: self._changed(self._held(ref), state=AccountState.ACTIVE))

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        return self.panel.write(lambda: self._changed(self._held(ref), password=credentials.password))

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        return self.panel.write(lambda: self._changed(self._held(ref), package=change.package))

    def terminate(self, ref: AccountRef) -> VerbResult:
        return self.panel.write(lambda: self._terminate(ref))

    def _terminate(self, ref: AccountRef) -> VerbResult:
        try:
            del self.panel.accounts[self._held(ref).account.id]
        except NotFound:
            return VerbResult(outcome=Outcome.ALREADY, account=None)
        return VerbResult(outcome=Outcome.DONE, account=None)

    def get(self, ref: AccountRef) -> Lookup:
        return self._look(lambda held: held.id == ref.id and ref.reference in (None, held.reference))

    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        return self._look(lambda held: username == held.username or reference == held.reference)

    def list_accounts(self) -> Iterator[PanelAccount]:
        return (held.account for held in self.panel.accounts.values())

    def list_packages(self) -> Iterator[Package]:
        return iter(())

    def _look(self, fits: Callable[[PanelAccount], bool]) -> Lookup:
        self.panel.wake()
        if not self.panel.up:
            return Unknown(cause="the panel is down")
        found = next((held.account for held in self.panel.accounts.values() if fits(held.account)), None)
        return Absent(proof="it is in no list") if found is None else Found(account=found)

    def _held(self, ref: AccountRef) -> Held:
        held = self.panel.accounts.get(ref.id)
        if held is None or ref.reference not in (None, held.account.reference):
            raise NotFound("there is no such account")
        return held

    def _changed(self, held: Held, **values: Any) -> VerbResult:
        changed = replace(held.account, **values)
        same, held.account = held.account == changed, changed
        return VerbResult(outcome=Outcome.ALREADY if same else Outcome.DONE, account=changed)


class OnePanel:
    """The port that the engine asks for panels, with this one behind every number."""

    def __init__(self, panel: MemoryPanel) -> None:
        self._adapter = MemoryAdapter(panel)
        self._breaker = Breaker(clock=panel.clock.seconds)

    def adapter(self, _panel: Any) -> MemoryAdapter:
        return self._adapter

    def capabilities(self, _panel: Any) -> Capabilities:
        return self._adapter.capabilities

    def breaker(self, _panel: Any) -> Breaker:
        return self._breaker

    def refresh(self, _panel: Any) -> None:
        """Its record never changes."""

    def slots(self, _panel: Any) -> int:
        return 8


_MONTH = Term(months=1)
