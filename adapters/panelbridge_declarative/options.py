"""Options of an order: what the description reads of them, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from panelbridge.exceptions import InvalidOrder
from panelbridge_declarative.expressions import ExpressionInvalid, expression, template
from panelbridge_declarative.places import texts
from panelbridge_declarative.spec import Spec
from panelbridge_declarative.words import meant


def check_options(spec: Spec, verb: str, options: Mapping[str, str]) -> None:
    """Raises ``InvalidOrder`` for an option that nobody reads."""
    known = set(_read(getattr(spec.op, verb)))
    for name in options:
        if name not in known:
            raise InvalidOrder(f"there is no option {name!r}{meant(name, known)}", field=f"options.{name}")


def _read(op: Any) -> Iterator[str]:
    for place in texts(op.model_dump(), ""):
        for found in (template, expression):
            try:
                made = found(place.text)
            except ExpressionInvalid:
                continue
            parts = made.expressions if hasattr(made, "expressions") else (made,)
            yield from (
                chain[1] for part in parts for chain in part.chains if chain[:1] == ("options",) and chain[1:]
            )
