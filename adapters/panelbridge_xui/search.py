"""Finding a line without its id, and proving that there is none, on a panel that cannot be asked.

On XC_VM 2025-07 a reseller's lists are empty although lines exist, ``get_line`` works by id only, and there
is no look-up by name. The ways are tried from the surest to the weakest; only some prove absence.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

from panelbridge.contract.exceptions import ContractBroken, OutcomeUnknown
from panelbridge_xui.client import XuiClient
from panelbridge_xui.errors import UnreadableRow
from panelbridge_xui.kinds import Key, Kind, same_mac
from panelbridge_xui.rows import LineRow, ShortLineRow

_PAGE = 1000  # the panel caps a page there
_MOST_PAGES = 1000
_MOST_OWN = 1000


class SeenIds:
    """Line ids this process has met: where a lost create is searched from. Safe between threads."""

    def __init__(self, probe_from: int | None) -> None:
        self._lock = threading.Lock()
        self._highest = probe_from
        self._floors: dict[str, int | None] = {}
        self._own: set[int] = set()

    @property
    def highest(self) -> int | None:
        with self._lock:
            return self._highest

    def note(self, line_id: int) -> None:
        """A line of this id exists or existed."""
        with self._lock:
            self._highest = max(self._highest or 0, line_id)

    def own(self, line_id: int) -> None:
        """Our key has just read this line."""
        self.note(line_id)
        with self._lock:
            if len(self._own) < _MOST_OWN:
                self._own.add(line_id)

    def gone(self, line_id: int) -> None:
        """Our key cannot read this line any more."""
        with self._lock:
            self._own.discard(line_id)

    def owned(self) -> frozenset[int]:
        """Lines our key has read and not missed since: what a list that claims to be complete must hold."""
        with self._lock:
            return frozenset(self._own)

    def sending(self, username: str) -> bool:
        """A create of this name is about to be sent: the ids above today's highest are where it will lie.

        True when this process has sent it before and its line is not known yet.
        """
        with self._lock:
            before = username in self._floors
            self._floors.setdefault(username, self._highest)
            return before

    def settled(self, username: str) -> None:
        """The line of this name is known; its floor is not needed any more."""
        with self._lock:
            self._floors.pop(username, None)

    def candidates(self, username: str, limit: int) -> Iterator[int]:
        """Ids to ask for, at most ``limit``: upwards from the floor of this name's first send. Unknown
        (another process sent it): half upwards from the highest id seen, half downwards, nearest first.
        """
        with self._lock:
            floor, highest = self._floors.get(username), self._highest
        if floor is not None:
            yield from range(floor + 1, floor + 1 + limit)
        elif highest is not None:
            up = limit - limit // 2
            yield from range(highest + 1, highest + 1 + up)
            yield from range(highest, max(0, highest - limit // 2), -1)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is looked for: any one of these names it. The panel's search also matches parts."""

    username: str | None = None
    reference: str | None = None
    mac: str | None = None

    @property
    def texts(self) -> list[str]:
        """What to type into the panel's search."""
        return [text for text in (self.username, self.reference, self.mac) if text]

    def fits(self, line: LineRow) -> bool:
        named = self.username is not None and line.username == self.username
        noted = self.reference is not None and line.reseller_notes == self.reference
        boxed = self.mac is not None and line.device is not None and same_mac(line.device.mac, self.mac)
        return named or noted or boxed

    def may_be(self, row: ShortLineRow) -> bool:
        """Whether an account of which only the list's row can be read might be it."""
        return (
            (self.username is not None and row.username in (None, self.username))
            or (self.reference is not None and row.reseller_notes in (None, self.reference))
            or (self.mac is not None and (row.mac is None or same_mac(row.mac, self.mac)))
        )


def short_rows(
    client: XuiClient, search: str | None = None, kind: Kind = Kind.LINE
) -> tuple[ShortLineRow, ...]:
    """Every row of a list, paged to the end. Raises ``ContractBroken`` when the pages do not add up.

    Each page begins with the last row of the one before: an account deleted meanwhile would shift the pages
    and hide another one.
    """
    rows: dict[int | tuple[int], ShortLineRow] = {}  # by id; by its place where that is unreadable
    start, last, matching = 0, None, None
    for _ in range(_MOST_PAGES):
        page = client.rows(kind, start=start, limit=_PAGE, search=search)
        if matching is None:
            matching = page.filtered
        if page.filtered != matching or (last is not None and page.rows[:1] != (last,)):
            raise OutcomeUnknown("the panel's list changed while it was read")
        for at, row in enumerate(page.rows, start):
            rows[(at,) if row.id is None else row.id] = row
        if matching is None or len(rows) >= matching or len(page.rows) <= 1:
            break
        last = page.rows[-1]
        start += len(page.rows) - 1
    if len(rows) != (matching or 0):
        raise ContractBroken("the panel's list does not hold as many rows as it says")
    return tuple(rows.values())


def by_text(client: XuiClient, text: str, wanted: Wanted, kind: Kind = Kind.LINE) -> LineRow | None:
    """The account a list search for ``text`` leads to; it matches parts too, so each is read and compared.

    Raises ``UnreadableRow`` when none fits and one that cannot be read might.
    """
    unreadable = None
    for row in short_rows(client, text, kind):
        try:
            line = read_listed(client, kind, row)
        except UnreadableRow as error:
            unreadable = error if wanted.may_be(row) else unreadable
            continue
        if line is not None and wanted.fits(line):
            return line
    if unreadable is not None:
        raise unreadable
    return None


def read_listed(client: XuiClient, kind: Kind, row: ShortLineRow) -> LineRow | None:
    """The account of a list's row; ``None`` when it was deleted meanwhile. Raises ``UnreadableRow``."""
    if row.id is None:
        raise UnreadableRow("a row of the panel's list has no readable id", field="id")
    return client.get(Key(kind, row.id))


def by_probe(client: XuiClient, seen: SeenIds, username: str, limit: int) -> LineRow | None:
    """The line of this name among the ids around the highest seen. Finding none proves nothing."""
    for line_id in seen.candidates(username, limit):
        try:
            line = client.get(Key(Kind.LINE, line_id))
        except UnreadableRow:
            line = None
        if line is not None:
            if line.username == username:
                return line
            seen.note(line_id)
    return None
