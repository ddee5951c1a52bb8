"""Payloads of the application API to records and back: pure, and strict about every field used."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from panelbridge.contract.exceptions import ContractBroken
from panelbridge.contract.models import AccountId, AccountState, CreateOrder, PanelAccount
from panelbridge.contract.secret import Secret
from panelbridge.contract.strict import Strict
from panelbridge_pterodactyl.settings import OTHER, FeatureLimits, Limits, ServerPackage

WireT = TypeVar("WireT", bound=BaseModel)
_WORD = re.compile(r" pb-[a-z0-9]+$")

INSTALLING, INSTALL_FAILED, SUSPENDED = "installing", "install_failed", "suspended"


class _User(Strict):
    id: int = Field(ge=1)
    external_id: str | None
    username: str = Field(min_length=1)
    email: str
    first_name: str
    last_name: str
    root_admin: bool


class _Limits(Strict):
    memory: int
    swap: int
    disk: int
    io: int
    cpu: int
    threads: str | None = None


class _FeatureLimits(Strict):
    databases: int | None
    allocations: int | None
    backups: int


class _Server(Strict):
    id: int = Field(ge=1)
    external_id: str | None
    status: str | None  # null = running normally
    user: int
    egg: int
    allocation: int
    limits: _Limits
    feature_limits: _FeatureLimits


class _Pagination(Strict):
    count: int = Field(ge=0)
    per_page: int = Field(ge=1)
    current_page: int
    total_pages: int = Field(ge=0)


class _Meta(Strict):
    pagination: _Pagination


class _Page(Strict):
    object: str = Field(pattern="^list$")
    data: list[Any]
    meta: _Meta


class _Resource(Strict):
    object: str
    attributes: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class User:
    """A customer's login at the panel."""

    id: int
    external_id: str | None
    username: str
    email: str
    first_name: str
    last_name: str
    root_admin: bool


@dataclass(frozen=True, kw_only=True)
class Server:
    """One server; ``build`` is what names its package."""

    id: int
    external_id: str | None
    status: str | None
    user: int
    allocation: int
    build: tuple[int, Limits | None, FeatureLimits | None]

    @property
    def suspended(self) -> bool:
        return self.status == SUSPENDED


@dataclass(frozen=True, kw_only=True)
class Page:
    """Rows of a list with their ids, which rise; ``pages`` is how many there are now."""

    rows: Sequence[tuple[int | None, Any]]  # no id: a row that cannot be read
    pages: int


def user_from(payload: Any) -> User:
    """Raises ``ContractBroken``."""
    return User(**_User.read(_attributes(payload, "user")).model_dump())


def server_from(payload: Any) -> Server:
    """Raises ``ContractBroken``."""
    wire = _Server.read(_attributes(payload, "server"))
    build = wire.egg, _known(Limits, wire.limits), _known(FeatureLimits, wire.feature_limits)
    return Server(
        id=wire.id,
        external_id=wire.external_id,
        status=wire.status,
        user=wire.user,
        allocation=wire.allocation,
        build=build,
    )


def _known(model: type[WireT], wire: BaseModel) -> WireT | None:
    """Limits as a package would write them; None for those that no package can have."""
    try:
        return model.model_validate(wire.model_dump())
    except ValidationError:
        return None


def page_from(payload: Any, number: int) -> Page:
    """Page ``number`` of a list. Raises ``ContractBroken``, also when it is not as long as it must be."""
    wire = _Page.read(payload)
    reported = wire.meta.pagination
    rows = [(reported_of(row, "id"), row) for row in wire.data]
    whole = reported.count == len(rows) and (number >= reported.total_pages or len(rows) == reported.per_page)
    if reported.current_page != number or not whole:
        raise ContractBroken("a page of the panel's list is not the one asked for, or not whole")
    if any(left >= right for left, right in pairwise(own for own, _ in rows if own is not None)):
        raise ContractBroken("the panel's list is not in the order of ids, so it cannot be read page by page")
    return Page(rows=rows, pages=reported.total_pages)


