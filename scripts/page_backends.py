"""Capabilities of the backends, and every setting, from the code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

from pydantic_core import PydanticUndefined

from panelbridge import Capabilities, Verb, adapters
from panelbridge.cli.adapters import variants
from panelbridge.contract.settings import secret_fields
from panelbridge.service.config import ENV_PREFIX, ServiceConfig
from scripts.markdown import first_line, names, table, yes

_OVERVIEW = ("verbs", "extend", "change_package", "find by", "list proves absence", "late commit")
_ROWS: dict[str, Callable[[Capabilities], str]] = {
    "verbs": lambda capabilities: _verbs(capabilities),  # noqa: PLW0108 - defined below
    "extend": lambda c: c.extend.value,
    "change_package": lambda c: c.change_package.value if Verb.CHANGE_PACKAGE in c.verbs else "no",
    "find by": lambda c: names(c.find_by) or "nothing",
    "expiry granularity": lambda c: f"{c.expiry_granularity} s",
    "grace possible": lambda c: yes(c.grace),
    "user name": lambda c: _rule(c.username),
    "password": lambda c: _rule(c.password),
    "reference kept in": lambda c: f"`{c.reference_field}`" if c.reference_field else "nowhere",
    "verbs safe to repeat": lambda c: names(c.safe_repeats),
    "list proves absence": lambda c: yes(c.list_complete),
    "password readable": lambda c: yes(c.password_readable),
    "devices": lambda c: names(c.devices),
    "connections": lambda c: c.connections.value,
    "needs of an order": lambda c: names(c.needs) or "nothing",
    "single sign-on": lambda c: yes(c.single_sign_on),
    "the same for its admin": lambda c: yes(c.admin_sign_on),
    "reports usage": lambda c: yes(c.usage),
    "late commit": lambda c: f"{c.late_commit:g} s",
    "writes one at a time": lambda c: c.serialise_writes.value.replace("_", " "),
}


def capabilities_page() -> str:
    """What each backend declares, in each of its variants."""
    found: dict[str, list[tuple[str, Capabilities]]] = {}
    for name, variant, caps in _variants():
        found.setdefault(name, []).append((variant, caps))
    overview = [
        [f"[{name}](#{name})", variant, *(_ROWS[label](caps) for label in _OVERVIEW)]
        for name, declared in found.items()
        for variant, caps in declared
    ]
    parts = [
        f"""# Capabilities of the backends

Declared data: it drives the engine and the conformance suite. What the words mean stands in
`panelbridge/contract/capabilities.py`. `panelbridge adapters` shows the same of what is installed.

{table(["backend", "variant", *_OVERVIEW], overview)}"""
    ]
    for name, declared in found.items():
        body = [[label, *(tell(caps) for _, caps in declared)] for label, tell in _ROWS.items()]
        head = ["", *(variant or name for variant, _ in declared)]
        parts.append(f"## {name}\n\n{table(head, body)}")
    return "\n\n".join(parts)


def _verbs(capabilities: Capabilities) -> str:
    lacking = frozenset(Verb) - capabilities.verbs
    return f"all but {names(lacking)}" if lacking else "all"


def settings_page() -> str:
    """What can be set for one machine and one panel."""
    machine = [
        [f"`{name}`", f"`{ENV_PREFIX}{name.upper()}`", _default(field), field.description or ""]
        for name, field in ServiceConfig.model_fields.items()
    ]
    parts = [
        f"""# Settings

## Of the machine

A TOML file, named by `PANELBRIDGE_CONFIG`, and variables, which win. All errors are named at once, before
anything starts.

{table(["setting", "variable", "default", "is"], machine)}

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
            f"### `{entry.name}`\n\n{first_line(model)}\n\n{table(['setting', 'default', '', 'is'], rows)}"
        )
    return "\n\n".join(parts)


def _variants() -> Iterator[tuple[str, str, Capabilities]]:
    """Each backend in every variant that ``panelbridge adapters`` shows."""
    for entry in adapters():
        for found in variants(entry):
            yield entry.name, ", ".join(found.choice.splitlines()), found.capabilities


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    value = field.default if field.default is not PydanticUndefined else None
    if value is None or value == "":
        return ""
    return f"`{value.value if isinstance(value, Enum) else value}`"


def _rule(rule: Any) -> str:
    return f"{rule.min_length} to {rule.max_length} of `{rule.pattern}`"
