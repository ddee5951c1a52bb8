"""The store of plans and their versions on SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from panelbridge.contract.models import Term
from panelbridge.ledger import Credits, ResellerId
from panelbridge.storage.engine.locks import Locks
from panelbridge.storage.engine.prepared import Prepared, StoreMemory
from panelbridge.storage.subscriptions.rows import new_id
from panelbridge.storage.subscriptions.tables import panels, plan_versions, plans
from panelbridge.subscriptions import PanelId, Plan, PlanId, PlanTerm

_PLAN_AT = Prepared(
    select(plan_versions, plans.c.reseller_id, plans.c.code, plans.c.id)
    .join(plans, plans.c.id == plan_versions.c.plan_id)
    .where(plan_versions.c.plan_id == bindparam("wanted"), plan_versions.c.version == bindparam("at")),
    typed=True,
)
_PLAN_NOW = select(plan_versions, plans.c.reseller_id, plans.c.code, plans.c.id).join(
    plans, (plans.c.id == plan_versions.c.plan_id) & (plans.c.version == plan_versions.c.version)
)
_PLAN_LATEST = Prepared(_PLAN_NOW.where(plans.c.id == bindparam("wanted")), typed=True)
_PLAN_NAMED = Prepared(
    _PLAN_NOW.where(plans.c.reseller_id == bindparam("reseller"), plans.c.code == bindparam("named")),
    typed=True,
)
_CODES = Prepared(
    select(
        select(plans.c.code).where(plans.c.id == bindparam("plan")).scalar_subquery(),
        select(panels.c.code).where(panels.c.id == bindparam("panel")).scalar_subquery(),
    )
)


class SqlPlanStore:
    """Implements ``panelbridge.subscriptions.PlanStore`` inside an open transaction."""

    def __init__(
        self, connection: Connection, memory: StoreMemory | None = None, locks: Locks | None = None
    ) -> None:
        self._connection = connection
        self._locks = locks or Locks(connection)
        self._memory = memory or StoreMemory()
        self._plans: dict[tuple[PlanId, int], Plan] = {}  # a version never changes

    def plan(self, plan: PlanId, version: int | None = None) -> Plan | None:
        if version is None:
            return self._known(_PLAN_LATEST, wanted=plan)
        return self._plans.get((plan, version)) or self._known(_PLAN_AT, wanted=plan, at=version)

    def named(self, reseller: ResellerId, code: str) -> Plan | None:
        return self._known(_PLAN_NAMED, reseller=reseller, named=code)

    def lock_named(self, reseller: ResellerId, code: str) -> Plan | None:
        self._locks.take("plan", reseller, code)
        return self.named(reseller, code)

    def all(self, reseller: ResellerId | None = None) -> Sequence[Plan]:
        query = _PLAN_NOW.order_by(plans.c.code)
        if reseller is not None:
            query = query.where(plans.c.reseller_id == reseller)
        return [_plan(row) for row in self._connection.execute(query)]

    def page(self, after: int, limit: int, reseller: ResellerId | None = None) -> Sequence[Plan]:
        query = _PLAN_NOW.where(plans.c.id > after).order_by(plans.c.id).limit(limit)
        if reseller is not None:
            query = query.where(plans.c.reseller_id == reseller)
        return [_plan(row) for row in self._connection.execute(query)]

    def save(self, plan: Plan) -> Plan:
        known = self.lock_named(plan.reseller_id, plan.code)
        version = known.version + 1 if known else 1
        if known is None:
            owner = {"reseller_id": plan.reseller_id, "code": plan.code, "version": 1}
            plan_id = PlanId(new_id(self._connection, plans, owner))
        else:
            plan_id = known.id
            self._connection.execute(update(plans).where(plans.c.id == plan_id).values(version=version))
        saved = replace(plan, id=plan_id, version=version)
        self._connection.execute(insert(plan_versions).values(**_plan_values(saved)))
        return saved

    def codes(self, plan: PlanId, panel: PanelId) -> tuple[str | None, str | None]:
        known = self._memory.codes.get((plan, panel))
        if known is None:
            known = _CODES.run(self._connection, {"plan": plan, "panel": panel}).first()
            if None not in known:
                self._memory.codes[plan, panel] = known
        return known

    def _known(self, query: Prepared, **values: Any) -> Plan | None:
        found: Plan | None = query.run(self._connection, values).known(self._memory.plans, _plan)
        if found is not None:
            self._plans[found.id, found.version] = found
        return found


def _plan_values(plan: Plan) -> dict[str, Any]:
    return {
        "plan_id": plan.id,
        "version": plan.version,
        "title": plan.title,
        "panel_id": plan.panel_id,
        "terms": [
            {
                "term": str(offer.term),
                "package": offer.package,
                "price": offer.price.units,
                "extra_connection": offer.extra_connection.units
                if offer.extra_connection is not None
                else None,
            }
            for offer in plan.terms
        ],
        "connections": plan.connections,
        "options": dict(plan.options),
        "queue_without_credit": plan.queue_without_credit,
        "allow_purchase": plan.allow_purchase,
        "allow_restart": plan.allow_restart,
        "grace_hours": plan.grace_hours,
        "active": plan.active,
    }


def _plan(row: Row[Any]) -> Plan:
    offers = tuple(
        PlanTerm(
            term=Term.parse(item["term"]),
            package=item["package"],
            price=Credits(units=item["price"]),
            extra_connection=Credits(units=extra)
            if (extra := item["extra_connection"]) is not None
            else None,
        )
        for item in row.terms
    )
    return Plan(
        id=PlanId(row.id),
        reseller_id=ResellerId(row.reseller_id),
        code=row.code,
        version=row.version,
        title=row.title,
        panel_id=PanelId(row.panel_id),
        terms=offers,
        connections=row.connections,
        options=row.options,
        queue_without_credit=row.queue_without_credit,
        allow_purchase=row.allow_purchase,
        allow_restart=row.allow_restart,
        grace_hours=row.grace_hours,
        active=row.active,
    )
