"""The trial before going live: one throwaway account through the product's own path, journal and ledger."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from panelbridge.actions.asking import asking_only
from panelbridge.actions.context import Context
from panelbridge.actions.go_live_plan import TrialPlan, trial_installation, unused_number
from panelbridge.actions.outcome import check_outcome
from panelbridge.actions.problems import Problem
from panelbridge.actions.refusals import find_problem
from panelbridge.actions.refused import Refused
from panelbridge.contract.models import Found
from panelbridge.ledger import ZERO, Credits, HistoryFilter, TransferKind
from panelbridge.lifecycle import SuspensionReason
from panelbridge.provisioning import CreateCommand, SuspendCommand, TerminateCommand, UnsuspendCommand
from panelbridge.subscriptions import Installation, Subscription
from panelbridge.transport import deadline

_BUDGET = 90.0  # seconds: past the time in which a lost answer is found again
_NOTE = "go-live trial"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line of the trial."""

    what: str
    seconds: float
    seen: str  # empty where it went wrong
    problem: Problem | None = None  # what went wrong

    @property
    def ok(self) -> bool:
        return self.problem is None


class Watcher(Protocol):
    """Who shows the trial while it runs."""

    def working(self, what: str) -> AbstractContextManager[None]:
        """A step runs."""
        ...

    def done(self, step: Step) -> None:
        """It has ended."""
        ...


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """How it ended."""

    passed: bool
    charged: Credits
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class _Trial:
    context: Context
    tried: TrialPlan
    installation: Installation
    service_id: int
    watcher: Watcher
    steps: list[Step] = field(default_factory=list)

    def step(self, what: str, do: Callable[[], str]) -> bool:
        """Do it and show it with its time; false when it went wrong."""
        began, seen, problem = time.monotonic(), "", None
        try:
            with self.watcher.working(what):
                seen = do()
        except Exception as error:  # whatever goes wrong, the account is ended afterwards
            problem = find_problem(error)
            if problem is None:
                raise
        taken = round(time.monotonic() - began, 2)
        self.steps.append(Step(what=what, seconds=taken, seen=seen, problem=problem))
        self.watcher.done(self.steps[-1])
        return problem is None


def try_plan(context: Context, tried: TrialPlan, watcher: Watcher) -> TrialResult:
    """Create, read, suspend, unsuspend and terminate one account."""
    installation = trial_installation(context, tried)
    trial = _Trial(
        context=context,
        tried=tried,
        installation=installation,
        service_id=unused_number(context, installation),
        watcher=watcher,
    )
    passed = _run(trial)
    return TrialResult(passed=passed, charged=_charged(trial), steps=tuple(trial.steps))


def _run(trial: _Trial) -> bool:
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


def _clean_up(trial: _Trial) -> None:
    """A create that is not settled may still have made an account: it is ended when that is known."""
    with trial.context.services.units.read() as unit:
        begun = unit.subscriptions.of_service(trial.installation.id, trial.service_id) is not None
    if begun:
        trial.step("terminate", lambda: _verb(trial, "terminate"))


def _create(trial: _Trial) -> str:
    done = _submit(
        trial,
        CreateCommand(
            **_service(trial), plan=trial.tried.plan.code, term=trial.tried.offer.term, reopens=True
        ),
    )
    until = f"{done.panel_until:%Y-%m-%d %H:%M} UTC" if done.panel_until else "no date"
    return f"account {done.account_id}, user {done.username}, until {until}"


def _verb(trial: _Trial, verb: str) -> str:
    named = _service(trial)
    if verb == "suspend":
        _submit(trial, SuspendCommand(**named, reason=SuspensionReason.MANUAL, owner="operator", note=_NOTE))
    elif verb == "unsuspend":
        _submit(trial, UnsuspendCommand(**named, owner="operator"))
    else:
        _submit(trial, TerminateCommand(**named))
    return "settled in the journal"


def _service(trial: _Trial) -> dict[str, Any]:
    return {
        "installation": trial.installation,
        "service_id": trial.service_id,
        "actor": trial.context.caller.actor,
    }


def _submit(trial: _Trial, command: Any) -> Subscription:
    """Through the provisioner, until it is settled. Raises ``Problem`` and ``Refused``."""
    provisioner = trial.context.services.provisioner
    answer = provisioner.submit(command, budget=_BUDGET)
    slow = trial.context.services.panels.capabilities(trial.tried.plan.panel_id).slow_verbs
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


def _subscription(trial: _Trial) -> Subscription:
    with trial.context.services.units.read() as unit:
        found = unit.subscriptions.of_service(trial.installation.id, trial.service_id)
    if found is None:
        raise LookupError("the trial's service is not in the books")
    return found


def _read(trial: _Trial, wanted: str) -> str:
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


def _read_gone(trial: _Trial) -> str:
    item = _subscription(trial)
    answer = _look(trial, item)
    if isinstance(answer, Found):
        state = answer.account.state.value
        if state == "active":
            raise Refused("refused", "the panel still shows it active", advice="End it at the panel by hand.")
        return f"the panel keeps it {state}: this kind of panel has no delete"
    return "the panel shows no such account"


def _look(trial: _Trial, item: Subscription) -> Any:
    if item.account_id is None:
        raise Refused("refused", "the books know no account", advice="See `panelbridge operations list`.")
    ref = trial.context.services.provisioner.account_ref(item)
    with asking_only(), deadline(trial.context.services.answer_budget):
        return trial.context.services.panels.adapter(item.panel_id).get(ref)


def _charged(trial: _Trial) -> Credits:
    """What the ledger posted for it."""
    with trial.context.services.units.read() as unit:
        item = unit.subscriptions.of_service(trial.installation.id, trial.service_id)
        if item is None:
            return ZERO
        wanted = HistoryFilter(
            reseller=trial.tried.plan.reseller_id, subscription=item.id, kinds=frozenset({TransferKind.POST})
        )
        return sum((line.price for line in unit.ledger.history(wanted)), ZERO)
