"""Figures of adapters alone: what one call costs, how a long list is read, how calls run side by side.

On the reference backend, whose protocol asks for the least; each side of a ratio is measured in the same run.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure, percentile
from benchmarks.stage import session
from panelbridge import PanelAdapter, load_adapter, read_settings
from panelbridge.testing.practice import PracticeProcess

GOAL_CALL, GOAL_LIST, GOAL_CROWD = 1.3, 1.5, 0.85
_PAGE = 1000
_CALLS_OF_AN_EXTEND = 2  # it reads the account, then writes its date
_START = datetime(2030, 1, 1, tzinfo=UTC)


def measure(
    calls: int = 1500,
    accounts: int = 20_000,
    extends: int = 1000,
    latency: float = 0.05,
    callers: int = 16,
) -> list[Figure]:
    """Raises ``RuntimeError`` when anything is answered otherwise than expected."""
    return [
        _one_call(calls),
        _long_list(accounts),
        _crowd(extends, latency, callers),
    ]


@contextmanager
def _panel(accounts: int, **settings: Any) -> Iterator[tuple[PracticeProcess, PanelAdapter[Any]]]:
    """A practice panel that holds so many accounts, and an adapter for it."""
    with tempfile.TemporaryDirectory() as folder:
        books = Path(folder) / "books.sqlite"
        process = PracticeProcess("reference", books=books, options={"page": str(_PAGE)})
        process.start()
        process.stop()
        _fill(books, accounts)
        process.start()
        kind = load_adapter("reference")
        try:
            with kind(read_settings(kind.settings_model, {**process.settings, **settings})) as adapter:
                yield process, adapter
        finally:
            process.stop()


def _fill(books: Path, accounts: int) -> None:
    rows = (
        (f"listed{number:06}", "h4rdToGuess99x", "2030-01-01T00:00:00Z", "basic-1m", 1, f"bench:{number}:1")
        for number in range(accounts)
    )
    columns = "username, password, expires_at, package, connections, reference"
    with closing(sqlite3.connect(books)) as db, db:
        db.executemany(f"INSERT INTO accounts ({columns}) VALUES (?, ?, ?, ?, ?, ?)", rows)


def _one_call(calls: int) -> Figure:
    """The adapter's ``get`` beside the same request sent with ``requests`` and read as JSON."""
    with _panel(1) as (process, adapter):
        (account,) = adapter.list_accounts()
        bare = session()
        bare.headers["Authorization"] = f"Bearer {process.settings['token']}"
        url = f"{process.url}v1/accounts/{account.id}"
        ours, theirs = list[float](), list[float]()
        for number in range(calls + 20):
            began = time.perf_counter()
            adapter.get(account.ref)
            between = time.perf_counter()
            reply = bare.get(url, timeout=20)
            reply.json()
            ended = time.perf_counter()
            if reply.status_code != 200:
                raise RuntimeError(f"the panel answered {reply.status_code}")
            if number >= 20:  # connections and caches are warm
                ours.append(between - began)
                theirs.append(ended - between)
    value, against = percentile(ours, 0.5), percentile(theirs, 0.5)
    return Figure(
        name="adapter.call",
        value=round(1000 * value, 3),
        unit="ms, median",
        ratio=round(value / against, 3),
        against=f"the same request bare with requests: {1000 * against:.3f} ms",
        goal=f"ratio <= {GOAL_CALL}",
        met=value / against <= GOAL_CALL,
    )


def _long_list(accounts: int) -> Figure:
    """The most memory held while the list is read, beside a list a tenth as long."""
    peaks = [_peak(number) for number in (accounts // 10, accounts)]
    ratio = peaks[1] / peaks[0]
    return Figure(
        name="adapter.list.peak",
        value=round(peaks[1] / 1_000_000, 2),
        unit="MB",
        ratio=round(ratio, 3),
        against=f"a list of {accounts // 10} accounts, of {accounts} here, in pages of {_PAGE}: "
        f"{peaks[0] / 1_000_000:.2f} MB",
        goal=f"ratio <= {GOAL_LIST}",
        met=ratio <= GOAL_LIST,
    )


def _peak(accounts: int) -> int:
    with _panel(accounts) as (_, adapter):
        adapter.test_connection()
        tracemalloc.start()
        try:
            seen = sum(1 for _ in adapter.list_accounts())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    if seen != accounts:
        raise RuntimeError(f"{seen} of {accounts} accounts were listed")
    return peak


def _crowd(extends: int, latency: float, callers: int) -> Figure:
    """Extends side by side on a panel that takes its time for each request."""
    with _panel(extends, max_connections=callers) as (process, adapter):
        refs = [account.ref for account in adapter.list_accounts()]
        process.control.set_latency(latency)
        until = _START + timedelta(days=31)
        with ThreadPoolExecutor(callers) as pool:
            list(pool.map(adapter.get, refs[:callers]))  # connections are open
            began = time.perf_counter()
            results = list(pool.map(lambda ref: adapter.extend(ref, until), refs))
            took = time.perf_counter() - began
    wrong = [one for one in results if one.account is None or one.account.expires_at != until]
    if wrong:
        raise RuntimeError(f"{len(wrong)} of {extends} extends did not reach their date")
    ideal = extends * _CALLS_OF_AN_EXTEND * latency / callers
    return Figure(
        name="adapter.crowd",
        value=round(took, 2),
        unit="s",
        ratio=round(ideal / took, 3),
        against=f"ideal for {extends} extends of {_CALLS_OF_AN_EXTEND} calls of {1000 * latency:.0f} ms, "
        f"{callers} at once: {ideal:.2f} s",
        goal=f"ratio >= {GOAL_CROWD}",
        met=ideal / took >= GOAL_CROWD,
    )


if __name__ == "__main__":
    for figure in measure():
        print(figure)