def reported_of(payload: Any, name: str) -> int | None:
    """The number of that name in a row; ``None`` where it says none. Nothing else of the row is read."""
    value = _written(payload, name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 1 else None


def name_of(payload: Any) -> str:
    """The login name in a user's row; empty where it says none."""
    value = _written(payload, "username")
    return value if isinstance(value, str) else ""


def _written(payload: Any, name: str) -> Any:
    attributes = payload.get("attributes") if isinstance(payload, dict) else None
    return attributes.get(name) if isinstance(attributes, dict) else None


def unreadable(payload: Any, username: str) -> PanelAccount:
    """A server that the panel lists and that, or whose user, cannot be read."""
    own = reported_of(payload, "id")
    return PanelAccount(
        id=AccountId("" if own is None else str(own)), username=username, state=AccountState.UNREADABLE
    )


def account_from(server: Server, user: User, packages: Mapping[str, ServerPackage]) -> PanelAccount:
    return PanelAccount(
        id=AccountId(str(server.id)),
        username=user.username,
        state=AccountState.SUSPENDED if server.suspended else AccountState.ACTIVE,
        package=package_of(server, packages),
        reference=server.external_id,
        customer=_customer_of(server, user),
    )


def _customer_of(server: Server, user: User) -> str | None:
    """The mark of a user who was made for all of a customer's servers, and not for this one alone."""
    return user.external_id if server.external_id not in (None, user.external_id) else None


def user_mark(order: CreateOrder, *, plus_address: bool) -> str:
    """What names the order's user: its customer, unless each account has a user of its own."""
    return order.reference if plus_address or order.customer is None else order.customer


def package_of(server: Server, packages: Mapping[str, ServerPackage]) -> str:
    return next((name for name, package in packages.items() if package.build == server.build), OTHER)


def email_of(order: CreateOrder, *, plus_address: bool) -> str:
    """The customer's address; with ``plus_address`` one that no other account of his has."""
    email = order.options["email"]
    if not plus_address:
        return email
    local, _, domain = email.rpartition("@")
    return f"{local}+{order.credentials.username}@{domain}"


def user_to(order: CreateOrder, mark: str, email: str) -> dict[str, Any]:
    """The body of a new user. Without the password the panel would mail him a link to set one."""
    name = order.credentials.username
    return {
        "external_id": mark,
        "username": name,
        "email": email,
        "first_name": name,
        "last_name": name,
        "password": order.credentials.password.get_secret_value(),
    }


def password_to(user: User, username: str, password: Secret, word: str) -> dict[str, Any]:
    """The body of a change: the panel wants every required field again.

    No answer shows a password, so ``word`` goes with it at the end of the last name, where it can be read
    back: when it arrived, the password of the same request did.
    """
    return {
        "external_id": user.external_id,
        "username": username,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": f"{_WORD.sub('', user.last_name)} pb-{word}",
        "password": password.get_secret_value(),
    }


def server_to(order: CreateOrder, package: ServerPackage, user: User) -> dict[str, Any]:
    """The body of a new server; the panel looks for a free place itself."""
    return {
        "external_id": order.reference,
        "name": order.credentials.username,
        "user": user.id,
        "egg": package.egg,
        "docker_image": package.docker_image,
        "startup": package.startup,
        "environment": package.environment,
        "limits": package.limits.model_dump(),
        "feature_limits": package.feature_limits.model_dump(),
        "deploy": {
            "locations": list(package.locations),
            "dedicated_ip": package.dedicated_ip,
            "port_range": list(package.port_range),
        },
        "start_on_completion": True,
    }


def build_to(server: Server, package: ServerPackage) -> dict[str, Any]:
    """The body of a change of limits: without ``feature_limits`` it is refused."""
    return {
        "allocation": server.allocation,
        "limits": package.limits.model_dump(),
        "feature_limits": package.feature_limits.model_dump(),
    }


def _attributes(payload: Any, kind: str) -> dict[str, Any]:
    resource = _Resource.read(payload)
    if resource.object != kind:
        raise ContractBroken(f"the panel answered with something else than a {kind}")
    return resource.attributes
