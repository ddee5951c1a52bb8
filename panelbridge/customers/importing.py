"""One line of a file becomes a customer, a change of one, or nothing: it was read before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from panelbridge.customers.events import EventKind, fact_of
from panelbridge.customers.exceptions import CustomerRefused
from panelbridge.customers.models import Customer, CustomerId, Origin, Profile
from panelbridge.customers.port import CustomerUnit
from panelbridge.customers.register import (
    Author,
    add_customer,
    check_editable,
    edit_customer,
    link_subscription,
    locked,
    tell,
)
from panelbridge.ledger import ResellerId
from panelbridge.subscriptions import InstallationId, Subscription


class Outcome(StrEnum):
    """What a line is, or was."""

    ADDED = "added"
    CHANGED = "changed"
    ALREADY = "already"  # this very line was read before, or says nothing new


@dataclass(frozen=True, kw_only=True)
class ImportedLine:
    """A line whose fields keep the rules."""

    number: int
    digest: str  # keyed, of all it says: equal for equal lines, and says nothing of the person
    client_id: int | None
    identity: Mapping[str, Any]
    personal: Mapping[str, str | None] = field(repr=False)
    subscription: Subscription | None
    expires_on: date | None  # from the books he comes from; noted in his timeline


@dataclass(frozen=True, kw_only=True)
class ImportScope:
    """For whom a file is read."""

    reseller_id: ResellerId
    installation_id: InstallationId | None


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What a line would do."""

    outcome: Outcome
    customer: Customer | None = None  # whom it is about, where he is known


def judge_line(unit: CustomerUnit, scope: ImportScope, line: ImportedLine) -> Judgement:
    """What the line would do now; changes nothing. Raises ``CustomerRefused``."""
    if unit.customers.imported(scope.reseller_id, line.digest):
        return Judgement(outcome=Outcome.ALREADY)
    known = _known(unit, scope, line)
    _check_subscription(unit, scope, line, known)
    if known is None:
        return Judgement(outcome=Outcome.ADDED)
    personal = _new_fields(unit, known, line)
    check_editable(known, personal)
    other = [name for name, value in line.identity.items() if getattr(known, name) != value]
    new_link = line.subscription is not None and line.subscription.id not in unit.customers.subscriptions(
        known.id
    )
    changes = bool(personal or other or new_link)
    return Judgement(outcome=Outcome.CHANGED if changes else Outcome.ALREADY, customer=known)


def import_line(unit: CustomerUnit, author: Author, scope: ImportScope, line: ImportedLine) -> Outcome:
    """Do what the line says, once. Raises ``CustomerRefused``, and then nothing was changed."""
    judged = judge_line(unit, scope, line)
    if judged.customer is None and judged.outcome is Outcome.ALREADY:
        return Outcome.ALREADY
    if judged.customer is None:
        person = _added(unit, author, scope, line)
    else:
        person = locked(unit, judged.customer.id)
        personal = _new_fields(unit, person, line)
        person, _ = edit_customer(unit, author, person, identity=line.identity, personal=personal)
    if line.subscription is not None:
        link_subscription(unit, author, person, line.subscription)
    unit.customers.note_import(scope.reseller_id, line.digest, person.id, author.at)
    if line.expires_on is not None:
        facts = {"expires_on": fact_of(line.expires_on)}
        tell(unit, author, person, EventKind.CUSTOMER_IMPORTED, after=facts)
    return judged.outcome


def _new_fields(unit: CustomerUnit, known: Customer, line: ImportedLine) -> dict[str, str | None]:
    profile = unit.customers.profile(known.id) or Profile()
    return {name: value for name, value in line.personal.items() if getattr(profile, name) != value}


def _added(unit: CustomerUnit, author: Author, scope: ImportScope, line: ImportedLine) -> Customer:
    wanted = Customer(
        id=CustomerId(0),
        reseller_id=scope.reseller_id,
        created_at=author.at,
        origin=Origin.IMPORT,
        installation_id=scope.installation_id,
        client_id=line.client_id,
        **line.identity,
    )
    return add_customer(unit, author, wanted, Profile(**line.personal))


def _known(unit: CustomerUnit, scope: ImportScope, line: ImportedLine) -> Customer | None:
    """By the shop's own number where the line has one, else by the e-mail address."""
    if line.client_id is not None:
        if scope.installation_id is None:
            raise CustomerRefused(
                "invalid_request",
                "a client id is a shop's",
                advice="Name the installation.",
                field="client_id",
            )
        return unit.customers.of_client(scope.installation_id, line.client_id)
    email = line.personal.get("email")
    found = unit.customers.of_email(scope.reseller_id, email) if email else ()
    if len(found) > 1:
        numbers = " and ".join(str(one.id) for one in found)
        raise CustomerRefused(
            "illegal_move",
            f"customers {numbers} have the same e-mail address",
            advice="Merge them first, if they are one person.",
            field="email",
        )
    return found[0] if found else None


def _check_subscription(
    unit: CustomerUnit, scope: ImportScope, line: ImportedLine, known: Customer | None
) -> None:
    if line.subscription is None:
        return
    owner = unit.customers.customer_of(line.subscription.id)
    if line.subscription.reseller_id != scope.reseller_id or owner not in (None, known and known.id):
        raise CustomerRefused(
            "illegal_move",
            f"subscription {line.subscription.id} is somebody else's",
            advice="Correct the line, or unlink the subscription first.",
            field="subscription",
        )
