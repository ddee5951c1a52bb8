"""Postings a second on PostgreSQL by 8 callers, on one hot wallet and on 100, against `pgbench`.

The bound runs the very same two transactions, hold and post, statement by statement in the ledger's own SQL,
with the same guards and durability, from C: no rules, no HMAC, no Python. Both are measured in turns.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from sqlalchemy import URL, make_url

from benchmarks.figure import Figure
from benchmarks.ledger import CALLERS, KEYS, clock
from benchmarks.postgres import environment, new_database, server
from panelbridge.ledger import Credits, Ledger, ResellerId, TransferContext
from panelbridge.storage import Database
from panelbridge.storage.engine.prepared import Prepared
from panelbridge.storage.ledger import sql
from panelbridge.storage.ledger.store import SqlLedgerStore

GOALS = {1: 0.5, 100: 0.7}  # wallets: ours in terms of pgbench
_NAMES = {1: "hot_wallet", 100: "wallets_100"}
_PLACE = re.compile(r"%\((\w+)\)s")
_TPS = re.compile(r"tps = ([\d.]+)")
_DIALECT = make_url("postgresql+psycopg://").get_dialect()()
_NUMBERS = count()
_TEMPLATE = "migrated"


@dataclass(frozen=True, kw_only=True)
class Books:
    """A database with so many full wallets, as the service's role opens it."""

    database: Database
    url: str
    wallets: int


def measure(seconds: int = 3, rounds: int = 6) -> list[Figure]:
    """In turns, so that a busy neighbour hurts both; our books must verify afterwards."""
    figures = []
    with server() as url, tempfile.TemporaryDirectory() as folder:
        service, owner = new_database(url, _TEMPLATE)
        migrated = Database(service, owner_url=owner)
        migrated.migrate()
        migrated.close()
        for wallets, goal in GOALS.items():
            mine, theirs = (_books(url, f"{who}_{wallets}", wallets) for who in ("ours", "bare"))
            script = Path(folder) / f"postings-{wallets}.sql"
            script.write_text(_script(wallets))
            pairs = [(_ours(mine, seconds), _pgbench(theirs, script, seconds)) for _ in range(rounds)]
            _require_whole(mine)
            rate, bound = (sum(side) / rounds for side in zip(*pairs, strict=True))
            figures.append(_figure(_NAMES[wallets], rate, bound, goal))
            mine.database.close()
            theirs.database.close()
    return figures


def _books(url: URL, name: str, wallets: int) -> Books:
    service, _ = new_database(url, name, _TEMPLATE)
    database = Database(service)
    with database.write() as connection:
        ledger = Ledger(SqlLedgerStore(connection, KEYS), clock)
        for number in range(1, wallets + 1):
            ledger.open_wallet(ResellerId(number))
            ledger.top_up(
                ResellerId(number),
                Credits.parse(1_000_000),
                key=f"fill{number}",
                actor="bench",
                reason="fill",
            )
    return Books(database=database, url=service, wallets=wallets)


def _ours(books: Books, seconds: float) -> float:
    """Postings a second of threads that hold and post by the ledger's own verbs."""
    made, lock, start = list[int](), threading.Lock(), threading.Barrier(CALLERS + 1)

    def caller(mine: int) -> None:
        postings, context = 0, TransferContext(subscription=1, plan="gold", term="1m")
        start.wait()
        ends = time.perf_counter() + seconds
        while time.perf_counter() < ends:
            number = next(_NUMBERS)
            reseller = ResellerId((number + mine) % books.wallets + 1)
            with books.database.write() as connection:
                ledger = Ledger(SqlLedgerStore(connection, KEYS), clock)
                hold = ledger.hold(reseller, Credits(10), key=f"b{number}", actor="bench", context=context)
            with books.database.write() as connection:
                Ledger(SqlLedgerStore(connection, KEYS), clock).post(hold.id)
            postings += 2
        with lock:
            made.append(postings)

    threads = [threading.Thread(target=caller, args=(mine,)) for mine in range(CALLERS)]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return sum(made) / (time.perf_counter() - began)


