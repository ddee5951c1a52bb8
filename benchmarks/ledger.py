"""Figure (c): postings a second with 8 concurrent callers on one hot wallet, against the bare driver.

The bound is a raw, single-connection ``sqlite3`` loop that runs the very same SQL on the very same schema,
guards and durability (WAL, synchronous=FULL) in the same run: no queue, no rules, no HMAC.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.dialects import sqlite

from panelbridge.ledger import ChainKeys, Credits, Ledger, ResellerId, TransferContext
from panelbridge.storage import Database
from panelbridge.storage.engine.prepared import Prepared
from panelbridge.storage.ledger import sql as ledger_sql
from panelbridge.storage.ledger.store import SqlLedgerStore

CALLERS = 8
HOT = ResellerId(1)
KEYS = ChainKeys(current="bench", keys={"bench": b"b" * 32})
GOAL_RATIO = 0.3
GOAL_WAIT = 0.4
DIALECT = sqlite.dialect()
NUMBERS = itertools.count()  # no key twice, in no round


@dataclass(frozen=True)
class Measured:
    """Postings made, seconds they took, and the longest any of them waited."""

    postings: int
    seconds: float
    worst: float

    @property
    def rate(self) -> float:
        return self.postings / self.seconds


def clock() -> datetime:
    return datetime.now(UTC)


def new_database(folder: str, name: str) -> Database:
    """A migrated database with one full wallet."""
    database = Database(f"sqlite:///{folder}/{name}.db")
    database.migrate()
    with database.write() as connection:
        ledger = Ledger(SqlLedgerStore(connection, KEYS), clock)
        ledger.open_wallet(HOT)
        ledger.top_up(HOT, Credits.parse(1_000_000), key="fill", actor="bench", reason="fill")
    return database


def ours(database: Database, seconds: float) -> Measured:
    """Eight threads, each holding and posting by the ledger's own verbs."""
    waits: list[float] = []
    start, worst_lock = threading.Barrier(CALLERS + 1), threading.Lock()

    def caller() -> None:
        mine: list[float] = []
        start.wait()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            began = time.perf_counter()
            context = TransferContext(subscription=1, plan="gold", term="1m")
            with database.write() as connection:
                ledger = Ledger(SqlLedgerStore(connection, KEYS), clock)
                hold = ledger.hold(HOT, Credits(10), key=f"b{next(NUMBERS)}", actor="bench", context=context)
            between = time.perf_counter()
            with database.write() as connection:
                Ledger(SqlLedgerStore(connection, KEYS), clock).post(hold.id)
            mine += [between - began, time.perf_counter() - between]
        with worst_lock:
            waits.extend(mine)

    threads = [threading.Thread(target=caller) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return Measured(postings=len(waits), seconds=time.perf_counter() - began, worst=max(waits))


class Bare:
    """The same statements through one plain connection."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._texts: dict[int, Any] = {}
        self._sequence, self._balance, self._held, self._tail = self._wallet()

    def _wallet(self) -> tuple[int, int, int, str]:
        row = self._connection.execute("SELECT sequence, balance, held, tail FROM ledger_wallets").fetchone()
        return row[0], row[1], row[2], row[3]

    def run(self, prepared: Prepared, values: dict[str, Any]) -> Any:
        known = self._texts.get(id(prepared))
        if known is None:
            known = self._texts[id(prepared)] = prepared.text(DIALECT)
        return self._connection.execute(known[0], tuple([values[name] for name in known[1]])).fetchone()

    def hold(self, key: str) -> int:
        self._connection.execute("BEGIN IMMEDIATE")
        self.run(ledger_sql.lock_of_reseller, {"reseller": HOT})
        self.run(ledger_sql.transfer_by_key, {"wanted": key})
        number = self._book({"kind": "hold", "key": key, "resolves": None}, 0, 10)
        self._connection.execute("COMMIT")
        return number

    def post(self, hold: int) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self.run(ledger_sql.transfer_by_id, {"wanted": hold})
        self.run(ledger_sql.lock_account, {"account": 5})
        self.run(ledger_sql.transfer_resolving, {"wanted": hold})
        self._book({"kind": "post", "key": None, "resolves": hold}, -10, -10)
        self._connection.execute("COMMIT")

    def _book(self, fields: dict[str, Any], balance: int, held: int) -> int:
        row: dict[str, Any] = dict.fromkeys(
            ("corrects", "operation_id", "period_from", "period_to", "expiry_before")
        )
        row |= {"source_id": 5, "target_id": 2, "amount": 10, "released": 0, "at": time.time_ns() // 1000}
        row |= {"subscription_id": 1, "plan": "gold", "term": "1m", "expiry_after": None}
        number: int = self.run(ledger_sql.insert_transfer, {**row, **fields})[0]
        text = {"transfer_id": number, "salt": b"s" * 16, "actor": "bench", "reason": "", "note": None}
        self.run(ledger_sql.insert_text, text)
        self._sequence, self._balance, self._held = (
            self._sequence + 1,
            self._balance + balance,
            self._held + held,
        )
        self._tail = f"{number:064x}"
        after = {"sequence": self._sequence, "balance": self._balance, "held": self._held}
        link = {"wallet_id": 5, "transfer_id": number, "key_id": "bench", "text_digest": "d" * 64}
        self.run(ledger_sql.insert_link, {**after, **link, "link": self._tail})
        moved: dict[str, Any] = {f"new_{name}": value for name, value in after.items()}
        moved |= {"account": 5, "old_sequence": self._sequence - 1, "new_tail": self._tail}
        self.run(ledger_sql.move_wallet, moved)
        return number

    def close(self) -> None:
        self._connection.close()


def bare(path: Path, seconds: float) -> Measured:
    """One caller, one connection, nothing around the statements."""
    loop, waits = Bare(path), []
    began = time.perf_counter()
    for number in NUMBERS:
        start = time.perf_counter()
        hold = loop.hold(f"r{number}")
        between = time.perf_counter()
        loop.post(hold)
        waits += [between - start, time.perf_counter() - between]
        if time.perf_counter() - began > seconds:
            break
    loop.close()
    return Measured(postings=len(waits), seconds=time.perf_counter() - began, worst=max(waits))


def measure(seconds: float = 4.0, rounds: int = 10) -> list[dict[str, object]]:
    """Alternate both in rounds, so that a busy neighbour hurts both; the books must verify afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        database, raw = new_database(folder, "ours"), new_database(folder, "bare")
        pairs = [(ours(database, seconds / rounds), bare(raw.path, seconds / rounds)) for _ in range(rounds)]
        with database.write() as connection:
            report = Ledger(SqlLedgerStore(connection, KEYS), clock).verify()
        database.close()
        raw.close()
    if not report.whole:
        raise SystemExit(f"the books are broken after the run: {report.problems[:3]}")
    return _entries([one for one, _ in pairs], [other for _, other in pairs])


def _entries(mine: list[Measured], floor: list[Measured]) -> list[dict[str, object]]:
    rate = sum(one.postings for one in mine) / sum(one.seconds for one in mine)
    bound = sum(one.postings for one in floor) / sum(one.seconds for one in floor)
    worst = max(one.worst for one in mine)
    return [
        {
            "name": "ledger.hot_wallet.postings",
            "value": round(rate, 1),
            "unit": "postings/s",
            "ratio": round(rate / bound, 3),
            "against": f"raw sqlite3, one connection, same statements: {bound:.0f}/s",
            "goal": f"ratio >= {GOAL_RATIO}",
            "met": rate / bound >= GOAL_RATIO,
        },
        {
            "name": "ledger.hot_wallet.worst_wait",
            "value": round(worst, 4),
            "unit": "s",
            "ratio": round(worst / max(one.worst for one in floor), 1),
            "against": "the worst posting of the raw loop",
            "goal": f"< {GOAL_WAIT} s",
            "met": worst < GOAL_WAIT,
        },
    ]


def main(show: Callable[[str], object] = print) -> int:
    """Print the entries as JSON lines; 1 when a goal was missed."""
    entries = measure()
    for entry in entries:
        show(json.dumps(entry))
    return 0 if all(entry["met"] for entry in entries) else 1


if __name__ == "__main__":
    sys.exit(main())
