"""Two sessions of one PostgreSQL database: the first held open after what it did, the second beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from panelbridge.contract.models import AccountId, Term
from panelbridge.contract.secret import Secret
from panelbridge.ledger import Credits
from panelbridge.lifecycle import Anchor, SubscriptionState
from panelbridge.provisioning import CreateCommand, Operation, RenewCommand
from panelbridge.provisioning.flow.claim import Call, claim
from panelbridge.provisioning.verbs import RULES
from panelbridge.storage.engine.database import Database
from panelbridge.storage.engine.locks import Locks
from panelbridge.storage.units import SqlUnit
from panelbridge.subscriptions import (
    Installation,
    InstallationId,
    Mode,
    Panel,
    Plan,
    Subscription,
    SubscriptionId,
)
from tests.support.rig import Rig, build_rig

_SERVICES = count(1)
_WAITING = text(
    "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Whether the second session waited for the first, and what came of both."""

    waited: bool
    end: object


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A reseller of its own, so that no test meets another's wallet."""

    installation: Installation
    plan: Plan

    def create(self, service: int, **more: Any) -> CreateCommand:
        named = {"plan": self.plan.code, "term": Term.parse("1m"), "actor": "test"}
        return CreateCommand(installation=self.installation, service_id=service, **(named | more))

    def renew(self, service: int, item: int = 1) -> RenewCommand:
        fact = f"item:{service}.{item}"
        return RenewCommand(installation=self.installation, service_id=service, actor="test", fact=fact)


@dataclass
class Sessions:
    """Two bridges over the same books, and somebody who watches the server."""

    first: Rig
    second: Rig
    owner: Database
    panel: Panel
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def number(self) -> int:
        return next(self._numbers)

    def shop(self, credit: str = "100", **plan: Any) -> Shop:
        code = f"shop{next(self._numbers)}"
        with self.first.units.write() as unit:
            reseller = unit.resellers.add(code, code)
            unit.ledger.open_wallet(reseller.id)
            if credit != "0":
                unit.ledger.top_up(
                    reseller.id, Credits.parse(credit), key=f"first {code}", actor="test", reason="paid"
                )
            wanted = Installation(id=InstallationId(0), reseller_id=reseller.id, code=code, mode=Mode.TEST)
            installation = unit.installations.add(wanted)
            sold = replace(self.first.plans["gold"], reseller_id=reseller.id, **plan)
            return Shop(installation=installation, plan=unit.plans.save(sold))

    def active(self, shop: Shop, **more: Any) -> Subscription:
        """A service whose account was made long ago."""
        now, service = self.first.clock(), next(_SERVICES)
        with self.first.units.write() as unit:
            return unit.subscriptions.insert(
                Subscription(
                    id=SubscriptionId(0),
                    installation_id=shop.installation.id,
                    service_id=service,
                    reseller_id=shop.installation.reseller_id,
                    panel_id=self.panel.id,
                    plan_id=shop.plan.id,
                    plan_version=shop.plan.version,
                    term=Term.parse("1m"),
                    state=SubscriptionState.ACTIVE,
                    generation=1,
                    revision=1,
                    created_at=now,
                    package="basic-1m",
                    anchor=Anchor(start=now, months=0),
                    period_from=now,
                    entitled_until=now,
                    panel_until=now,
                    account_id=AccountId(f"a{service}"),
                    username=f"user{service}",
                    password=Secret("gXw7Rk2pQz"),
                    **more,
                )
            )

    def intended(self, command: CreateCommand | RenewCommand) -> Operation:
        with self.first.units.write() as unit:
            return intend(unit, self.first, command)

    def sent(self, command: CreateCommand | RenewCommand) -> Call:
        """Its attempt is committed, and nothing was sent yet."""
        operation = self.intended(command)
        with self.first.units.write() as unit:
            made = claim(unit, self.first.deps, operation.id, seconds=3.0)
        assert isinstance(made, Call)
        return made

    def state(self, operation: Operation) -> str:
        with self.first.units.read() as unit:
            found = unit.journal.operation(operation.id)
        assert found is not None
        return found.state.value

    def meet(self, first: Callable[[SqlUnit], object], second: Callable[[Rig], object]) -> Seen:
        """``second`` begins while the transaction of ``first`` is open, and ends after it at the latest."""
        ends: list[object] = []

        def run() -> None:
            try:
                ends.append(second(self.second))
            except Exception as error:  # noqa: BLE001 - what it ended with is what is compared
                ends.append(type(error).__name__)

        beside = threading.Thread(target=run)
        with self.first.units.write() as unit:
            first(unit)
            beside.start()
            waited = self._waits(beside)
        beside.join()
        return Seen(waited=waited, end=ends[0])

    def _waits(self, beside: threading.Thread) -> bool:
        while beside.is_alive():
            with self.owner.read() as connection:
                if connection.execute(_WAITING).first() is not None:
                    return True
        return False

    def close(self) -> None:
        self.first.close()
        self.second.close()
        self.owner.close()


def intend(unit: SqlUnit, rig: Rig, command: CreateCommand | RenewCommand) -> Operation:
    verb = "create" if isinstance(command, CreateCommand) else "extend"
    rules = next(rules for name, rules in RULES.items() if name.value == verb)
    return rules.intend(unit, rig.deps, command).operation


@contextmanager
def two_sessions(
    folder: Path, owner_url: str, url: str, panel: dict[str, Any], *, patience: float = 3.0
) -> Iterator[Sessions]:
    """``patience``: seconds of a try and of an answer."""
    folder.mkdir()
    (folder / "bridge.url").write_text(url)
    first, second = (build_rig(folder, attempt=patience, lookup=2.0, budget=patience) for _ in range(2))
    main = first.add_panel("main", "reference", {"base_url": "http://127.0.0.1:1", "token": "t" * 32} | panel)
    first.add_plan("gold", main, {"1m": ("basic-1m", "1")})
    sessions = Sessions(first=first, second=second, owner=Database(owner_url), panel=main)
    try:
        yield sessions
    finally:
        sessions.close()


@dataclass(frozen=True, kw_only=True)
class Race:
    """A check before a write, met by the same one of another session."""

    play: Callable[[Sessions], Seen]
    ends: Seen
    off: Callable[[pytest.MonkeyPatch], object]  # takes the lock or index away


def without_names(patch: pytest.MonkeyPatch) -> None:
    """No advisory lock is waited for."""
    patch.setattr(Locks, "take", lambda *_: None)
