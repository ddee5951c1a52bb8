"""Capabilities of the backends, and every setting, from the code."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

from pydantic_core import PydanticUndefined

from panelbridge import Capabilities, Verb, adapters, read_settings
from panelbridge.settings import secret_fields
from scripts.markdown import first_line, names, table, yes
from whmcs_module_shim.config import ENV_PREFIX, ServiceConfig


def capabilities_page() -> str:
    """What each backend declares, in each of its variants."""
    columns = [(f"{name} ({variant})" if variant else name, caps) for name, variant, caps in _variants()]
    rows: dict[str, Callable[[Capabilities], str]] = {
        "verbs": lambda c: "all" if c.verbs == frozenset(Verb) else names(c.verbs),
        "extend": lambda c: c.extend.value,
        "change_package": lambda c: c.change_package.value,
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
        "late commit": lambda c: f"{c.late_commit:g} s",
        "writes one at a time": lambda c: c.serialise_writes.value.replace("_", " "),
    }
    body = [[label, *(tell(caps) for _, caps in columns)] for label, tell in rows.items()]
    return f"""# Capabilities of the backends

Declared data: it drives the engine and the conformance suite. What the words mean stands in
`panelbridge/capabilities.py`.

{table(["", *(name for name, _ in columns)], body)}
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
