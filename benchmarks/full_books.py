"""Books as shops have them after years, made at once: rows as the stores write them, past the one flow.

Each subscription has one operation, with attempt, hold and post. Of a hundred, one each waits for a person
(a renewal), was refused, is suspended, has ended, or is to be cancelled. ``ledger verify`` finds them whole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, update

from panelbridge.contract.secret import Secret
from panelbridge.ledger import Credits, Transfer, TransferContext, TransferId, TransferKind, WalletState
from panelbridge.ledger.accounts import CONSUMED
from panelbridge.ledger.chain import ChainKeys, Link, link, text_digest
from panelbridge.storage.attention.tables import attention
from panelbridge.storage.engine import guards
from panelbridge.storage.engine.database import Database
from panelbridge.storage.engine.guards_sqlite import TRIGGERS
from panelbridge.storage.engine.identities import continue_after, highest_id
from panelbridge.storage.engine.schema import metadata
from panelbridge.storage.ledger.reading import wallets_in_order
from panelbridge.storage.ledger.rows import transfer_values
from panelbridge.storage.ledger.tables import links, texts, transfers, wallets
from panelbridge.storage.provisioning.tables import attempts, operation_counts, operations
from panelbridge.storage.subscriptions.tables import installations, subscriptions
from panelbridge.storage.vault.sealing import Vault

PRICE = Credits.parse(1)
_BATCH = 5000
_REFUSED, _ATTENTION, _SUSPENDED, _ENDED, _CANCELLED = 7, 11, 23, 37, 41  # the one of a hundred that is so
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_SALT = bytes(16)


@dataclass
class _Batch:
    """Rows to insert, and the wallet they move."""

    keys: ChainKeys
    wallet: WalletState
    transfer: int  # the last id given out
    rows: dict[Table, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, table: Table, **row: Any) -> None:
        self.rows.setdefault(table, []).append(row)

    def book(self, kind: TransferKind, context: TransferContext, at: datetime, of: int | None = None) -> int:
        """A hold, or what ends it: one link longer is the chain."""
        self.transfer += 1
        made = Transfer(
            id=TransferId(self.transfer),
            kind=kind,
            source=self.wallet.id,
            target=CONSUMED,
            amount=PRICE,
            at=at,
            key=f"hold:{context.operation}" if of is None else None,
            resolves=None if of is None else TransferId(of),
            actor="shop",
            context=context,
        )
        taken = {
            TransferKind.HOLD: (0, 1),
            TransferKind.POST: (-1, -1),
            TransferKind.VOID: (0, -1),
        }[kind]
        self._append(made, balance=PRICE.units * taken[0], held=PRICE.units * taken[1])
        return self.transfer

    def _append(self, made: Transfer, *, balance: int, held: int) -> None:
        now = self.wallet
        place = Link(
            wallet=now.id,
            reseller=now.reseller,
            sequence=now.sequence + 1,
            balance=now.balance.units + balance,
            held=now.held.units + held,
            key_id=self.keys.current,
            text_digest=text_digest(_SALT, "shop", "", None),
        )
        head = link(self.keys, now.tail, place, made)
        self.add(transfers, id=made.id, **transfer_values(made))
        self.add(texts, transfer_id=made.id, salt=_SALT, actor="shop", reason="", note=None)
        self.add(
            links,
            wallet_id=now.id,
            sequence=place.sequence,
            transfer_id=made.id,
            balance=place.balance,
            held=place.held,
            key_id=place.key_id,
            text_digest=place.text_digest,
            link=head,
        )
        self.wallet = replace(
            now,
            balance=Credits(units=place.balance),
            held=Credits(units=place.held),
            sequence=place.sequence,
            tail=head,
        )

    def insert(self, connection: Connection) -> None:
        for table in metadata.sorted_tables:
            if rows := self.rows.pop(table, None):
                connection.execute(insert(table), rows)


def fill(database: Database, vault: Vault, until: int) -> None:
    """There are ``until`` subscriptions. Needs a plan, a panel, installations, and a wallet with credit."""
    with database.write() as connection:
        first = connection.execute(select(func.count()).select_from(subscriptions)).scalar_one() + 1
        shops = connection.execute(select(installations.c.id).order_by(installations.c.id)).scalars().all()
        _remove_guards(connection)
        wallet, last = wallets_in_order(connection)[0], highest_id(connection, transfers.name)
        batch = _Batch(keys=vault.chain, wallet=wallet, transfer=last)
        for number in range(first, until + 1):
            _sell(batch, number, shops, vault)
            if number % _BATCH == 0 or number == until:
                batch.insert(connection)
        _leave(connection, batch)
        guards.install(connection)


def _remove_guards(connection: Connection) -> None:
    """They check each row as it comes; ``install`` puts them back."""
    for trigger in TRIGGERS if connection.dialect.name == "sqlite" else ():
        connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")


def _leave(connection: Connection, batch: _Batch) -> None:
    now = batch.wallet
    moved = {"balance": now.balance.units, "held": now.held.units, "sequence": now.sequence, "tail": now.tail}
    connection.execute(update(wallets).where(wallets.c.id == now.id).values(**moved))
    if connection.dialect.name != "sqlite":
        for table in (subscriptions, operations, transfers):
            highest = connection.execute(select(func.max(table.c.id))).scalar_one()
            continue_after(connection, table.name, highest)


def _sell(batch: _Batch, number: int, shops: Sequence[int], vault: Vault) -> None:
    """Subscription ``number``, its one operation, and what that moved."""
    kind = number % 100
    at = _BEGIN + timedelta(minutes=number)
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1 + number % 720)
    shop = shops[-1] if number % 10 == 0 else shops[0]
    state = {_REFUSED: "refused", _ATTENTION: "attention"}.get(kind, "done")
    context = TransferContext(subscription=number, operation=number, plan="1.1", term="1m", period_to=until)
    hold = batch.book(TransferKind.HOLD, context, at)
    if state != "attention":
        batch.book(TransferKind.POST if state == "done" else TransferKind.VOID, context, at, of=hold)
    named = {"installation_id": shop, "reseller_id": 1, "panel_id": 1, "plan_id": 1, "plan_version": 1}
    sealed = vault.seal(
        Secret("h4rdToGuess99x"), table="subscriptions", row=f"{shop}.{number}", field="password"
    )
    batch.add(
        subscriptions,
        id=number,
        service_id=number,
        term="1m",
        state={_SUSPENDED: "suspended", _ENDED: "terminated"}.get(
            kind, "pending" if state == "refused" else "active"
        ),
        refused=state == "refused",
        generation=1,
        revision=int(state == "done"),
        created_at=at,
        package="basic-1m",
        anchor_months=1,
        entitled_until=None if state == "refused" else until,
        panel_until=None if state == "refused" else until,
        account_id=None if state == "refused" else str(number),
        username=name_of(number),
        password=sealed,
        suspensions=[],
        cancelled_at=at if kind == _CANCELLED else None,
        **named,
    )
    outcome = {"done": "done", "refused": "refused", "attention": "unknown"}[state]
    batch.add(
        operations,
        id=number,
        subscription_id=number,
        service_id=number,
        generation=1,
        verb="extend" if state == "attention" else "create",
        state=state,
        outcome=outcome,
        key=f"create:{shop}:{number}:1",
        target={"package": "basic-1m"},
        price=PRICE.units,
        term="1m",
        hold=hold,
        username=name_of(number),
        actor="shop",
        attempts=1,
        failures=0,
        admitted_at=at,
        due_set_at=at,
        settled_at=None if state == "attention" else at,
        message=None if state == "done" else "the panel said no",
        reported_pending=state == "attention",
        acknowledged=False,
        **named,
    )
    if state != "attention":
        batch.add(operation_counts, verb="create", state=state, count=1)
    batch.add(
        attempts,
        operation_id=number,
        number=1,
        panel_id=1,
        owner="bench",
        started_at=at,
        deadline=at,
        quiet_until=at,
        boot="",
        ends=0.0,
        looks={},
        finished_at=at,
        outcome=outcome,
        cleared=False,
    )
    if state == "attention":
        batch.add(
            attention,
            code="account_conflict",
            subject_kind="subscription",
            subject_id=number,
            message="the name belongs to an account that is not provably ours",
            advice="Look at the panel.",
            opened_at=at,
            operation_id=number,
            subscription_id=number,
            panel_id=1,
        )


def name_of(number: int) -> str:
    """The login name of subscription ``number``."""
    return f"listed{number:06}"


def fill_panel(books: Path, until: int) -> None:
    """The reference practice panel has the accounts of as many subscriptions."""
    with closing(sqlite3.connect(books)) as db, db:
        first = db.execute("SELECT count(*) FROM accounts").fetchone()[0] + 1
        rows = (
            (
                number,
                name_of(number),
                "h4rdToGuess99x",
                "2030-01-01T00:00:00Z",
                "basic-1m",
                1,
                f"bench:{number}:1",
            )
            for number in range(first, until + 1)
        )
        columns = "id, username, password, expires_at, package, connections, reference"
        db.executemany(f"INSERT INTO accounts ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
