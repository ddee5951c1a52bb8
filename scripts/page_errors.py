"""The error catalogue, from the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from panelbridge import PanelError
from panelbridge.actions.problems import KINDS
from panelbridge.attention import WHY
from panelbridge.ledger.exceptions import LedgerError
from panelbridge.provisioning.flow.decisions import PURCHASE_WAYS, WAYS_OUT
from panelbridge.storage.exceptions import StorageBusy
from scripts.markdown import first_line, table, yes

ROOT = Path(__file__).resolve().parents[1]


def errors_page() -> str:
    """Every code a caller can meet: of the service, of the panel, of the ledger, of the journal."""
    service = [
        [f"`{code}`", str(kind.status), kind.title, yes(kind.retry_safe), kind.advice]
        for code, kind in sorted(KINDS.items())
        if kind.status is not None
    ]
    panel = [
        [
            f"`{error.code}`",
            error.__name__,
            error.default_outcome.value,
            first_line(error),
            error.default_advice,
        ]
        for error in sorted(_tree(PanelError), key=lambda kind: kind.code)
    ]
    ledger = [
        [f"`{error.code}`", error.__name__, first_line(error), error.advice]
        for error in sorted([*_tree(LedgerError), StorageBusy], key=lambda kind: kind.code)
    ]
    ways = {**WAYS_OUT, **PURCHASE_WAYS}
    return f"""# Error catalogue

Every error has a code that never changes its meaning, says what failed and why, what to do, and whether the
same request may be sent again. No error text holds a secret or unfiltered text of a panel.

## What the service answers

Problems after RFC 9457 (`application/problem+json`). `type` is `urn:panelbridge:problem:` and the code.
Module calls carry `result: "error"` and `message` beside them. A business refusal is always 4xx.

{table(["code", "status", "means", "safe to repeat", "what to do"], service)}

When a panel refused, the code is `refused` and `panel_code` holds one of the following.

## What a panel call ends with

`PanelError` of the library. The outcome answers "did it happen?": *refused* = definitely nothing happened,
*retry_later* = nothing happened yet and the bridge repeats by itself, *unknown* = the bridge asks the panel
before it does anything else.

{table(["code", "class", "outcome", "means", "what to do"], panel)}

## What the ledger refuses

Nothing was booked when one of these is raised. Lack of funds, contention and a broken book are three
different errors.

{table(["code", "class", "means", "what to do"], ledger)}

## What the journal refuses

Codes of `Refusal`: the request was not admitted, nothing was sent and nothing is held.

{", ".join(f"`{code}`" for code in sorted(_refusal_codes()))}.

## Cases waiting for a decision

Codes of *attention*. Nothing is lost meanwhile: credits stay held, and the subscription sends nothing else.

{table(["code", "means"], [[f"`{code}`", WHY[code]] for code in sorted(WHY)])}

{table(["choice", "does"], [[f"`panelbridge attention {way}`", does] for way, does in ways.items()])}

An item that no operation waits for is closed with `panelbridge attention dismiss`.
"""


def _tree(kind: Any) -> Iterator[Any]:
    """The subclasses drawn in the same file, whatever else has been imported."""
    for below in kind.__subclasses__():
        if below.__module__ == kind.__module__:
            yield below
            yield from _tree(below)


def _refusal_codes() -> set[str]:
    found = set()
    for folder in ("panelbridge", "whmcs_module_shim"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "Refusal" and node.args):
                    continue
                if isinstance(node.args[0], ast.Constant):
                    found.add(str(node.args[0].value))
    return found
