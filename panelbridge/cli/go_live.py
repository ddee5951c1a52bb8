"""``panelbridge doctor --go-live``: the trial of a plan, step by step."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import typer

from panelbridge.cli.exits import Exit
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.actions.go_live import Step
    from panelbridge.contract.models import Term


class _Shown:
    """Each step on the screen, when it has ended."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def working(self, what: str) -> AbstractContextManager[None]:
        """A sign of life."""
        return self._screen.working(what)

    def done(self, step: Step) -> None:
        """Its line."""
        mark = "ok   " if step.ok else "WRONG"
        first, *rest = _seen(step).splitlines()
        style = None if step.ok else "bold red"
        self._screen.say(f"  {mark}  {step.what:<12} {step.seconds:6.2f} s  {first}", style=style)
        for line in rest:
            self._screen.say(f"{'':<31}{line}")


def try_on_screen(
    context: typer.Context, screen: Screen, code: str, *, term: str | None, reseller: str | None, yes: bool
) -> None:
    """Say what it costs, ask, and try the plan."""
    from panelbridge.actions.go_live import try_plan
    from panelbridge.actions.go_live_plan import plan_trial, trial_means
    from panelbridge.actions.wording import in_credits
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.owners import reseller_meant

    with open_bridge(context) as bridge:
        owner, given = reseller_meant(bridge, reseller), bridge.context()
        tried = plan_trial(given, owner=owner, code=code, term=_term(term))
        screen.confirm(trial_means(given, tried), yes=yes)
        screen.say(f"Trying plan {code} on panel {tried.panel.code}", style="bold")
        result = try_plan(given, tried, _Shown(screen))
    if screen.as_json:
        steps = [{"step": s.what, "ok": s.ok, "seconds": s.seconds, "seen": _seen(s)} for s in result.steps]
        charged = str(result.charged)
        screen.json({"plan": code, "passed": result.passed, "charged": charged, "steps": steps})
    screen.say(f"Charged: {in_credits(result.charged)} of {owner.code}.")
    if not result.passed:
        screen.say("Do not sell it yet.", style="bold red")
        screen.hint(
            "Look at the account at the panel, `panelbridge attention` and `panelbridge operations list`."
        )
        raise typer.Exit(Exit.FAULTS)
    screen.say(f"Plan {code} can be sold.", style="bold green")


def _seen(step: Step) -> str:
    from panelbridge.cli.problems import problem_lines

    return step.seen if step.problem is None else problem_lines(step.problem)


def _term(text: str | None) -> Term | None:
    from panelbridge.contract.models import Term

    try:
        return Term.parse(text) if text is not None else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--term") from None
