"""``panelbridge doctor``: a table of checks with cause and remedy, and the trial before going live."""

from __future__ import annotations

from typing import Annotated

import typer

from panelbridge.actions.findings import Finding, Weight
from panelbridge.cli import names
from panelbridge.cli.exits import Exit
from panelbridge.cli.options import AsJson, ResellerCode, Yes
from panelbridge.cli.screen import Screen


def doctor_command(
    context: typer.Context,
    go_live: Annotated[
        str | None,
        typer.Option(
            "--go-live",
            metavar="PLAN",
            help="Make, use and end one throwaway account of this plan.",
            autocompletion=names.plans,
        ),
    ] = None,
    term: Annotated[
        str | None, typer.Option(metavar="1m", help="Of the trial; default: its cheapest.")
    ] = None,
    reseller: ResellerCode = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Check everything: what is wrong, why, what to do. Changes nothing without --go-live."""
    screen = Screen(as_json=as_json)
    if go_live is not None:
        from panelbridge.cli.go_live import try_on_screen

        try_on_screen(context, screen, go_live, term=term, reseller=reseller, yes=yes)
        return
    with screen.working("checking"):
        found = _look(context)
    if screen.as_json:
        screen.json(
            [
                {
                    "check": item.check,
                    "state": item.weight.value.lower(),
                    "cause": item.cause,
                    "remedy": item.remedy,
                }
                for item in found
            ]
        )
    screen.table(
        ("check", "", "what was found", "what to do"),
        ((item.check, item.weight, item.cause, item.remedy) for item in found),
        empty="",
    )
    bad = sum(item.weight is Weight.WRONG for item in found)
    if bad:
        screen.say(f"\n{bad} of {len(found)} checks found something wrong.", style="bold red")
        raise typer.Exit(Exit.FAULTS)
    screen.say(f"\n{len(found)} checks, nothing wrong.", style="bold green")
    screen.hint("Before selling a plan: panelbridge doctor --go-live PLAN")


def _look(context: typer.Context) -> list[Finding]:
    """Everything, with the bridge opened for what needs it."""
    from panelbridge.actions.doctor import examine_machine, lacks_basics, not_looked_at
    from panelbridge.actions.setup_checks import check_setup
    from panelbridge.cli.bridge import open_bridge

    found = examine_machine(context.obj())
    if lacks_basics(found):
        return found
    try:
        with open_bridge(context) as bridge:
            found.extend(check_setup(bridge.context()))
    except Exception as error:
        from panelbridge.actions.refusals import find_problem
        from panelbridge.cli.problems import advice_at_shell

        problem = find_problem(error)
        if problem is None:
            raise
        found.append(not_looked_at(problem, advice_at_shell(problem)))
    return found
