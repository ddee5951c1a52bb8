"""The trial before going live: one throwaway account through the product's own path, journal and ledger.

It belongs to an installation of its own, so that its service numbers cannot meet a shop's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from panelbridge.actions.refused import Refused
from panelbridge.cli.exits import Exit
from panelbridge.cli.faults import fault_of
from panelbridge.cli.screen import Screen, in_credits

if TYPE_CHECKING:
    from panelbridge.cli.bridge import Bridge
    from panelbridge.subscriptions import Installation, Panel, Plan, PlanTerm, Subscription

INSTALLATION = "go-live"
_BUDGET = 90.0  # seconds: past the time in which a lost answer is found again
_NOTE = "go-live trial"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line of the trial."""

    what: str
    ok: bool
    seconds: float
    seen: str


@dataclass
class Trial:
    """What is tried, and what was seen so far."""

    bridge: Bridge
    screen: Screen
    plan: Plan
    offer: PlanTerm
    installation: Installation
    service_id: int
    steps: list[Step] = field(default_factory=list)

    def step(self, what: str, do: Callable[[], str]) -> bool:
        """Do it, tell it with its time; false when it went wrong."""
        began = time.monotonic()
        try:
            with self.screen.working(what):
                seen, ok = do(), True
        except Exception as error:  # whatever goes wrong, the account is ended afterwards
            fault = fault_of(error)
            if fault is None:
                raise
            seen, ok = f"{fault.message} [{fault.code}]\n{fault.advice}", False
        taken = time.monotonic() - began
        self.steps.append(Step(what=what, ok=ok, seconds=round(taken, 2), seen=seen))
        mark = "ok   " if ok else "WRONG"
        first, *rest = seen.splitlines()
        self.screen.say(f"  {mark}  {what:<12} {taken:6.2f} s  {first}", style=None if ok else "bold red")
        for line in rest:
            self.screen.say(f"{'':<31}{line}")
        return ok


def try_plan(
    context: typer.Context, screen: Screen, code: str, *, term: str | None, reseller: str | None, yes: bool
) -> None:
    """Say what it costs, ask, and create, read, suspend, unsuspend and terminate one account."""
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.owners import reseller_meant

    with open_bridge(context) as bridge:
        owner = reseller_meant(bridge, reseller)
        plan, offer, panel = _chosen(bridge, owner.id, code, term)
        screen.confirm(_costs(bridge, owner.code, plan, offer, panel), yes=yes)
        trial = Trial(
            bridge=bridge,
            screen=screen,
            plan=plan,
            offer=offer,
            installation=_installation(bridge, plan, panel),
            service_id=0,
        )
        trial.service_id = _unused_number(trial)
        screen.say(f"Trying plan {plan.code} on panel {panel.code}", style="bold")
        went_well = _run(trial)
        charged = _charged(trial)
    if screen.as_json:
        steps = [{"step": s.what, "ok": s.ok, "seconds": s.seconds, "seen": s.seen} for s in trial.steps]
        screen.json({"plan": plan.code, "passed": went_well, "charged": str(charged), "steps": steps})
    screen.say(f"Charged: {in_credits(charged)} of {owner.code}.")
    if not went_well:
        screen.say("Do not sell it yet.", style="bold red")
        screen.hint(
            "Look at the account at the panel, `panelbridge attention` and `panelbridge operations list`."
        )
        raise typer.Exit(Exit.FAULTS)
    screen.say(f"Plan {plan.code} can be sold.", style="bold green")


def _run(trial: Trial) -> bool:
    if not trial.step("create", lambda: _create(trial)):
        _clean_up(trial)
        return False
    passed = (
        trial.step("read", lambda: _read(trial, "active"))
        and trial.step("suspend", lambda: _verb(trial, "suspend"))
        and trial.step("read", lambda: _read(trial, "suspended"))
        and trial.step("unsuspend", lambda: _verb(trial, "unsuspend"))
        and trial.step("read", lambda: _read(trial, "active"))
    )
    ended = trial.step("terminate", lambda: _verb(trial, "terminate"))
    return trial.step("read", lambda: _read_gone(trial)) and ended and passed if ended else False


