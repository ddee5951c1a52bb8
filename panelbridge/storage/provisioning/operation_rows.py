"""An operation's row and its record."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    Row,
)

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Outcome, Term
from panelbridge.contract.secret import Secret
from panelbridge.ledger import Credits, ResellerId, TransferId
from panelbridge.provisioning.models import (
    Operation,
    OperationId,
    OperationState,
    Target,
)
from panelbridge.storage.vault.sealing import Vault
from panelbridge.subscriptions import InstallationId, PanelId, PlanId, SubscriptionId


class OperationRows:
    """From rows to records and back, their passwords sealed."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def record(self, row: Row[Any]) -> Operation:
        password: Secret | None = None
        if row.password is not None:
            password = self._vault.at_rest(row.password, table="operations", row=row.key, field="password")
        return Operation(
            id=OperationId(row.id),
            subscription_id=SubscriptionId(row.subscription_id),
            installation_id=InstallationId(row.installation_id),
            reseller_id=ResellerId(row.reseller_id),
            panel_id=PanelId(row.panel_id),
            service_id=row.service_id,
            generation=row.generation,
            verb=Verb(row.verb),
            state=OperationState(row.state),
            outcome=Outcome(row.outcome) if row.outcome else None,
            key=row.key,
            target=Target.model_validate(row.target),
            price=Credits(units=row.price),
            plan_id=PlanId(row.plan_id),
            plan_version=row.plan_version,
            term=Term.parse(row.term),
            hold=TransferId(row.hold) if row.hold is not None else None,
            username=row.username,
            password=password,
            actor=row.actor,
            attempts=row.attempts,
            failures=row.failures,
            failing_since=row.failing_since,
            admitted_at=row.admitted_at,
            due_at=row.due_at,
            due_set_at=row.due_set_at,
            settled_at=row.settled_at,
            code=row.code,
            message=row.message,
            advice=row.advice,
            field=row.field,
            before=row.before,
            after=row.after,
            reported_pending=row.reported_pending,
            acknowledged=row.acknowledged,
        )

    def values(self, operation: Operation) -> dict[str, Any]:
        values = {name: value(operation) for name, value in COLUMNS.items()}
        return values | {"password": self.sealed(operation)}

    def sealed(self, operation: Operation) -> str | None:
        if operation.password is None:
            return None
        return self._vault.keep(operation.password, table="operations", row=operation.key, field="password")


# Column -> its value; the password is sealed.
COLUMNS: dict[str, Callable[[Operation], Any]] = {
    "subscription_id": attrgetter("subscription_id"),
    "installation_id": attrgetter("installation_id"),
    "reseller_id": attrgetter("reseller_id"),
    "panel_id": attrgetter("panel_id"),
    "service_id": attrgetter("service_id"),
    "generation": attrgetter("generation"),
    "verb": attrgetter("verb.value"),
    "state": attrgetter("state.value"),
    "outcome": lambda operation: operation.outcome.value if operation.outcome else None,
    "key": attrgetter("key"),
    "target": lambda operation: operation.target.model_dump(mode="json", exclude_defaults=True),
    "price": attrgetter("price.units"),
    "plan_id": attrgetter("plan_id"),
    "plan_version": attrgetter("plan_version"),
    "term": lambda operation: str(operation.term),
    "hold": attrgetter("hold"),
    "username": attrgetter("username"),
    "password": attrgetter("password"),
    "actor": attrgetter("actor"),
    "attempts": attrgetter("attempts"),
    "failures": attrgetter("failures"),
    "failing_since": attrgetter("failing_since"),
    "admitted_at": attrgetter("admitted_at"),
    "due_at": attrgetter("due_at"),
    "due_set_at": attrgetter("due_set_at"),
    "settled_at": attrgetter("settled_at"),
    "code": attrgetter("code"),
    "message": attrgetter("message"),
    "advice": attrgetter("advice"),
    "field": attrgetter("field"),
    "before": attrgetter("before"),
    "after": attrgetter("after"),
    "reported_pending": attrgetter("reported_pending"),
    "acknowledged": attrgetter("acknowledged"),
}
