"""Every check of a bridge. What cannot be looked at for want of something before it, is said to be so."""

from __future__ import annotations

from collections.abc import Sequence

from panelbridge.actions.findings import Finding, Weight, fine, wrong
from panelbridge.actions.machine_checks import check_books, check_machine
from panelbridge.actions.problems import Problem
from panelbridge.service.config import ServiceConfig

_BASICS = frozenset({"key file", "database"})  # without them nothing can be opened


def examine_machine(config: ServiceConfig) -> list[Finding]:
    """What needs no opened bridge: folder, key file, database, service, and the books."""
    found = [fine("configuration", "read, every setting is valid"), *check_machine(config)]
    if lacks_basics(found):
        advice = "Fix the problems above, then run doctor again."
        return [*found, wrong("the rest", "could not be looked at", advice)]
    return [*found, check_books(config)]


def lacks_basics(found: Sequence[Finding]) -> bool:
    """Whether there is nothing that can be opened."""
    return any(item.weight is Weight.WRONG and item.check in _BASICS for item in found)


def not_looked_at(problem: Problem, advice: str) -> Finding:
    """The bridge could not be opened, or not be asked to the end."""
    return wrong("the rest", problem.message, advice)
