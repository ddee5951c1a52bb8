"""A bridge without its HTTP side: database, ledger, journal and engine over a practice panel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from panelbridge.contract.models import Term
from panelbridge.contract.registry import load_adapter
from panelbridge.contract.secret import Secret
from panelbridge.contract.settings import secret_fields
from panelbridge.ledger import Credits, WalletState
from panelbridge.provisioning import CreateCommand, Dependencies, Operation, Provisioner, Timeouts
from panelbridge.provisioning.models import UNSETTLED
from panelbridge.service.recovery import waker
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
    Reseller,
    Subscription,
)
from panelbridge.subscriptions.directory import PanelDirectory
from tests.support.elapsed_clock import ElapsedClock
from tests.support.ready import ready_database


class MovableClock(ElapsedClock):
    """The real time, plus what a test moved it by: quiet times pass without waiting."""

    def set_to(self, moment: datetime) -> None:
        """It is ``moment`` now, and goes on from there."""
        self.step_date(moment - self())

    def forward(self, **length: float) -> None:
        """Time passes, for the date and for the seconds of the boot alike."""
        self.pass_time(timedelta(**length))

    def step(self, **length: float) -> None:
        """The date is set, back as well; no time passes."""
        self.step_date(timedelta(**length))


@dataclass
class Rig:
    """Everything a test needs to submit requests and look at books."""

    database: Database
    units: SqlUnits
    directory: PanelDirectory
    provisioner: Provisioner
    deps: Dependencies
    clock: MovableClock
    reseller: Reseller
    installation: Installation
    plans: dict[str, Plan] = field(default_factory=dict)

    def add_panel(
        self, code: str, backend: str, settings: Mapping[str, Any], *, practice: bool = True
    ) -> Panel:
        hidden = secret_fields(load_adapter(backend).settings_model_for(settings))
        panel = Panel(
            id=PanelId(0),
            code=code,
            backend=backend,
            settings={name: value for name, value in settings.items() if name not in hidden},
            secrets={name: Secret(str(settings[name])) for name in hidden if settings.get(name)},
            practice=practice,
        )
        with self.units.write() as unit:
            return unit.panels.add(panel)

    def add_plan(self, code: str, panel: Panel, terms: Mapping[str, tuple[str, str]], **options: Any) -> Plan:
        """``terms``: length -> (panel package, price in credits)."""
        plan = Plan(
            id=PlanId(0),
            reseller_id=self.reseller.id,
            code=code,
            version=0,
            title=code.title(),
            panel_id=panel.id,
            terms=tuple(
                PlanTerm(
                    term=Term.parse(length),
                    package=package,
                    price=Credits.parse(price),
                    extra_connection=Credits.parse("1"),
                )
                for length, (package, price) in terms.items()
            ),
            **options,
        )
        with self.units.write() as unit:
            saved = unit.plans.save(plan)
        self.plans[code] = saved
        return saved

    def top_up(self, amount: str, key: str = "top-up-1") -> None:
        with self.units.write() as unit:
            unit.ledger.top_up(
                self.reseller.id, Credits.parse(amount), key=key, actor="test", reason="opening credit"
            )
            self.provisioner.after_top_up(unit, self.reseller.id)

    def create(
        self, service_id: int = 501, plan: str = "gold", term: str = "1m", **more: Any
    ) -> CreateCommand:
        return CreateCommand(
            installation=self.installation,
            service_id=service_id,
            actor="test",
            plan=plan,
            term=Term.parse(term),
            **more,
        )

    def wallet(self) -> WalletState:
        with self.units.read() as unit:
            return unit.ledger.wallet(self.reseller.id)

    def subscription(self, service_id: int = 501) -> Subscription:
        with self.units.read() as unit:
            found = unit.subscriptions.of_service(self.installation.id, service_id)
        assert found is not None
        return found

    def operations(self) -> list[Operation]:
        with self.units.read() as unit:
            return list(unit.journal.search(limit=10_000))

    def unsettled(self) -> list[Operation]:
        with self.units.read() as unit:
            found = [item for state in UNSETTLED for item in unit.journal.search(state=state, limit=10_000)]
        return sorted(found, key=lambda item: item.id)

    def operations_of(self, service_id: int) -> list[Operation]:
        """None before its first order is written down."""
        with self.units.read() as unit:
            known = unit.subscriptions.of_service(self.installation.id, service_id)
            return [] if known is None else list(unit.journal.search(subscription=known.id, limit=10_000))

    def attention(self) -> list[str]:
        with self.units.read() as unit:
            return [item.code for item in unit.attention.items()]

    def settle_all(self, rounds: int = 60) -> None:
        """Run what is due, moving the clock over quiet times and back-offs, until nothing is unsettled."""
        for _ in range(rounds):
            first = {item.subscription_id: item for item in reversed(self.unsettled())}
            waiting = [item.due_at for item in first.values() if item.due_at is not None]
            if not waiting:
                return
            ahead = min(waiting) - self.clock()  # of what is next; the rest of a subscription waits for it
            if ahead > timedelta(0):
                self.clock.forward(seconds=ahead.total_seconds() + 0.001)
            self.provisioner.run_due()

    def close(self) -> None:
        self.directory.close()
        self.database.close()


def build_rig(folder: Path, **limits: Any) -> Rig:
    clock = MovableClock()
    folder.mkdir(parents=True, exist_ok=True)
    database = ready_database(folder / "bridge.db")
    key_file = folder / "key"
    if not key_file.exists():
        key_file.write_bytes(Fernet.generate_key())
    vault = Vault([key_file.read_bytes()])
    units = SqlUnits(database, vault, clock)

    def read_panel(panel: PanelId) -> Panel | None:
        with units.read() as unit:
            return unit.panels.panel(panel)

    directory = PanelDirectory(read_panel, clock.monotonic, on_recovery=waker(units, clock))
    deps = Dependencies(
        panels=directory,
        clock=clock,
        fingerprint=lambda text: vault.fingerprint("wish", text),
        bridge="pbtest",
        limits=Timeouts(**limits),
        elapsed=clock.elapsed,
    )
    with units.write() as unit:
        known = [item for item in unit.resellers.all() if item.code == "acme"]
        reseller = known[0] if known else unit.resellers.add("acme", "Acme TV")
        unit.ledger.open_wallet(reseller.id)
        shops = [item for item in unit.installations.all() if item.code == "shop"]
        installation = (
            shops[0]
            if shops
            else unit.installations.add(
                Installation(id=InstallationId(0), reseller_id=reseller.id, code="shop", mode=Mode.TEST)
            )
        )
    return Rig(
        database=database,
        units=units,
        directory=directory,
        provisioner=Provisioner(units, deps),
        deps=deps,
        clock=clock,
        reseller=reseller,
        installation=installation,
    )


@contextmanager
def rig_in(folder: Path, **limits: Any) -> Iterator[Rig]:
    rig = build_rig(folder, **limits)
    try:
        yield rig
    finally:
        rig.close()
