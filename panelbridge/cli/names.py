"""Names that the shell completes.

They are asked for in the middle of a line, so they are read from the database alone, without key file and
lock; where they cannot be read nothing is offered, for a shell has no place for an error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from panelbridge.service.config import ServiceConfig

Offer = tuple[str, str]  # the name, and what the shell shows beside it
Complete = Callable[[typer.Context, str], Sequence[Offer]]
_MOST = 200


def _from_books(query: str) -> Complete:
    """What ``query`` finds, each with a text beside it; typer keeps those that begin with what is typed."""

    def complete(context: typer.Context, incomplete: str) -> Sequence[Offer]:
        try:
            return _rows(_config(context), query, incomplete)
        except Exception:  # noqa: BLE001 - no books yet, a wrong folder, a schema of another release
            return []

    return complete


def _config(context: typer.Context) -> ServiceConfig:
    """The configuration the command will have: its callback is not called while a line is completed."""
    from panelbridge.service.config import read_config

    given = context.find_root().params
    folder = given.get("data")
    return read_config(given.get("config"), **({} if folder is None else {"data_folder": folder}))


def _rows(config: ServiceConfig, query: str, typed: str) -> Sequence[Offer]:
    from panelbridge.service.books import peek

    return peek(config).rows(query, {"typed": typed} if ":typed" in query else {}, _MOST)


def backends(incomplete: str) -> list[Offer]:
    """The installed ones, and who ships them."""
    from panelbridge.contract.exceptions import AdapterLoadError
    from panelbridge.contract.registry import adapters

    try:
        return [(one.name, one.distribution) for one in adapters() if one.name.startswith(incomplete)]
    except AdapterLoadError:
        return []


def on_or_off(incomplete: str) -> list[str]:
    """The two words of a switch."""
    return [word for word in ("on", "off") if word.startswith(incomplete)]


panels = _from_books("SELECT code, backend FROM panels ORDER BY code")
plans = _from_books(
    "SELECT plans.code, group_concat(resellers.code, ', ') FROM plans"
    " JOIN resellers ON resellers.id = plans.reseller_id GROUP BY plans.code ORDER BY plans.code"
)
resellers = _from_books("SELECT code, name FROM resellers ORDER BY code")
installations = _from_books("SELECT code, mode FROM installations ORDER BY code")
keys = _from_books("SELECT prefix, label FROM api_keys WHERE revoked_at IS NULL ORDER BY id DESC")
waiting = _from_books(
    "SELECT operation_id, message FROM attention"
    " WHERE resolved_at IS NULL AND operation_id IS NOT NULL ORDER BY id"
)
attention_items = _from_books("SELECT id, message FROM attention WHERE resolved_at IS NULL ORDER BY id")
# By number or as INSTALLATION:SERVICE, the newest first: a large shop has more than anybody reads.
_subscriptions_by = (
    "SELECT {name}, {text} FROM subscriptions JOIN installations"
    " ON installations.id = subscriptions.installation_id"
    " WHERE ({name}) LIKE :typed || '%' ORDER BY subscriptions.id DESC"
)
_service = "installations.code || ':' || subscriptions.service_id"
subscription_numbers = _from_books(
    _subscriptions_by.format(name="CAST(subscriptions.id AS TEXT)", text=_service)
)
_by_service = _from_books(_subscriptions_by.format(name=_service, text="subscriptions.username"))


def subscriptions(context: typer.Context, incomplete: str) -> Sequence[Offer]:
    """Numbers where a number is begun, else services of shops."""
    by = subscription_numbers if incomplete.isdecimal() else _by_service
    return by(context, incomplete)
