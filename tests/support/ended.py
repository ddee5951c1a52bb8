"""How a call ended, as a value: a test then fails by its own assertion, whatever was raised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from panelbridge import PanelError


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A result, or the error in its place."""

    outcome: str
    differs: tuple[str, ...] = ()
    account: Any = None
    code: str | None = None
    value: Any = None


def ended(call: Callable[..., Any], *arguments: Any, **named: Any) -> Ended:
    """Call it; a ``PanelError`` is how it ended too."""
    try:
        value = call(*arguments, **named)
    except PanelError as error:
        return Ended(outcome=error.outcome.value, code=error.code)
    return Ended(
        outcome=getattr(value, "outcome", "returned"),
        differs=getattr(value, "differs", ()),
        account=getattr(value, "account", None),
        value=value,
    )


def listed(adapter: Any) -> list[Any]:
    """Every account of the list; none where the list could not be had."""
    return ended(lambda: list(adapter.list_accounts())).value or []
