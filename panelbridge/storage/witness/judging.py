"""Whether database and witness fit together. Only a database behind its witness stops writes, and a witness
that the database knows of and that cannot be read; a database ahead is normal, it was written first.
"""

from __future__ import annotations

from collections.abc import Iterator

from panelbridge.storage.witness.reading import Past
from panelbridge.storage.witness.record import Place, Record, Seen


def judge(
    *, known: bool, record: Record | None, seen: Seen, place: Place, past: Past
) -> tuple[str, str] | None:
    """Why writes must stop, as code and sentence; ``None`` when all is well.

    ``known``: the database knows of a witness. ``seen`` is how far the database is; it must be read *after*
    ``record``, or a bridge that works meanwhile makes the witness look ahead.
    """
    if record is None:
        if not known:
            return None
        return "witness_gone", "the database knows of a witness, and no witness can be read here"
    said = f"(seen {record.at} on {record.host}, boot {record.boot[:8]})"
    lost = next(losses(record.seen, seen, past), None)
    if lost is not None:
        return "behind", f"the database is behind its witness: {lost} {said}"
    if place != record.place:
        return "copied", f"moved: confirm; folder or database are not those the witness knows {said}"
    return None


def losses(witnessed: Seen, seen: Seen, past: Past) -> Iterator[str]:
    """Everything that the witness saw and these books do not have."""
    if seen.sequence < witnessed.sequence:
        yield f"{witnessed.sequence} calls were made, the journal knows of {seen.sequence}"
    elif past.recent_at(witnessed.sequence) < witnessed.recent:
        yield f"of the last calls up to number {witnessed.sequence}, not all are in the journal"
    if seen.operation < witnessed.operation:
        yield f"operation {witnessed.operation} was placed, the last one here is {seen.operation}"
    for wallet, head in witnessed.heads.items():
        if head.sequence and past.link_at(wallet, head.sequence) != head.link:
            yield f"link {head.sequence} of wallet {wallet}'s chain is another one or gone"
