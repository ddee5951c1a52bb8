"""Usage: what the installation's accounts use, for WHMCS's daily update and its metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from panelbridge.actions.caller import Caller
from panelbridge.contract.exceptions import PanelError
from panelbridge.contract.models import Usage
from panelbridge.lifecycle import SubscriptionState
from panelbridge.service.services import Services
from panelbridge.subscriptions import Installation, Panel, Subscription, SubscriptionId
from panelbridge.transport import deadline
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.params import ModuleRequest
from whmcs_module_shim.module_calls.registry import Kind, module_function
from whmcs_module_shim.module_calls.sold_panels import sold_panels

_PAGE = 500


@module_function("Usage", kind=Kind.READS, request=ModuleRequest)
def usage(services: Services, caller: Caller, request: ModuleRequest) -> ModuleAnswer:
    """What each account of this installation uses. A panel that cannot be read is named."""
    installation = caller.require_installation()
    rows: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    for panel in sold_panels(services, installation):
        if not services.panels.capabilities(panel.id).usage:
            continue
        try:
            with deadline(caller.budget):
                used = {one.id: one for one in services.panels.adapter(panel.id).usages()}
        except PanelError as error:
            kept = _kept(services, installation, panel)
            rows += kept
            if kept:
                continue
            failed.append({"panel": panel.code, "message": error.message, "advice": error.advice})
            continue
        for subscription in _subscriptions(services, installation, panel):
            ours = used.get(subscription.account_id) if subscription.account_id is not None else None
            rows += [] if ours is None else [_row(subscription, ours)]
    message = f"{len(rows)} accounts" + (f", {len(failed)} panels could not be read." if failed else ".")
    return ModuleAnswer(message=message, data={"usage": rows, "failed": failed})


def _kept(services: Services, installation: Installation, panel: Panel) -> list[dict[str, Any]]:
    """What the newest samples say, for a panel that has no list or is too long to read while WHMCS waits."""
    rows = []
    for subscription in _subscriptions(services, installation, panel):
        with services.units.read() as unit:
            newest = unit.usage.of(subscription.id, limit=1)
        if newest and subscription.account_id is not None:
            used = Usage(
                id=subscription.account_id,
                username=subscription.username or "",
                connections=newest[0].connections,
            )
            rows.append(_row(subscription, used))
    return rows


def _subscriptions(services: Services, installation: Installation, panel: Panel) -> Iterator[Subscription]:
    after: SubscriptionId | None = None
    while True:
        with services.units.read() as unit:
            page = unit.subscriptions.search(
                installation=installation.id, panel=panel.id, after=after, limit=_PAGE
            )
        yield from (one for one in page if one.state is not SubscriptionState.TERMINATED)
        if len(page) < _PAGE:
            return
        after = page[-1].id


def _row(subscription: Subscription, used: Usage) -> dict[str, Any]:
    return {
        "serviceid": subscription.service_id,
        "username": subscription.username,
        "disk_bytes": used.disk_bytes,
        "disk_limit_bytes": used.disk_limit_bytes,
        "traffic_bytes": used.traffic_bytes,
        "traffic_limit_bytes": used.traffic_limit_bytes,
        "connections": used.connections,
    }
