"""How customers are found by a part of a text: an index of trigrams, spelled for each database.

The database keeps the index itself (triggers of migration ``customers``), so that nothing that changes or
erases a profile can forget it, and an erased one leaves the index with the text under which it went in.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Select, and_, column, func, literal, or_, table, text

from panelbridge.customers.search import INDEXED, Search
from panelbridge.storage.customers.tables import customers, profiles

_FIND = table("customer_find", column("rowid"), column("customer_find"))
_AFTER_ALL = "\U0010ffff"  # above every text with the same beginning


def narrowed(connection: Connection, chosen: Select[int], search: Search, *, after: int) -> Select[int]:
    """Those of the ``chosen`` above the number ``after`` that have what is looked for, by number."""
    if connection.dialect.name == "sqlite" and search.prefix is None:
        return _in_fts5(chosen, search.alternatives, after)
    with_text = chosen.join(profiles, profiles.c.customer_id == customers.c.id)
    return with_text.where(_has(search)).order_by(customers.c.id)


def _has(search: Search) -> ColumnElement[bool]:
    if search.prefix is not None:
        columns = (profiles.c.name_folded, profiles.c.email_folded)
        return or_(*(_begins(name, search.prefix) for name in columns))
    return or_(*(and_(*(_contains(part) for part in parts)) for parts in search.alternatives))


def forget_deleted(connection: Connection) -> None:
    """What was deleted from the index is gone from its pages too, not only marked.

    PostgreSQL drops dead entries of its index with those of the table, at its next VACUUM.
    """
    if connection.dialect.name == "sqlite":
        connection.execute(text("INSERT INTO customer_find (customer_find) VALUES ('optimize')"))


def _begins(name: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    return and_(name >= prefix, name < prefix + _AFTER_ALL)


def _contains(part: str) -> ColumnElement[bool]:
    return or_(
        profiles.c.find_text.contains(part, autoescape=True),
        profiles.c.logins.contains(part, autoescape=True),
    )


def _in_fts5(chosen: Select[int], alternatives: Sequence[Sequence[str]], after: int) -> Select[int]:
    """In the index's own order, which is by number: a page of a common word ends after so many."""
    ways = (" AND ".join(_phrase(part) for part in parts if len(part) >= INDEXED) for parts in alternatives)
    found = chosen.join(_FIND, _FIND.c.rowid == customers.c.id).where(
        _FIND.c.customer_find.op("MATCH")(" OR ".join(f"({way})" for way in ways)), _FIND.c.rowid > after
    )
    # Shorter parts are in no trigram: they are looked for in the rows that have the longer ones. Only words
    # have them, and then there is no other alternative.
    short = [part for parts in alternatives for part in parts if len(part) < INDEXED]
    if short:
        found = found.join(profiles, profiles.c.customer_id == customers.c.id)
        found = found.where(*(_has_part(part) for part in short))
    return found.order_by(_FIND.c.rowid)


def _phrase(part: str) -> str:
    return '"' + part.replace('"', '""') + '"'


def _has_part(part: str) -> ColumnElement[bool]:
    whole = profiles.c.find_text + literal("\n") + func.coalesce(profiles.c.logins, "")
    return func.instr(whole, part) > 0