def _clean_up(trial: Trial) -> None:
    """A create that is not settled may still have made an account: it is ended when that is known."""
    with trial.bridge.services.units.read() as unit:
        begun = unit.subscriptions.of_service(trial.installation.id, trial.service_id) is not None
    if begun:
        trial.step("terminate", lambda: _verb(trial, "terminate"))


def _create(trial: Trial) -> str:
    from panelbridge.provisioning import CreateCommand

    done = _submit(
        trial, CreateCommand(**_service(trial), plan=trial.plan.code, term=trial.offer.term, reopens=True)
    )
    until = f"{done.panel_until:%Y-%m-%d %H:%M} UTC" if done.panel_until else "no date"
    return f"account {done.account_id}, user {done.username}, until {until}"


def _verb(trial: Trial, verb: str) -> str:
    from panelbridge.lifecycle import SuspensionReason
    from panelbridge.provisioning import SuspendCommand, TerminateCommand, UnsuspendCommand

    named = _service(trial)
    if verb == "suspend":
        _submit(trial, SuspendCommand(**named, reason=SuspensionReason.MANUAL, owner="operator", note=_NOTE))
    elif verb == "unsuspend":
        _submit(trial, UnsuspendCommand(**named, owner="operator"))
    else:
        _submit(trial, TerminateCommand(**named))
    return "settled in the journal"


def _service(trial: Trial) -> dict[str, Any]:
    return {
        "installation": trial.installation,
        "service_id": trial.service_id,
        "actor": trial.bridge.caller.actor,
    }


def _submit(trial: Trial, command: Any) -> Subscription:
    """Through the provisioner, until it is settled. Raises ``Problem`` and ``Refused``."""
    from panelbridge.actions.outcome import check_outcome

    provisioner = trial.bridge.services.provisioner
    answer = provisioner.submit(command, budget=_BUDGET)
    slow = trial.bridge.services.panels.capabilities(trial.plan.panel_id).slow_verbs
    if answer.pending and answer.operation.verb in slow:  # that is left to the jobs, and here we are those
        provisioner.pursue(answer.operation.id, seconds=_BUDGET)
        answer = provisioner.answer(answer.operation.id)
    check_outcome(answer.operation)
    if answer.pending:
        raise Refused(
            "panel_unreachable",
            f"operation {answer.operation.id} is not settled after {_BUDGET:.0f} s: "
            f"{answer.operation.message or 'the panel did not say'}",
            advice="It goes on by itself while `serve` runs; try again when it is settled.",
        )
    return _subscription(trial)


def _subscription(trial: Trial) -> Subscription:
    with trial.bridge.services.units.read() as unit:
        found = unit.subscriptions.of_service(trial.installation.id, trial.service_id)
    if found is None:
        raise LookupError("the trial's service is not in the books")
    return found


def _read(trial: Trial, wanted: str) -> str:
    from panelbridge.contract.models import Found

    item = _subscription(trial)
    answer = _look(trial, item)
    if not isinstance(answer, Found):
        raise Refused(
            "refused", f"the panel does not show the account: {answer}", advice="Look at the panel itself."
        )
    state = answer.account.state.value
    if state != wanted:
        raise Refused(
            "refused", f"the panel shows {state}, {wanted} was expected", advice="Look at the panel itself."
        )
    return f"the panel shows it {state}"


def _read_gone(trial: Trial) -> str:
    from panelbridge.contract.models import Found

    item = _subscription(trial)
    answer = _look(trial, item)
    if isinstance(answer, Found):
        state = answer.account.state.value
        if state == "active":
            raise Refused("refused", "the panel still shows it active", advice="End it at the panel by hand.")
        return f"the panel keeps it {state}: this kind of panel has no delete"
    return "the panel shows no such account"


