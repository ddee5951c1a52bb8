"""Options of an order: what the description reads of them, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from panelbridge.contract.exceptions import InvalidOrder
from panelbridge_declarative.description.expressions import (
    Expression,
    ExpressionInvalid,
    expression,
    template,
)
from panelbridge_declarative.description.places import texts
from panelbridge_declarative.description.spec import Spec
from panelbridge_declarative.description.words import meant


def check_options(spec: Spec, verb: str, options: Mapping[str, str]) -> None:
    """Raises ``InvalidOrder`` for an option that nobody reads."""
    known = set(_read(getattr(spec.op, verb)))
    for name in options:
        if name not in known:
            raise InvalidOrder(f"there is no option {name!r}{meant(name, known)}", field=f"options.{name}")


def _read(op: Any) -> Iterator[str]:
    for place in texts(op.model_dump(), ""):
        for part in _expressions(place.text):
            yield from (chain[1] for chain in part.chains if chain[0] == "options" and len(chain) > 1)


def _expressions(text: str) -> Iterator[Expression]:
    """Those of a text with braces; and the text as one without."""
    with suppress(ExpressionInvalid):
        yield from template(text).expressions
    with suppress(ExpressionInvalid):
        yield expression(text)
