"""Orders of one reseller stop after each statement; another reseller's run to their end meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text

from panelbridge.ledger import Credits
from panelbridge.provisioning import OperationState
from panelbridge.storage.engine.database import Database
from panelbridge.storage.exceptions import StorageBusy
from panelbridge.testing.practice import PracticeServer
from tests.storage.two_sessions import Sessions, Shop, two_sessions
from tests.support import postgres
from tests.support.ready import PracticeHere
from tests.support.rig import Rig

LOCK_TIMEOUT = 0.2  # seconds
# Whose a row is. Nobody but its owner may be kept from it; rows of all are shared by those who refer to them.
OWNERS = {
    "subscriptions": "t.reseller_id",
    "operations": "t.reseller_id",
    "attempts": "(SELECT o.reseller_id FROM operations o WHERE o.id = t.operation_id)",
    "attention": "(SELECT o.reseller_id FROM operations o WHERE o.id = t.operation_id)",
    "ledger_wallets": "t.reseller_id",
    "ledger_accounts": "(SELECT w.reseller_id FROM ledger_wallets w WHERE w.id = t.id)",
    "resellers": "t.id",
    "installations": "t.reseller_id",
    "plans": "t.reseller_id",
    "panels": "NULL::bigint",
}
_HELD = " UNION ALL ".join(
    f"SELECT '{table}' AS name, {owner} AS owner FROM pgrowlocks('{table}') AS l"
    f" JOIN {table} AS t ON t.ctid = l.locked_row"
    " WHERE :pid = ANY(l.pids) AND array_to_string(l.modes, ',') NOT LIKE '%Key Share%'"
    for table, owner in OWNERS.items()
)


@dataclass
class Stops:
    """What happens after each statement of the first session, and what it held then."""

    sessions: Sessions
    then: Callable[[], None] | None = None
    count: int = 0
    held: set[tuple[str, int | None]] = field(default_factory=set)

    def after(self, statement: str, pid: int) -> None:
        plain = statement.lstrip().startswith("SELECT") and "FOR " not in statement
        if self.then is None or (plain and "advisory" not in statement):
            return  # a plain read holds nothing that was not held before
        self.count += 1
        with self.sessions.owner.read() as connection:
            self.held |= {(row.name, row.owner) for row in connection.execute(text(_HELD), {"pid": pid})}
        self.then()


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with PracticeHere("reference", books=tmp_path_factory.mktemp("panel") / "panel.sqlite") as panel:
        yield panel


@pytest.fixture(scope="module")
def stops(tmp_path_factory: pytest.TempPathFactory, practice: PracticeServer) -> Iterator[Stops]:
    owner = postgres.owner_url_of_fresh()
    url = postgres.as_application(owner)
    folder = tmp_path_factory.mktemp("resellers") / "bridge"
    with two_sessions(folder, owner, url, practice.settings, patience=600.0) as sessions:
        with sessions.owner.write() as connection:
            connection.execute(text("CREATE EXTENSION pgrowlocks"))
        stops = Stops(sessions)
        watched, hasty = Database(url), Database(url, patience=LOCK_TIMEOUT)
        _watch(watched, stops)
        sessions.first.units.database, sessions.second.units.database = watched, hasty
        yield stops
        watched.close()
        hasty.close()


def _watch(database: Database, stops: Stops) -> None:
    class Watched(psycopg.Cursor[Any]):
        def execute(self, query: Any, *given: Any, **more: Any) -> Any:
            done = super().execute(query, *given, **more)
            stops.after(
                query.decode() if isinstance(query, bytes) else str(query), self.connection.info.backend_pid
            )
            return done

    kind: Any = database._kind

    @event.listens_for(kind._writing, "connect")
    def watch(connection: psycopg.Connection[Any], _record: Any) -> None:
        connection.cursor_factory = Watched


class Work:
    """A create, a renewal and a top-up of one reseller."""

    def __init__(self, rig: Rig, shop: Shop) -> None:
        self._rig, self._shop = rig, shop
        self._numbers = count(1)
        self.create()

    def create(self) -> None:
        self._last = next(self._numbers)
        self._done(self._shop.create(self._last))

    def renew(self) -> None:
        self._done(self._shop.renew(self._last, next(self._numbers)))

    def top_up(self) -> None:
        reseller = self._shop.installation.reseller_id
        with self._rig.units.write() as unit:
            unit.ledger.top_up(
                reseller,
                Credits.parse("1"),
                key=f"{reseller}.{next(self._numbers)}",
                actor="test",
                reason="paid",
            )
            self._rig.provisioner.after_top_up(unit, reseller)

    def all(self) -> None:
        self.create()
        self.renew()
        self.top_up()

    def _done(self, command: Any) -> None:
        assert self._rig.provisioner.submit(command).operation.state is OperationState.DONE


def test_a_wallet_kept_by_another_is_busy_and_nothing_is_said_of_credit(stops: Stops) -> None:
    sessions, shop = stops.sessions, stops.sessions.shop()
    with sessions.first.units.write() as unit:
        unit.ledger.lock(shop.installation.reseller_id)
        with pytest.raises(StorageBusy) as busy:
            sessions.second.provisioner.submit(shop.create(1))
    assert busy.value.retry_safe
    Work(sessions.second, shop).all()  # nothing is left of what was busy


def test_nobody_waits_for_another_resellers_orders(stops: Stops) -> None:
    sessions = stops.sessions
    mine, theirs = sessions.shop(), sessions.shop("1000")
    first, second = Work(sessions.first, mine), Work(sessions.second, theirs)

    stops.then = second.all
    first.all()
    stops.then = None

    assert stops.count > 20
    assert {mine.installation.reseller_id} == {owner for _, owner in stops.held}
    assert {"subscriptions", "operations", "ledger_wallets"} <= {table for table, _ in stops.held}
