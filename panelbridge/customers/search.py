"""What somebody typed into a search, as what is looked for. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from panelbridge.customers.folding import fold, phones_meant

INDEXED = 3  # letters; shorter parts are in no index of trigrams
_MAC = re.compile(r"[0-9a-f]{2}([:-]?[0-9a-f]{2}){1,5}")
_ID_DIGITS = 18  # at most; both databases have 64 bits for an id


@dataclass(frozen=True, kw_only=True)
class Search:
    """Customers match when they have all parts of one of the alternatives, or the number as an id."""

    alternatives: tuple[tuple[str, ...], ...]  # folded parts of texts
    number: int | None = None  # client id, subscription id or our own

    @property
    def prefix(self) -> str | None:
        """Where every part is too short for the index: what a name or an address must begin with."""
        parts = self.alternatives[0]
        return " ".join(parts) if all(len(part) < INDEXED for part in parts) else None


def search_for(text: str) -> Search | None:
    """``None`` when nothing was typed."""
    folded = fold(text)
    if not folded:
        return None
    alternatives: list[tuple[str, ...]] = [(phone,) for phone in phones_meant(text)]
    if not alternatives:
        alternatives = [tuple(folded.split(" "))]
    if _MAC.fullmatch(folded):  # however a device's address was written
        alternatives.append((re.sub("[:-]", "", folded),))
    is_id = folded.isascii() and folded.isdecimal() and len(folded) <= _ID_DIGITS
    indexed = [one for one in alternatives if any(len(part) >= INDEXED for part in one)]
    return Search(
        alternatives=tuple(dict.fromkeys(indexed or alternatives[:1])), number=int(folded) if is_id else None
    )