def _look(trial: Trial, item: Subscription) -> Any:
    from panelbridge.cli.bridge import asking_only
    from panelbridge.transport import deadline

    if item.account_id is None:
        raise Refused("refused", "the books know no account", advice="See `panelbridge operations list`.")
    ref = trial.bridge.services.provisioner.account_ref(item)
    with asking_only(), deadline(trial.bridge.config.answer_budget):
        return trial.bridge.services.panels.adapter(item.panel_id).get(ref)


def _chosen(bridge: Bridge, owner: Any, code: str, term: str | None) -> tuple[Plan, PlanTerm, Panel]:
    from panelbridge.contract.models import Term

    with bridge.services.units.read() as unit:
        plan = unit.plans.named(owner, code)
        known = ", ".join(item.code for item in unit.plans.all(owner)) or "none yet"
        panel = unit.panels.panel(plan.panel_id) if plan is not None else None
    if plan is None or panel is None:
        raise Refused("plan_unknown", f"there is no plan {code}", advice=f"There are: {known}.")
    if term is None:
        return plan, min(plan.terms, key=lambda offer: offer.price), panel
    try:
        offer = plan.term(Term.parse(term))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--term") from None
    if offer is None:
        sold = ", ".join(str(item.term) for item in plan.terms)
        raise Refused("term_not_offered", f"plan {code} does not sell {term}", advice=f"It sells {sold}.")
    return plan, offer, panel


def _installation(bridge: Bridge, plan: Plan, panel: Panel) -> Installation:
    """The trial's own, of the plan's reseller and the panel's mode; made when it is missing."""
    from panelbridge.subscriptions import Installation, InstallationId, Mode

    mode = Mode.TEST if panel.practice else Mode.LIVE
    code = f"{INSTALLATION}-{plan.reseller_id}-{mode.value}"
    with bridge.services.units.write() as unit:
        for item in unit.installations.all():
            if item.code == code:
                return item
        return unit.installations.add(
            Installation(id=InstallationId(0), reseller_id=plan.reseller_id, code=code, mode=mode)
        )


def _unused_number(trial: Trial) -> int:
    """A service number of the trial's own installation that no trial had before."""
    highest, after = 0, None
    with trial.bridge.services.units.read() as unit:
        while page := unit.subscriptions.search(installation=trial.installation.id, after=after, limit=500):
            highest = max(highest, *(item.service_id for item in page))
            after = page[-1].id
    return highest + 1


def _costs(bridge: Bridge, owner: str, plan: Plan, offer: PlanTerm, panel: Panel) -> str:
    from panelbridge.contract.exceptions import PanelError
    from panelbridge.subscriptions.pricing import quote
    from panelbridge.transport import deadline

    price = quote(plan, offer, plan.connections)
    with bridge.services.units.read() as unit:
        left = unit.ledger.wallet(plan.reseller_id).available
    there = "what the panel charges for it"
    try:
        with deadline(bridge.config.answer_budget):
            for package in bridge.services.panels.adapter(panel.id).list_packages():
                if package.id == offer.package and package.price is not None:
                    there = f"{package.price} of our credit there"
    except PanelError as error:
        there += f" (it cannot be asked now: {error.message})"
    kind = "practice" if panel.practice else "REAL"
    return (
        f"One throwaway account of plan {plan.code}, term {offer.term}, on the {kind} panel {panel.code}\n"
        "is made, read, suspended, unsuspended and terminated: the same journal and ledger as an order.\n"
        f"It costs {in_credits(price)} of {owner} ({in_credits(left)} available), and at the panel {there}.\n"
        "Neither comes back when the account is terminated."
    )


def _charged(trial: Trial) -> Any:
    """What the ledger posted for it."""
    from panelbridge.ledger import ZERO, HistoryFilter, TransferKind

    with trial.bridge.services.units.read() as unit:
        item = unit.subscriptions.of_service(trial.installation.id, trial.service_id)
        if item is None:
            return ZERO
        wanted = HistoryFilter(
            reseller=trial.plan.reseller_id, subscription=item.id, kinds=frozenset({TransferKind.POST})
        )
        return sum((line.price for line in unit.ledger.history(wanted)), ZERO)
