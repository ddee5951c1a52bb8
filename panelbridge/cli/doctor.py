"""``panelbridge doctor``: a table of checks with cause and remedy, and the trial before going live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from panelbridge.cli import names
from panelbridge.cli.exits import Exit
from panelbridge.cli.findings import Finding, Weight, fine, wrong
from panelbridge.cli.options import AsJson, ResellerCode, Yes
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.service.config import ServiceConfig

_NEEDED = frozenset({"key file", "database"})  # without them nothing can be opened


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
    """Check everything, and say what is wrong, why, and what to do. Changes nothing without --go-live."""
    screen = Screen(as_json=as_json)
    if go_live is not None:
        from panelbridge.cli.go_live import try_plan

        try_plan(context, screen, go_live, term=term, reseller=reseller, yes=yes)
        return
    with screen.working("checking"):
        found = examine(context)
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


def examine(context: typer.Context) -> list[Finding]:
    """Every check. What cannot be looked at for want of something before it, is said to be so."""
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.bridge_checks import check_bridge
    from panelbridge.cli.machine_checks import check_machine

    config: ServiceConfig = context.obj()
    found = [fine("configuration", "read, every setting is valid"), *check_machine(config)]
    if _lacks(found):
        return [
            *found,
            wrong("the rest", "could not be looked at", "Mend what is above, then run doctor again."),
        ]
    found.append(_books(config))
    try:
        with open_bridge(context) as bridge:
            found.extend(check_bridge(bridge))
    except Exception as error:
        from panelbridge.cli.faults import fault_of

        fault = fault_of(error)
        if fault is None:
            raise
        found.append(wrong("the rest", fault.message, fault.advice))
    return found


def _lacks(found: Sequence[Finding]) -> bool:
    return any(item.weight is Weight.WRONG and item.check in _NEEDED for item in found)


def _books(config: ServiceConfig) -> Finding:
    from panelbridge.cli.machine_checks import check_books
    from panelbridge.storage.exceptions import KeyFileError, StorageBusy, StorageFailed

    try:
        return check_books(config)
    except (StorageBusy, StorageFailed) as error:
        return wrong("books", str(error), error.advice)
    except KeyFileError as error:
        return wrong("books", str(error), "Put the key file back that belongs to this database.")
