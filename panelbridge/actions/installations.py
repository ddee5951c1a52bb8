"""Installations: one billing system of a reseller each, bound to its shop."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from panelbridge.actions.context import Context
from panelbridge.actions.fields import Body, Code, View
from panelbridge.actions.paging import PageQuery, cut, only
from panelbridge.actions.problems import Problem
from panelbridge.actions.resellers import reseller_named
from panelbridge.actions.system_url import canonical_url
from panelbridge.subscriptions import Installation, InstallationId, Mode


class NewInstallation(Body):
    """An installation to be added; it is bound to the shop that uses it first."""

    reseller: Code
    code: Code
    mode: Mode = Field(strict=False, description="test reaches practice panels only")


class Rebinding(Body):
    """Where the shop is now. Both null: the next shop that calls is bound."""

    system_url: str | None = Field(default=None, max_length=500)
    module_id: str | None = Field(default=None, pattern="^[0-9a-f]{32}$")


class InstallationView(View):
    """An installation. ``system_url`` null: not used yet."""

    id: int
    code: str
    reseller_id: int
    mode: Mode
    system_url: str | None
    module_id: str | None
    bound_at: datetime | None

    @classmethod
    def of(cls, item: Installation) -> Self:
        """What is shown of ``item``."""
        return cls(
            id=item.id,
            code=item.code,
            reseller_id=item.reseller_id,
            mode=item.mode,
            system_url=item.system_url,
            module_id=item.module_id,
            bound_at=item.bound_at,
        )


class InstallationPage(View):
    """A page of installations."""

    items: tuple[InstallationView, ...]
    next: int | None


def installation_named(context: Context, code: str) -> Installation:
    """The installation ``code`` when the caller may see it. Raises ``not_found``."""
    own, found = context.caller.installation, context.unit.installations.named(code)
    if found is None or (own is not None and own.id != found.id):
        raise Problem("not_found", f"There is no installation {code}.")
    return found


def list_installations(context: Context, query: PageQuery) -> InstallationPage:
    """List installations; an installation's key sees its own."""
    own = context.caller.installation
    store = context.unit.installations
    found = (
        store.page(query.after, query.limit + 1) if own is None else only(store.installation(own.id), query)
    )
    items, after = cut(found, query, lambda item: item.id)
    return InstallationPage(items=tuple(InstallationView.of(item) for item in items), next=after)


def show_installation(context: Context, code: str) -> InstallationView:
    """Show one installation."""
    return InstallationView.of(installation_named(context, code))


def add_installation(context: Context, body: NewInstallation) -> InstallationView:
    """Add an installation of a reseller."""
    store = context.unit.installations
    if store.named(body.code) is not None:
        raise Problem("code_taken", f"There is an installation {body.code} already.", field="code")
    reseller = reseller_named(context, body.reseller)
    wanted = Installation(id=InstallationId(0), reseller_id=reseller.id, code=body.code, mode=body.mode)
    return InstallationView.of(store.add(wanted))


def rebind_installation(context: Context, body: Rebinding, code: str) -> InstallationView:
    """Bind an installation to another shop; the one bound before can no longer change anything."""
    if (body.system_url is None) != (body.module_id is None):
        raise Problem("invalid_request", "Give system_url and module_id, or neither.", field="module_id")
    item = installation_named(context, code)
    context.unit.installations.bind(
        item.id,
        system_url=canonical_url(body.system_url) if body.system_url is not None else None,
        module_id=body.module_id,
        at=context.now,
    )
    context.after_commit(context.forget_keys)
    return InstallationView.of(installation_named(context, code))
