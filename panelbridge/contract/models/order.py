"""What the verbs are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from panelbridge.contract.models.account import Credentials
from panelbridge.contract.models.term import Term


@dataclass(frozen=True, kw_only=True)
class CreateOrder:
    """The account that shall exist."""

    credentials: Credentials  # chosen and journaled by us before the first call
    package: str  # the panel's package id
    until: datetime  # UTC expiry; on add-only panels the package decides and the answer is compared
    reference: str  # bridge : subscription : generation
    connections: int | None = None  # None = what the package says
    mac: str | None = None  # a device instead of a line, where capabilities allow
    options: Mapping[str, str] = field(default_factory=dict)  # backend-specific, named in its README
    key: str | None = None  # the journal's, the same in every repeat: for panels that know such keys
    customer: str | None = None  # bridge : customer : shop : his id there, the same in each of his orders


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """A call that only adds: which package buys which length, and the expiry it is built on.

    The adapter reads the account right before it buys and raises ``Conflict`` with outcome refused when the
    expiry is not ``before`` any more: the fence's first half, at the last possible moment.
    """

    package: str  # the panel's id of it
    term: Term  # the length it buys
    before: datetime | None  # UTC expiry read by the fence; None = never expires
    allow_restart: bool = False  # an incompatible package restarts the term; only with the plan's leave
    key: str | None = None  # the journal's, the same in every repeat: for panels that know such keys


@dataclass(frozen=True, kw_only=True)
class PackageChange:
    """The package and options an account shall have."""

    package: str  # the panel's id of it
    connections: int | None = None  # simultaneous; None = what the package says
    options: Mapping[str, str] = field(default_factory=dict)  # backend-specific, named in its README
    purchase: Purchase | None = None  # set when capabilities say change_package is a PURCHASE
