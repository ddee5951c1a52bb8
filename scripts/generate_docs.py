"""Write the pages of docs/reference/ that are made from code; ``--check`` fails when one is stale."""

from __future__ import annotations

import ast
import inspect
import itertools
import sys
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from panelbridge import Capabilities, PanelError, Verb, adapters, read_settings
from panelbridge.ledger.exceptions import LedgerError
from panelbridge.settings import secret_fields
from panelbridge.storage.exceptions import StorageBusy
from whmcs_module_shim.config import ENV_PREFIX, ServiceConfig
from whmcs_module_shim.module_calls import functions
from whmcs_module_shim.problems import KINDS
from whmcs_module_shim.resources import resource_routes

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reference"
NOTICE = "<!-- Made by scripts/generate_docs.py from the code. Edit the code, then run it. -->\n\n"


def main() -> int:
    """Write or check every page; the exit code."""
    stale = []
    for name, write in PAGES.items():
        path = FOLDER / name
        text = NOTICE + write().rstrip() + "\n"
        if path.exists() and path.read_text() == text:
            continue
        if "--check" in sys.argv[1:]:
            stale.append(path.relative_to(ROOT).as_posix())
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if stale:
        sys.stderr.write(f"stale: {', '.join(stale)}; run .venv/bin/python scripts/generate_docs.py\n")
    return 1 if stale else 0


def errors_page() -> str:
    """Every code a caller can meet: of the service, of the panel, of the ledger, of the journal."""
    service = [
        [f"`{code}`", str(kind.status), kind.title, _yes(kind.retry_safe), kind.advice]
        for code, kind in sorted(KINDS.items())
    ]
    panel = [
        [
            f"`{error.code}`",
            error.__name__,
            error.default_outcome.value,
            _first_line(error),
            error.default_advice,
        ]
        for error in sorted(_tree(PanelError), key=lambda kind: kind.code)
    ]
    ledger = [
        [f"`{error.code}`", error.__name__, _first_line(error), error.advice]
        for error in sorted([*_tree(LedgerError), StorageBusy], key=lambda kind: kind.code)
    ]
    return f"""# Error catalogue

Every error has a code that never changes its meaning, says what failed and why, what to do, and whether the
same request may be sent again. No error text holds a secret or unfiltered text of a panel.

## What the service answers

Problems after RFC 9457 (`application/problem+json`). `type` is `urn:panelbridge:problem:` and the code.
Module calls carry `result: "error"` and `message` beside them. A business refusal is always 4xx.

{_table(["code", "status", "means", "safe to repeat", "what to do"], service)}

When a panel refused, the code is `refused` and `panel_code` holds one of the following.

## What a panel call ends with

`PanelError` of the library. The outcome answers "did it happen?": *refused* = definitely nothing happened,
*retry_later* = nothing happened yet and the bridge repeats by itself, *unknown* = the bridge asks the panel
before it does anything else.

{_table(["code", "class", "outcome", "means", "what to do"], panel)}

## What the ledger refuses

Nothing was booked when one of these is raised. Lack of funds, contention and a broken book are three
different errors.

{_table(["code", "class", "means", "what to do"], ledger)}

## What the journal refuses

Codes of `Refusal`: the wish was not admitted, nothing was sent and nothing is held.

{", ".join(f"`{code}`" for code in sorted(_refusal_codes()))}.
"""


def capabilities_page() -> str:
    """What each backend declares, in each of its variants."""
    columns = [(f"{name} ({variant})" if variant else name, caps) for name, variant, caps in _variants()]
    rows: dict[str, Callable[[Capabilities], str]] = {
        "verbs": lambda c: "all" if c.verbs == frozenset(Verb) else _names(c.verbs),
        "extend": lambda c: c.extend.value,
        "change_package": lambda c: c.change_package.value,
        "find by": lambda c: _names(c.find_by) or "nothing",
        "expiry granularity": lambda c: f"{c.expiry_granularity} s",
        "grace possible": lambda c: _yes(c.grace),
        "user name": lambda c: _rule(c.username),
        "password": lambda c: _rule(c.password),
        "reference kept in": lambda c: f"`{c.reference_field}`" if c.reference_field else "nowhere",
        "verbs safe to repeat": lambda c: _names(c.safe_repeats),
        "list proves absence": lambda c: _yes(c.list_complete),
        "password readable": lambda c: _yes(c.password_readable),
        "devices": lambda c: _names(c.devices),
        "late commit": lambda c: f"{c.late_commit:g} s",
        "writes one at a time": lambda c: c.serialise_writes.value.replace("_", " "),
    }
    body = [[label, *(tell(caps) for _, caps in columns)] for label, tell in rows.items()]
    return f"""# Capabilities of the backends

Declared data: it drives the engine and the conformance suite. What the words mean stands in
`panelbridge/capabilities.py`.

{_table(["", *(name for name, _ in columns)], body)}
"""


