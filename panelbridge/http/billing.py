"""Doors of billing systems: routes of their own under a prefix of their own, joined by entry points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from panelbridge.actions.problems import Problem
from panelbridge.http.routes import Route
from panelbridge.service.doors import BILLING, doors


class BillingDoor(Protocol):
    """What the entry point of a billing system makes when it is called."""

    @property
    def prefix(self) -> str:
        """Of all its paths: ``/v1/<name>/``."""
        ...

    def routes(self) -> Sequence[Route]:
        """Each with ``serve``, which answers it."""
        ...

    def problem_body(self, problem: Problem, request_id: str) -> dict[str, Any]:
        """How this system's side reads a refusal."""
        ...


def billing_doors() -> tuple[BillingDoor, ...]:
    """One of each that is installed."""
    return tuple(make() for make in doors(BILLING).values())