def _pgbench(books: Books, script: Path, seconds: int) -> float:
    done = subprocess.run(
        ["pgbench", "-n", "-M", "prepared", "-c", str(CALLERS), "-j", "2", "-T", str(seconds), "-f", script],
        env=environment(make_url(books.url)),
        capture_output=True,
        text=True,
        check=False,
    )
    reported = _TPS.search(done.stdout)
    if done.returncode or reported is None:
        raise RuntimeError(f"pgbench failed: {done.stderr[-1000:]}")
    return 2 * float(reported[1])  # a script's run is a hold and a post


def _script(wallets: int) -> str:
    """A hold, then its post, of one of the wallets."""
    return "\n".join(
        (
            f"\\set reseller random(1, {wallets})",
            "\\set key random(1, 9000000000000000)",
            "BEGIN;",
            _text(sql.lock_of_reseller, {"reseller": ":reseller"}, keep=True),
            _text(sql.wallet_of_reseller, {"reseller": ":reseller"}, keep=True),
            _text(sql.transfer_by_key, {"wanted": "('p' || :key)"}),
            *_booking("hold", ":id", balance=0, held=10),
            "\\set hold :number",
            "\\set wallet :id",
            "END;",
            "BEGIN;",
            _text(sql.transfer_by_id, {"wanted": ":hold"}),
            _text(sql.lock_account, {"account": ":wallet"}),
            _text(sql.wallet_of_account, {"account": ":wallet"}, keep=True),
            _text(sql.transfer_resolving, {"wanted": ":hold"}),
            *_booking("post", ":wallet", balance=-10, held=-10),
            "END;\n",
        )
    )


def _booking(kind: str, wallet: str, *, balance: int, held: int) -> Iterator[str]:
    nothing = dict.fromkeys(
        ("corrects", "operation_id", "period_from", "period_to", "expiry_before", "expiry_after"), "NULL"
    )
    transfer = {
        **nothing,
        "kind": f"'{kind}'",
        "source_id": wallet,
        "target_id": "2",
        "amount": "10",
        "released": "0",
        "at": "1",
        "key": "('p' || :key)" if kind == "hold" else "NULL",
        "resolves": "NULL" if kind == "hold" else ":hold",
        "subscription_id": "1",
        "plan": "'gold'",
        "term": "'1m'",
    }
    yield _text(sql.insert_transfer, transfer).removesuffix(";") + " \\gset new_"
    yield "\\set number :new_id"
    words = {"actor": "'bench'", "reason": "''", "note": "NULL"}
    yield _text(sql.insert_text, {"transfer_id": ":number", "salt": f"'\\x{'73' * 16}'", **words})
    after = {
        "sequence": "(:sequence::bigint + 1)",
        "balance": f"(:balance::bigint + {balance})",
        "held": f"(:held::bigint + {held})",
        "link": "lpad(to_hex(:number::bigint), 64, '0')",
    }
    link = {
        "wallet_id": wallet,
        "transfer_id": ":number",
        "key_id": "'bench'",
        "text_digest": f"'{'d' * 64}'",
    }
    yield _text(sql.insert_link, {**after, **link})
    moved = {f"new_{name}": value for name, value in after.items() if name != "link"}
    moved |= {"account": wallet, "old_sequence": ":sequence", "new_tail": after["link"]}
    yield _text(sql.move_wallet, moved)


def _text(statement: Prepared, values: Mapping[str, str], *, keep: bool = False) -> str:
    """As the ledger sends it; ``keep``: its row's cells become variables."""
    spelled, _ = statement.text(_DIALECT)
    filled = _PLACE.sub(
        lambda found: f"({values[found[1]]})" if "|" in values[found[1]] else values[found[1]], spelled
    )
    return " ".join(filled.split()) + (" \\gset" if keep else ";")


def _require_whole(books: Books) -> None:
    with books.database.write() as connection:
        report = Ledger(SqlLedgerStore(connection, KEYS), clock).verify()
    if not report.whole:
        raise RuntimeError(f"the books are broken after the run: {report.problems[:3]}")


def _figure(name: str, rate: float, bound: float, goal: float) -> Figure:
    return Figure(
        name=f"ledger.postgres.{name}",
        value=round(rate, 1),
        unit="postings/s",
        ratio=round(rate / bound, 3),
        against=f"pgbench, {CALLERS} clients, the same statements: {bound:.0f}/s",
        goal=f"ratio >= {goal}",
        met=rate / bound >= goal,
    )


if __name__ == "__main__":
    for figure in measure():
        print(figure)
