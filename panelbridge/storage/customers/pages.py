"""A page of customers: the ids are chosen first, from indexes, then their rows are read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Select, func, select

from panelbridge.customers import Customer, Filters, Found, Profile, Search
from panelbridge.customers.folding import fold
from panelbridge.storage.customers.finding import narrowed
from panelbridge.storage.customers.rows import customer_of, found_of, profile_of
from panelbridge.storage.customers.tables import customer_tags, customers, profiles, tags
from panelbridge.storage.subscriptions.tables import installations, subscriptions


def page_of(
    connection: Connection, filters: Filters, search: Search | None, *, after: int, limit: int
) -> Sequence[Found]:
    """Those above the number ``after``, by number, at most ``limit``."""
    chosen = select(customers.c.id).where(
        customers.c.id > after, customers.c.merged_into.is_(None), *_filtered(filters)
    )
    numbers = _numbers(connection, chosen, search, after=after, limit=limit)
    return _rows(connection, numbers)


def profiles_of(
    connection: Connection, filters: Filters, *, after: int, limit: int
) -> Sequence[tuple[Customer, Profile]]:
    """As ``page_of``, with whole profiles."""
    query = (
        select(customers, profiles)
        .join(profiles, profiles.c.customer_id == customers.c.id)
        .where(customers.c.id > after, customers.c.merged_into.is_(None), *_filtered(filters))
        .order_by(customers.c.id)
        .limit(limit)
    )
    return [(customer_of(row), profile_of(row)) for row in connection.execute(query)]


def _numbers(
    connection: Connection, chosen: Select[int], search: Search | None, *, after: int, limit: int
) -> Sequence[int]:
    if search is None:
        return list(connection.execute(chosen.order_by(customers.c.id).limit(limit)).scalars())
    by_text = narrowed(connection, chosen, search, after=after).limit(limit)
    found = set(connection.execute(by_text).scalars())
    if search.number is not None:
        numbered = customers.c.id.in_(_numbered(connection, search.number))
        found |= set(connection.execute(chosen.where(numbered)).scalars())
    return sorted(found)[:limit]


def _numbered(connection: Connection, number: int) -> list[int]:
    """By our own number, by a subscription's, or by a client id, each from its index."""
    sold = select(subscriptions.c.customer_id).where(
        subscriptions.c.id == number, subscriptions.c.customer_id.is_not(None)
    )
    shops = select(installations.c.id)
    client = select(customers.c.id).where(
        customers.c.installation_id.in_(shops), customers.c.client_id == number
    )
    return [number, *connection.execute(sold).scalars(), *connection.execute(client).scalars()]


def _rows(connection: Connection, numbers: Sequence[int]) -> Sequence[Found]:
    if not numbers:
        return []
    sold = select(func.count()).where(subscriptions.c.customer_id == customers.c.id).scalar_subquery()
    query = (
        select(
            customers,
            profiles.c.name,
            profiles.c.email,
            profiles.c.phone,
            profiles.c.company,
            sold.label("subscriptions"),
        )
        .outerjoin(profiles, profiles.c.customer_id == customers.c.id)
        .where(customers.c.id.in_(numbers))
        .order_by(customers.c.id)
    )
    return [found_of(row) for row in connection.execute(query)]


def _filtered(filters: Filters) -> list[ColumnElement[bool]]:
    exact = {
        customers.c.reseller_id: filters.reseller_id,
        customers.c.installation_id: filters.installation_id,
        customers.c.country: filters.country,
        customers.c.storefront: filters.storefront,
        customers.c.agent: filters.agent,
    }
    wanted = [column == value for column, value in exact.items() if value is not None]
    if filters.tag is not None:
        named = select(tags.c.id).where(tags.c.name_folded == fold(filters.tag))
        has = select(customer_tags.c.customer_id).where(customer_tags.c.tag_id.in_(named))
        wanted.append(customers.c.id.in_(has))
    if filters.registered_from is not None:
        wanted.append(customers.c.registered_at >= filters.registered_from)
    if filters.registered_before is not None:
        wanted.append(customers.c.registered_at < filters.registered_before)
    return wanted
