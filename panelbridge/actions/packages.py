"""Packages: what a panel can sell, asked of the panel now."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from panelbridge.actions.context import Context
from panelbridge.actions.fields import Line, Query, View
from panelbridge.actions.paging import Limit
from panelbridge.actions.panels import panel_to_ask
from panelbridge.actions.problems import Problem
from panelbridge.contract.models import Package


class PackageQuery(Query):
    """Which page: packages have text ids, so the cursor is a text."""

    after: Line | None = None
    limit: Limit = 100


class PackageView(View):
    """A package of the panel."""

    id: str
    name: str
    term: str | None
    connections: int | None
    price: str | None
    trial: bool
    devices: tuple[str, ...]
    unreadable: bool = Field(description="its row at the panel holds what cannot be read: not for sale")

    @classmethod
    def of(cls, package: Package) -> Self:
        """What is shown of ``package``."""
        return cls(
            id=package.id,
            name=package.name,
            term=str(package.term) if package.term is not None else None,
            connections=package.connections,
            price=str(package.price) if package.price is not None else None,
            trial=package.trial,
            devices=tuple(sorted(package.devices)),
            unreadable=package.unreadable,
        )


class PackagePage(View):
    """A page of packages, in the panel's order."""

    items: tuple[PackageView, ...]
    next: str | None


def list_packages(context: Context, query: PackageQuery, code: str) -> PackagePage:
    """List the packages of a panel; asks the panel, and answers all pages or an error."""
    listed = list(context.services.panels.adapter(panel_to_ask(context, code).id).list_packages())
    found = [package for package in listed if package.id]
    nameless = [package for package in listed if not package.id]  # no cursor can stand on one of them
    start = 0
    if query.after is not None:
        ids = [package.id for package in found]
        if query.after not in ids:
            raise Problem("invalid_request", "after: the panel has no such package any more.", field="after")
        start = ids.index(query.after) + 1
    items = found[start : start + query.limit]
    more = start + query.limit < len(found)
    items += [] if more else nameless
    return PackagePage(
        items=tuple(PackageView.of(package) for package in items), next=items[-1].id if more else None
    )
