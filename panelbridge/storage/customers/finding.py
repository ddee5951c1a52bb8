"""How customers are found by a part of a text: an index of trigrams, spelled for each database.

The database keeps the index itself (triggers of migration ``customers``), so that nothing that changes or
erases a profile can forget it, and an erased one leaves the index with the text under which it went in.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, column, func, literal, or_, select, table, text

from panelbridge.customers.search import INDEXED, Search
from panelbridge.storage.customers.tables import profiles

_FIND = table("customer_find", column("rowid"), column("customer_find"))
_AFTER_ALL = "\U0010ffff"  # above every text with the same beginning


def matching(connection: Connection, search: Search) -> ColumnElement[bool]:
    """True for the rows of ``customer_profiles`` that have what is looked for."""
    if search.prefix is not None:
        return or_(
            *(_begins(name, search.prefix) for name in (profiles.c.name_folded, profiles.c.email_folded))
        )
    if connection.dialect.name == "sqlite":
        return _in_fts5(search.alternatives)
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


def _in_fts5(alternatives: Sequence[Sequence[str]]) -> ColumnElement[bool]:
    ways = []
    for parts in alternatives:
        indexed = [part for part in parts if len(part) >= INDEXED]
        phrase = " AND ".join('"' + part.replace('"', '""') + '"' for part in indexed)
        found = select(_FIND.c.rowid).where(_FIND.c.customer_find.op("MATCH")(phrase))
        # Shorter parts are in no trigram: they are looked for in the rows that have the longer ones.
        short = (_has_part(part) for part in parts if len(part) < INDEXED)
        ways.append(and_(profiles.c.customer_id.in_(found), *short))
    return or_(*ways)


def _has_part(part: str) -> ColumnElement[bool]:
    whole = profiles.c.find_text + literal("\n") + func.coalesce(profiles.c.logins, "")
    return func.instr(whole, part) > 0
