"""Heads of chains as ``serve`` logged them: what was kept elsewhere shows that an end was cut off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic_core import from_json

from panelbridge.ledger import ResellerId
from panelbridge.ledger.wallets import LoggedHead

EVENT = "chain head"


def read_heads(lines: Iterable[str]) -> Sequence[LoggedHead]:
    """Of the service's log, a JSON object a line; journald may put words before it. Others are not ours."""
    found = []
    for line in lines:
        start = line.find("{")
        if start < 0 or EVENT not in line:
            continue
        try:
            entry = from_json(line[start:])
        except ValueError:
            continue
        if not isinstance(entry, dict) or entry.get("event") != EVENT:
            continue
        reseller, sequence, tail = (entry.get(name) for name in ("reseller", "sequence", "tail"))
        if isinstance(reseller, int) and isinstance(sequence, int) and isinstance(tail, str):
            found.append(LoggedHead(reseller=ResellerId(reseller), sequence=sequence, tail=tail))
    return found
