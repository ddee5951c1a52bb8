"""8 processes, 3 wallets, 10,000 random operations: the books stay whole."""

from __future__ import annotations

import collections
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from panelbridge.ledger import Credits
from tests.ledger.books import ANNA, Books
from tests.storage.caller import RESELLERS

PROCESSES = 8
OPERATIONS = 10_000
ROOT = Path(__file__).parents[2]
CALLER = Path(__file__).with_name("caller.py")


@pytest.fixture
def fast_folder() -> Iterator[Path]:
    """In memory where the system offers it: 10,000 flushes to a busy disk prove nothing more."""
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="panelbridge-test-", dir=parent))
    yield folder
    shutil.rmtree(folder)


def start(path: Path, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(CALLER), str(path), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "adapters")))},
    )


def filled(path: Path) -> Books:
    books = Books(path)
    books.database.migrate()
    with books.write() as ledger:
        for reseller in RESELLERS:
            ledger.open_wallet(reseller)
            ledger.top_up(reseller, Credits(1_000_000), key=f"first {reseller}", actor="a", reason="r")
    return books


def test_random_operations_of_many_processes_keep_the_books_whole(fast_folder: Path) -> None:
    books = filled(fast_folder / "books.db")
    callers = [start(books.path, "run", str(seed), str(OPERATIONS // PROCESSES)) for seed in range(PROCESSES)]
    for caller in callers:
        assert caller.stdout is not None
        assert "ready\n" == caller.stdout.readline()
    outcomes: collections.Counter[str] = collections.Counter()
    for caller in callers:
        assert caller.stdin is not None
        caller.stdin.write("go\n")
        caller.stdin.flush()
    for caller in callers:
        out, _ = caller.communicate(timeout=120)
        assert 0 == caller.returncode
        outcomes.update(json.loads(out))
    print(dict(outcomes))
    assert OPERATIONS == outcomes.total()
    # The races this test is for did happen.
    for raced in ("post: hold_resolved", "void: hold_resolved", "hold: insufficient_credit"):
        assert outcomes[raced] > 0, raced
    report = books.verify()
    assert () == report.problems
    assert recomputed(books.path) == stored(books.path)
    books.database.close()


def recomputed(path: Path) -> dict[int, tuple[int, int]]:
    """Balance and held of each wallet from the bare rows, by a reckoning of its own."""
    connection = sqlite3.connect(path)
    moved = "kind NOT IN ('hold', 'void')"
    sums = {
        wallet: (
            connection.execute(
                f"SELECT coalesce(sum(CASE WHEN target_id = ? THEN amount ELSE -amount END), 0)"
                f" FROM ledger_transfers WHERE ? IN (source_id, target_id) AND {moved}",
                (wallet, wallet),
            ).fetchone()[0],
            connection.execute(
                "SELECT coalesce(sum(amount), 0) FROM ledger_transfers WHERE kind = 'hold' AND source_id = ?"
                " AND id NOT IN (SELECT resolves FROM ledger_transfers WHERE resolves IS NOT NULL)",
                (wallet,),
            ).fetchone()[0],
        )
        for (wallet,) in connection.execute("SELECT id FROM ledger_wallets")
    }
    connection.close()
    return sums


def stored(path: Path) -> dict[int, tuple[int, int]]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT id, balance, held FROM ledger_wallets").fetchall()
    connection.close()
    assert all(balance - held >= 0 for _, balance, held in rows)
    return {wallet: (balance, held) for wallet, balance, held in rows}


def test_a_process_killed_inside_a_transaction_leaves_nothing(tmp_path: Path) -> None:
    books = filled(tmp_path / "books.db")
    caller = start(books.path, "stop")
    assert caller.stdout is not None
    assert "in the middle\n" == caller.stdout.readline()
    caller.kill()
    caller.communicate(timeout=10)
    with books.write() as ledger:
        assert ledger.keyed("never") is None
        assert Credits(0) == ledger.wallet(ANNA).held
    assert books.verify().whole
    books.database.close()


def test_processes_killed_at_any_moment_leave_whole_books(tmp_path: Path) -> None:
    books = filled(tmp_path / "books.db")
    reached = []
    for seed in range(6):
        caller = start(books.path, "run", str(seed), "100000")
        assert caller.stdout is not None
        assert caller.stdin is not None
        assert "ready\n" == caller.stdout.readline()
        before = count(books.path)
        caller.stdin.write("go\n")
        caller.stdin.flush()
        # Killed once it is in full swing, wherever it happens to be.
        while count(books.path) < before + 20 + seed:
            assert caller.poll() is None
        caller.kill()
        caller.communicate(timeout=10)
        reached.append(count(books.path))
        assert () == books.verify().problems
    assert sorted(set(reached)) == reached
    books.database.close()


def count(path: Path) -> int:
    connection = sqlite3.connect(path, timeout=10)
    number: int = connection.execute("SELECT count(*) FROM ledger_transfers").fetchone()[0]
    connection.close()
    return number
