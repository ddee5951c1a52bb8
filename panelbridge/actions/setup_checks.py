"""Doctor's checks of what is set up: panels, plans, shops, credits, and work that is stuck."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from panelbridge.actions.context import Context
from panelbridge.actions.findings import Finding, fine, note, wrong
from panelbridge.actions.go_live_plan import INSTALLATION
from panelbridge.actions.plan_check import check_plan
from panelbridge.actions.wording import in_credits
from panelbridge.contract.exceptions import AdapterLoadError, PanelError, SettingsInvalid
from panelbridge.contract.models import Connection, Package
from panelbridge.contract.registry import adapters
from panelbridge.service.exposed import exposures_of
from panelbridge.subscriptions import Panel
from panelbridge.transport import deadline

_MAX_SKEW = 60.0  # seconds
_PANEL_SECONDS = 10.0
_OVERDUE = timedelta(minutes=5)
_SOON = timedelta(days=14)


def check_setup(context: Context) -> Iterator[Finding]:
    """Everything that needs an opened bridge; panels are asked, nothing is changed."""
    with context.services.units.read() as unit:
        panels = list(unit.panels.all())
        plans = [plan for plan in unit.plans.all() if plan.active]
    yield from _check_writes(context)
    yield from _check_adapters()
    if not panels:
        yield wrong("panels", "there is none", "panelbridge panels add")
    offered: dict[int, Mapping[str, Package]] = {}
    for panel in panels:
        finding, packages = _check_panel(context, panel)
        yield finding
        if not panel.writes_enabled:
            yield note(
                f"panel {panel.code}",
                "changes are switched off: orders wait or are refused",
                f"Compare its accounts, then panelbridge panels writes on {panel.code}",
            )
        yield from _check_exposures(panel)
        if packages is not None:
            offered[panel.id] = {package.id: package for package in packages}
            yield from _check_packages(panel, packages)
    if not plans:
        yield wrong("plans", "nothing is sold", "panelbridge plans add")
    for plan in plans:
        if plan.panel_id in offered:
            yield check_plan(plan, offered[plan.panel_id])
    yield from _check_shops(context)
    yield from _check_wallets(context)
    yield from _check_work(context)


def _check_writes(context: Context) -> Iterator[Finding]:
    """The books as a whole: do they fit their witness, and may anything leave the bridge?"""
    with context.services.units.read() as unit:
        stop = unit.effects.stopped()
    if stop is not None:
        yield wrong("writes", f"off for the whole bridge: {stop.message}", "panelbridge writes show")
    said = context.services.witnessed()
    if said is not None:
        yield fine("witness", said)
    else:
        yield note("witness", "there is none yet", "It is made with the first call to a panel.")


def _check_adapters() -> Iterator[Finding]:
    names = []
    try:
        for entry in adapters():
            entry.load()
            names.append(entry.name)
    except AdapterLoadError as error:
        yield wrong("adapters", str(error), "Reinstall or remove the distribution named.")
        return
    yield fine("adapters", ", ".join(names) or "none installed")


def _check_panel(context: Context, panel: Panel) -> tuple[Finding, Sequence[Package] | None]:
    name = f"panel {panel.code}"
    try:
        with deadline(_PANEL_SECONDS):
            adapter = context.services.panels.adapter(panel.id)
            answer = adapter.test_connection()
            listed = list(adapter.list_packages())
    except PanelError as error:
        return wrong(name, error.message, error.advice), None
    except (AdapterLoadError, SettingsInvalid) as error:
        return wrong(name, str(error), f"panelbridge panels set {panel.code}"), None
    return _judge(name, panel, answer), listed


def _check_packages(panel: Panel, packages: Sequence[Package]) -> Iterator[Finding]:
    broken = [package.id or "one without an id" for package in packages if package.unreadable]
    if broken:
        yield note(
            f"panel {panel.code}",
            f"lists packages that cannot be read: {', '.join(broken)}",
            "See at the panel what is wrong with them; the others are still sold.",
        )


def _check_exposures(panel: Panel) -> Iterator[Finding]:
    for risk in exposures_of(panel):
        name = f"panel {panel.code}"
        if risk.accepted:
            yield note(name, f"{risk.what}; accepted by {risk.accepted_by}", f"Fix it: {risk.setting}.")
        else:
            yield wrong(
                name,
                f"{risk.what}, and nobody accepted that",
                f"Fix {risk.setting}, or panelbridge panels set {panel.code} --set {risk.accepted_by}=true",
            )


def _judge(name: str, panel: Panel, answer: Connection) -> Finding:
    if answer.missing_permissions:
        return wrong(
            name,
            f"does not grant: {', '.join(answer.missing_permissions)}",
            "Ask the panel's owner for the permissions named.",
        )
    if answer.clock_skew is not None and abs(answer.clock_skew) > _MAX_SKEW:
        return wrong(name, f"its clock differs by {answer.clock_skew:+.0f} s", "Set both clocks by NTP.")
    kind = "practice" if panel.practice else "real"
    balance = f", balance {answer.balance.amount} {answer.balance.unit}" if answer.balance else ""
    if answer.balance is not None and answer.balance.amount <= 0:
        return wrong(name, f"answers, but our balance there is {answer.balance.amount}", "Top it up there.")
    if answer.warnings:
        return note(
            name,
            f"{kind}, answers as {answer.identity}{balance}; {'; '.join(answer.warnings)}",
            "See the adapter's README for what each means.",
        )
    return fine(name, f"{kind}, answers as {answer.identity}{balance}")


def _check_shops(context: Context) -> Iterator[Finding]:
    now = context.now
    with context.services.units.read() as unit:
        shops = unit.installations.all()
        reported = {item.subject.id: item for item in unit.attention.items(code="shop_settings")}
        keys = [key for key in unit.access.keys(limit=10_000) if key.usable(now)]
    for shop in shops:
        name = f"shop {shop.code}"
        own = [key for key in keys if key.installation_id == shop.id]
        if (item := reported.get(shop.id)) is not None:
            yield wrong(f"{name} settings", item.message.partition(": ")[2], item.advice)
        if not own and shop.code.startswith(f"{INSTALLATION}-"):
            continue  # doctor's own, without a key on purpose
        ending = [key for key in own if key.expires_at is not None and key.expires_at < now + _SOON]
        if not own:
            yield wrong(name, "has no valid API key", f"panelbridge keys add {shop.code}")
        elif ending:
            yield note(
                name,
                f"key {ending[0].prefix} ends on {ending[0].expires_at:%Y-%m-%d}",
                f"panelbridge keys add {shop.code}, and put it into WHMCS before that day.",
            )
        elif shop.system_url is None:
            yield note(name, f"{shop.mode.value}, not used yet", "Press Test Connection in its WHMCS.")
        else:
            yield fine(name, f"{shop.mode.value}, bound to {shop.system_url}")


def _check_wallets(context: Context) -> Iterator[Finding]:
    with context.services.units.read() as unit:
        codes = {item.id: item.code for item in unit.resellers.all()}
        wallets = unit.ledger.wallets()
        queued = {wallet.reseller: len(unit.journal.queued(wallet.reseller)) for wallet in wallets}
    for wallet in wallets:
        code = codes.get(wallet.reseller, str(wallet.reseller))
        name, top_up = f"credits {code}", f"panelbridge credits top-up AMOUNT --reseller {code} --reason TEXT"
        if queued[wallet.reseller]:
            yield wrong(name, f"{queued[wallet.reseller]} orders wait for credit", top_up)
        elif wallet.available.units <= 0:
            yield wrong(name, "nothing is left to sell with", top_up)
        elif wallet.floor is not None and wallet.available < wallet.floor:
            yield note(name, f"{in_credits(wallet.available)}, below the floor of {wallet.floor}", top_up)
        else:
            yield fine(name, f"{in_credits(wallet.available)} available")


def _check_work(context: Context) -> Iterator[Finding]:
    now = context.now
    with context.services.units.read() as unit:
        waiting = unit.attention.count_open()
        late = [
            item
            for item in unit.journal.due(now, 10_000, _OVERDUE)
            if item.due_at and now - item.due_at > _OVERDUE
        ]
    if waiting:
        yield note(
            "attention",
            "1 case is waiting for a decision"
            if waiting == 1
            else f"{waiting} cases are waiting for a decision",
            "panelbridge attention",
        )
    else:
        yield fine("attention", "no cases are waiting for a decision")
    if late:
        yield wrong(
            "work",
            f"{len(late)} operations are overdue, the oldest is {late[0].id}",
            f"Is serve running, and are the panel's writes on? panelbridge operations show {late[0].id}",
        )
    else:
        yield fine("work", "nothing is overdue")
