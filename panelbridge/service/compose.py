"""The composition root: from a configuration to the things the application works with.

Called inside the process that uses them: engines must not cross a fork.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from panelbridge.access import AccessStore
from panelbridge.contract.models import AccountId
from panelbridge.contract.secret import random_text
from panelbridge.customers.keeping import forget_removed_notes
from panelbridge.provisioning import WHY_STOPPED, Dependencies, Provisioner, Timeouts
from panelbridge.service.background import Background
from panelbridge.service.books import (
    books_folder,
    bring_up_to_date,
    open_database,
    require_books,
    require_own_key,
)
from panelbridge.service.config import ServiceConfig
from panelbridge.service.effects import KnownOperations, describe_witness, watch_books
from panelbridge.service.recovery import waker
from panelbridge.service.services import Check, Figure, Services, ServiceUnits
from panelbridge.service.watches import Watch, Watches
from panelbridge.service.write_trial import WriteTrial
from panelbridge.storage.units import SqlUnits
from panelbridge.storage.vault.key_file import open_vault
from panelbridge.storage.witness import Witness
from panelbridge.subscriptions import Panel, PanelId
from panelbridge.subscriptions.directory import PanelDirectory
from panelbridge.usage import UsageSampler

_BRIDGE_NAME = "abcdefghijkmnpqrstuvwxyz23456789"


def utc_now() -> datetime:
    """The clock of the product."""
    return datetime.now(UTC)


def compose(config: ServiceConfig, *, migrate: bool = True) -> Services:
    """Open everything; nothing runs in the background before ``start_background``.

    ``migrate`` false: for a command that looked at the schema first and shall not load Alembic.
    Raises ``BooksLost``, ``KeyFileError`` and storage's own errors, each naming what to do.
    """
    require_books(config)
    vault = open_vault(config.key_file)
    database = open_database(config)
    if migrate:
        bring_up_to_date(config, database)
    require_own_key(database, vault, config.key_file)
    units = SqlUnits(database, vault, utc_now)
    witness = Witness(config.witness, books_folder(config), database, vault.witness, utc_now)
    watch_books(units, witness)
    directory = PanelDirectory(
        _panel_reader(units), time.monotonic, _known_reader(units), waker(units, utc_now)
    )

    def fingerprint(text: str) -> str:
        return vault.fingerprint("wish", text)

    deps = Dependencies(
        panels=directory,
        clock=utc_now,
        fingerprint=fingerprint,
        bridge=bridge_name(units),
        limits=Timeouts(
            attempt=config.attempt_deadline,
            budget=config.answer_budget,
            vain_tries=config.attention_after_tries,
            vain_seconds=config.attention_after_minutes * 60,
            threads_per_panel=max(1, config.threads // 4),  # so that one slow panel leaves most threads free
        ),
        witness=witness.note,
    )

    trial = WriteTrial(units)
    watches = [*Watches(units, utc_now).all()]
    later = Background(database, watches, utc_now)
    provisioner = Provisioner(units, deps, later.wake)
    sampler = UsageSampler(
        units,
        directory,
        utc_now,
        hashed=lambda network: vault.fingerprint("usage network", network),
        ref=provisioner.account_ref,
    )
    # A server can be set back, or a standby take over, under a service that runs.
    watches.append(Watch(name="watch the books", seconds=60.0, run=lambda: watch_books(units, witness)))
    watches.append(Watch(name="use of accounts", seconds=60.0, run=sampler.take_round))
    watches.append(
        Watch(name="removed notes", seconds=3600.0, run=lambda: forget_removed_notes(units, utc_now()))
    )

    def close() -> None:
        directory.close()
        witness.close()
        database.close()

    return Services(
        units=units,
        panels=directory,
        provisioner=provisioner,
        clock=utc_now,
        fingerprint=fingerprint,
        panel_changed=directory.forget,
        books_confirmed=witness.confirm,
        witnessed=lambda: describe_witness(witness),
        known_operation=KnownOperations(units, utc_now).check,
        answer_budget=config.answer_budget,
        checks=lambda: (*readiness(units, trial.check()), later.check()),
        figures=lambda: book_figures(units),
        start_background=lambda: later.start(provisioner),
        stop_background=later.stop,
        close=close,
    )


def bridge_name(units: ServiceUnits) -> str:
    """The name of this bridge in references at panels: made once, kept with the database."""
    with units.read() as unit:
        known = unit.access.bridge_name()
    if known is not None:
        return known
    with units.write() as unit:
        access: AccessStore = unit.access
        access.lock_setup()
        name = access.bridge_name()
        if name is None:
            name = "pb" + random_text(6, _BRIDGE_NAME)
            access.name_bridge(name)
    return name


def readiness(units: ServiceUnits, database: Check) -> Sequence[Check]:
    """Whether work can be taken: ``database`` accepts a write, and which panels may be written to."""
    try:
        with units.read() as unit:
            off = sorted(panel.code for panel in unit.panels.all() if not panel.writes_enabled)
            stop = unit.effects.stopped()
    except Exception:  # noqa: BLE001 - whatever fails here, the answer is that we are not ready
        return (Check(name="database", ok=False, message="the database cannot be read"),)
    writes = f"writes are off for {len(off)} panel(s)" if off else "on for all panels"
    if stop is not None:
        writes = f"off for all of them: {WHY_STOPPED.get(stop.code, stop.code)}"
    return (
        database,
        # Told, but no reason to take the service away: reads and other panels work.
        Check(name="panel_writes", ok=True, message=writes),
    )


def book_figures(units: ServiceUnits) -> Iterable[Figure]:
    """Wallets and attention, for /metrics."""
    with units.read() as unit:
        resellers = {item.id: item.code for item in unit.resellers.all()}
        wallets = unit.ledger.wallets()
        attention = unit.attention.count_open()
        counts = unit.journal.counts()
    for wallet in wallets:
        labels = {"reseller": resellers.get(wallet.reseller, str(wallet.reseller))}
        available = wallet.available.units / 10_000
        yield Figure(
            name="panelbridge_wallet_available",
            help="Credits available",
            value=available,
            labels=labels,
        )
        below = wallet.floor is not None and wallet.available < wallet.floor
        yield Figure(
            name="panelbridge_wallet_below_floor",
            help="1 when less than the floor is available",
            value=float(below),
            labels=labels,
        )
    for verb, state, count in counts:
        yield Figure(
            name="panelbridge_operations",
            help="Operations in the journal, by verb and state",
            value=float(count),
            labels={"verb": verb.value, "state": state.value},
        )
    yield Figure(
        name="panelbridge_attention_open", help="What only a person can decide", value=float(attention)
    )


def _known_reader(units: ServiceUnits) -> Callable[[PanelId], Sequence[AccountId]]:
    def read(panel: PanelId) -> Sequence[AccountId]:
        with units.read() as unit:
            return unit.subscriptions.account_ids(panel)

    return read


def _panel_reader(units: ServiceUnits) -> Callable[[PanelId], Panel | None]:
    def read(panel: PanelId) -> Panel | None:
        with units.read() as unit:
            return unit.panels.panel(panel)

    return read