def settings_page() -> str:
    """What one machine and one panel can be told."""
    machine = [
        [f"`{name}`", f"`{ENV_PREFIX}{name.upper()}`", _default(field), field.description or ""]
        for name, field in ServiceConfig.model_fields.items()
    ]
    parts = [
        f"""# Settings

## Of the machine

A TOML file, named by `PANELBRIDGE_CONFIG`, and variables, which win. All errors are named at once, before
anything starts.

{_table(["setting", "variable", "default", "is"], machine)}

## Of a panel

Given when a panel is added; stored in the database, secrets sealed."""
    ]
    for entry in adapters():
        model = entry.load().settings_model
        hidden = secret_fields(model)
        rows = [
            [f"`{name}`", _default(field), "secret" if name in hidden else "", field.description or ""]
            for name, field in model.model_fields.items()
        ]
        parts.append(
            f"### `{entry.name}`\n\n{_first_line(model)}\n\n{_table(['setting', 'default', '', 'is'], rows)}"
        )
    return "\n\n".join(parts)


def http_page() -> str:
    """Every path of the service."""
    rows = [
        [f"`{route.method} {route.path}`", route.scope.value if route.scope else "none", _cell(route.summary)]
        for route in sorted(resource_routes(), key=lambda route: (route.path, route.method))
    ]
    calls = [[f"`{name}`", function.kind.value] for name, function in sorted(functions().items())]
    return f"""# HTTP resources

The service describes itself as OpenAPI 3.1 at `/openapi.json`. Every request carries
`Authorization: Bearer pb_live_…` or `pb_test_…`; every mutating one an `Idempotency-Key` of the caller's own,
kept when it is repeated. `/healthz`, `/readyz`, `/metrics` and `/openapi.json` need no key: let the reverse
proxy pass on only `/v1/`.

{_table(["request", "scope", "does"], rows)}

## Calls of the WHMCS module

`POST /v1/whmcs/<Function>`; see {{doc}}`/whmcs-calls`.

{_table(["function", "kind"], calls)}
"""


PAGES: dict[str, Callable[[], str]] = {
    "errors.md": errors_page,
    "capabilities.md": capabilities_page,
    "settings.md": settings_page,
    "http.md": http_page,
}


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


def _variants() -> Iterator[tuple[str, str, Capabilities]]:
    """Each backend with every combination of its settings of a closed choice, where capabilities differ."""
    for entry in adapters():
        adapter = entry.load()
        fields = adapter.settings_model.model_fields
        choices = {
            name: [item.value for item in field.annotation]
            for name, field in fields.items()
            if isinstance(field.annotation, type) and issubclass(field.annotation, Enum)
        }
        needed = {name: "x" for name, field in fields.items() if field.is_required()} | {
            "base_url": "https://panel.example/"
        }
        seen: list[Capabilities] = []
        for chosen in itertools.product(*choices.values()):
            values = dict(zip(choices, chosen, strict=True))
            caps = adapter(read_settings(adapter.settings_model, needed | values)).capabilities
            if caps not in seen:
                seen.append(caps)
                yield entry.name, ", ".join(f"{name}={value}" for name, value in values.items()), caps


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    value = field.default if field.default is not PydanticUndefined else None
    if value is None or value == "":
        return ""
    return f"`{value.value if isinstance(value, Enum) else value}`"


def _rule(rule: Any) -> str:
    return f"{rule.min_length} to {rule.max_length} of `{rule.pattern}`"


def _names(items: Any) -> str:
    return ", ".join(sorted(str(getattr(item, "value", item)) for item in items))


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _first_line(thing: type[BaseException | BaseModel]) -> str:
    return (inspect.getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
