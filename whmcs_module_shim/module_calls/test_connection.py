"""TestConnection: every thing that would fail later, said now, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from panelbridge.access import Scope
from panelbridge.actions.caller import Caller
from panelbridge.actions.fields import Bool
from panelbridge.contract.exceptions import PanelError
from panelbridge.contract.models import Connection
from panelbridge.service.services import Services
from panelbridge.subscriptions import Mode, Panel
from panelbridge.transport import deadline
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.params import ModuleRequest
from whmcs_module_shim.module_calls.product_checks import Check, ProductPart, check, product_checks
from whmcs_module_shim.module_calls.registry import Kind, module_function
from whmcs_module_shim.module_calls.shop_settings import ShopSettings, faults

MAX_SKEW = 60.0  # seconds
_PANEL_SECONDS = 6.0
_NEEDED = (Scope.READ, Scope.PROVISION)


class TestConnectionRequest(ModuleRequest):
    __test__ = False  # not a test case, whatever its name says

    hooks_detected: Bool = True
    settings: ShopSettings = Field(default_factory=ShopSettings)
    products: Annotated[list[ProductPart], Field(max_length=500, default_factory=list)]


@module_function("TestConnection", kind=Kind.READS, request=TestConnectionRequest)
def test_connection(services: Services, caller: Caller, request: TestConnectionRequest) -> ModuleAnswer:
    """Checks of key, mode, scopes, clock, hooks, plans, panels and permissions."""
    checks = [
        *_key_checks(caller),
        _clock_check(services, caller),
        _hooks_check(request),
        *_settings_checks(request),
        *product_checks(services, caller, request.products),
        *_panel_checks(services, caller),
        _credit_check(services, caller),
    ]
    failed = [str(item["name"]) for item in checks if not item["ok"]]
    message = "Everything works." if not failed else f"{len(failed)} checks failed: {', '.join(failed)}."
    return ModuleAnswer(message=message, data={"checks": checks, "caller": caller.remote_address})


test_connection.__test__ = False  # type: ignore[attr-defined]  # pytest: not a test case either


def _key_checks(caller: Caller) -> Iterator[Check]:
    yield check("key", True, f"The key {caller.key.prefix}… is valid ({caller.mode.value}).")
    missing = [scope.value for scope in _NEEDED if not caller.key.allows(scope)]
    yield check(
        "scope",
        not missing,
        f"The key lacks the scope {', '.join(missing)}." if missing else "The key has every scope it needs.",
        "Make a key with the scopes read and provision: panelbridge keys add.",
    )


def _clock_check(services: Services, caller: Caller) -> Check:
    if caller.module_time is None:
        return check("clock", True, "The shop sent no time to compare.")
    skew = caller.module_time - services.clock().timestamp()
    return check(
        "clock",
        abs(skew) <= MAX_SKEW,
        f"The shop's clock differs by {skew:+.0f} s.",
        "Set both machines' clocks by NTP; more than 60 s apart, dates and tokens go wrong.",
    )


def _hooks_check(request: TestConnectionRequest) -> Check:
    return check(
        "hooks",
        request.hooks_detected,
        "WHMCS loads the module's hooks."
        if request.hooks_detected
        else "WHMCS does not load the module's hooks, so nothing closes what was pending.",
        "Open Module Settings of a product that uses this module and press Save: WHMCS looks for hooks then.",
    )


def _settings_checks(request: TestConnectionRequest) -> Iterator[Check]:
    found = faults(request.settings)
    for message, remedy in found:
        yield check("settings", False, message, remedy)
    if not found:
        yield check("settings", True, "No setting of the shop undoes prepaid renewals.")


def _panel_checks(services: Services, caller: Caller) -> Iterator[Check]:
    installation = caller.require_installation()
    with services.units.read() as unit:
        sold = [plan for plan in unit.plans.all(installation.reseller_id) if plan.active]
        panels = {plan.panel_id: unit.panels.panel(plan.panel_id) for plan in sold}
    if not sold:
        yield check("plans", False, "No plan is set up for this reseller.", "Run: panelbridge plans add.")
    for panel in panels.values():
        if panel is not None:
            yield from _one_panel(services, caller, panel)


def _one_panel(services: Services, caller: Caller, panel: Panel) -> Iterator[Check]:
    name = f"panel {panel.code}"
    if panel.practice != (caller.mode is Mode.TEST):
        kind = "practice" if panel.practice else "real"
        yield check(
            name, False, f"It is a {kind} panel and the key is {caller.mode.value}.", "Use the other key."
        )
        return
    try:
        with deadline(_PANEL_SECONDS):
            answer = services.panels.adapter(panel.id).test_connection()
    except PanelError as error:
        yield check(name, False, error.message, error.advice)
        return
    yield _connection_check(name, answer)


def _connection_check(name: str, answer: Connection) -> Check:
    if answer.missing_permissions:
        return check(
            name,
            False,
            f"The panel does not grant: {', '.join(answer.missing_permissions)}.",
            "Ask the panel's owner for the permissions named.",
        )
    skew = answer.clock_skew
    if skew is not None and abs(skew) > MAX_SKEW:
        return check(name, False, f"The panel's clock differs by {skew:+.0f} s.", "Set it by NTP.")
    balance = f", balance {answer.balance.amount} {answer.balance.unit}" if answer.balance else ""
    return check(name, True, f"Answers as {answer.identity}{balance}.")


def _credit_check(services: Services, caller: Caller) -> Check:
    installation = caller.require_installation()
    with services.units.read() as unit:
        wallet = unit.ledger.wallet(installation.reseller_id)
    return check(
        "credits",
        wallet.available.units > 0,
        f"{wallet.available} credits are available.",
        "Top up: panelbridge credits top-up.",
    )
