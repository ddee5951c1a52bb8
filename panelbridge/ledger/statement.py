"""The statement: history as CSV a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from panelbridge.ledger.history import HistoryFilter, HistoryLine

COLUMNS = (
    "time",
    "transfer",
    "kind",
    "reseller",
    "subscription",
    "operation",
    "actor",
    "reason",
    "plan",
    "term",
    "price",
    "period_from",
    "period_to",
    "expiry_before",
    "expiry_after",
    "balance_before",
    "balance_after",
    "held_before",
    "held_after",
    "resolves",
    "corrects",
    "note",
)


def statement_lines(
    read: Callable[[HistoryFilter], Sequence[HistoryLine]],
    wanted: HistoryFilter,
    plan: Callable[[str | None], str | None] = lambda kept: kept,
) -> Iterator[str]:
    """CSV lines (ending in CR LF), read page by page. ``plan``: how people call a plan the books name."""
    yield _line(COLUMNS)
    while page := read(wanted):
        for entry in page:
            yield _line(_cells(entry, plan(entry.transfer.context.plan)))
        wanted = replace(wanted, after=page[-1].id)


def _cells(entry: HistoryLine, plan: str | None) -> tuple[str, ...]:
    transfer, context = entry.transfer, entry.transfer.context
    return (
        _instant(transfer.at),
        str(transfer.id),
        transfer.kind.value,
        str(entry.reseller),
        _number(context.subscription),
        _number(context.operation),
        _text(transfer.actor),
        _text(context.reason),
        _text(plan),
        _text(context.term),
        str(entry.price),
        _instant(context.period_from),
        _instant(context.period_to),
        _instant(context.expiry_before),
        _instant(context.expiry_after),
        str(entry.balance_before),
        str(entry.balance_after),
        str(entry.held_before),
        str(entry.held_after),
        _number(transfer.resolves),
        _number(transfer.corrects),
        _text(context.note),
    )


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _text(value: str | None) -> str:
    """Free text; a leading sign a spreadsheet would run as a formula is quoted."""
    value = value or ""
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _instant(value: datetime | None) -> str:
    return "" if value is None else value.isoformat()
