"""Installations: one billing system of a reseller each, bound to its shop."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from panelbridge.access import Scope
from panelbridge.actions.fields import Answer, Body, Code
from panelbridge.actions.problems import Problem
from panelbridge.http.auth.headers import canonical_url
from panelbridge.http.call import Call
from panelbridge.http.routes import Resource
from panelbridge.http.v1.paging import PageQuery, page
from panelbridge.http.v1.resellers import reseller_named
from panelbridge.subscriptions import Installation, InstallationId, Mode

resource = Resource(tag="installations")


class NewInstallation(Body):
    """An installation to be added; it is bound to the shop that uses it first."""

    reseller: Code
    code: Code
    mode: Mode = Field(strict=False, description="test reaches practice panels only")


class Rebinding(Body):
    """Where the shop is now. Both null: the next shop that calls is bound."""

    system_url: str | None = Field(default=None, max_length=500)
    module_id: str | None = Field(default=None, pattern="^[0-9a-f]{32}$")


class InstallationView(Answer):
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


class InstallationPage(Answer):
    """A page of installations."""

    items: tuple[InstallationView, ...]
    next: int | None


def installation_named(call: Call, code: str) -> Installation:
    """The installation ``code`` when the caller may see it. Raises ``not_found``."""
    own = call.caller.installation
    for item in call.unit.subscriptions.installations():
        if item.code == code and (own is None or own.id == item.id):
            return item
    raise Problem("not_found", f"There is no installation {code}.")


@resource.get("/v1/installations", answer=InstallationPage, query=PageQuery)
def list_installations(call: Call, query: PageQuery) -> InstallationPage:
    """List installations; an installation's key sees its own."""
    own = call.caller.installation
    seen = (item for item in call.unit.subscriptions.installations() if own is None or own.id == item.id)
    items, after = page(seen, query, lambda item: item.id)
    return InstallationPage(items=tuple(InstallationView.of(item) for item in items), next=after)


@resource.get("/v1/installations/<code>", answer=InstallationView)
def show_installation(call: Call, code: str) -> InstallationView:
    """Show one installation."""
    return InstallationView.of(installation_named(call, code))


@resource.write(
    "POST",
    "/v1/installations",
    scope=Scope.ADMIN,
    body=NewInstallation,
    answer=InstallationView,
    status=201,
    problems=(404,),
)
def add_installation(call: Call, body: NewInstallation) -> InstallationView:
    """Add an installation of a reseller."""
    store = call.unit.subscriptions
    if any(item.code == body.code for item in store.installations()):
        raise Problem("code_taken", f"There is an installation {body.code} already.", field="code")
    reseller = reseller_named(call, body.reseller)
    wanted = Installation(id=InstallationId(0), reseller_id=reseller.id, code=body.code, mode=body.mode)
    return InstallationView.of(store.add_installation(wanted))


@resource.write(
    "POST", "/v1/installations/<code>/rebind", scope=Scope.ADMIN, body=Rebinding, answer=InstallationView
)
def rebind_installation(call: Call, body: Rebinding, code: str) -> InstallationView:
    """Bind an installation to another shop; the one bound before can no longer change anything."""
    if (body.system_url is None) != (body.module_id is None):
        raise Problem("invalid_request", "Give system_url and module_id, or neither.", field="module_id")
    item = installation_named(call, code)
    call.unit.subscriptions.bind_installation(
        item.id,
        system_url=canonical_url(body.system_url) if body.system_url is not None else None,
        module_id=body.module_id,
        at=call.now,
    )
    call.after_commit(call.verifier.forget)
    return InstallationView.of(installation_named(call, code))
