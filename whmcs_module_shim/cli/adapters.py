"""``panelbridge adapters``: the backends that are installed, and what each declares it can do."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import typer

from whmcs_module_shim.cli.options import AsJson
from whmcs_module_shim.cli.screen import Screen, cell

if TYPE_CHECKING:
    from panelbridge import Capabilities
    from panelbridge.registry import AdapterEntry


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A backend under one choice of its settings that changes what it can do."""

    backend: str
    choice: str  # "dialect=reseller"; empty when there is only one
    capabilities: Capabilities


def adapters_command(as_json: AsJson = False) -> None:
    """List the installed backends with their capabilities. One that fails to load is named."""
    from panelbridge.exceptions import AdapterLoadError
    from panelbridge.registry import adapters
    from whmcs_module_shim.cli.exits import Exit

    screen = Screen(as_json=as_json)
    failed: dict[str, str] = {}
    shown: list[Variant] = []
    shippers = {}
    for entry in adapters():
        shippers[entry.name] = entry.distribution
        try:
            shown.extend(variants(entry))
        except AdapterLoadError as error:
            failed[entry.name] = str(error)
    if screen.as_json:
        screen.json({"adapters": [_document(item, shippers) for item in shown], "failed": failed})
    screen.facts(shippers.items(), title="Installed, by distribution")
    screen.say()
    names = [f"{item.backend}\n{item.choice}".strip() for item in shown]
    rows = ((label, *(tell(item.capabilities) for item in shown)) for label, tell in _ROWS.items())
    screen.table(("", *names), rows, empty="No backend is installed.")
    for name, why in failed.items():
        typer.echo(f"{name}: {why}", err=True)
    if failed:
        raise typer.Exit(Exit.FAULTS)


def variants(entry: AdapterEntry) -> Iterator[Variant]:
    """One for each choice of settings under which capabilities differ. Raises ``AdapterLoadError``."""
    from panelbridge.settings import read_settings

    adapter = entry.load()
    fields = adapter.settings_model.model_fields
    choices = {
        name: list(field.annotation)
        for name, field in fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Enum)
    }
    filler = {name: "x" for name, field in fields.items() if field.is_required()}
    seen: list[Capabilities] = []
    for chosen in itertools.product(*choices.values()):
        values = dict(zip(choices, chosen, strict=True))
        settings = read_settings(
            adapter.settings_model, filler | {"base_url": "https://panel.example/"} | values
        )
        found = adapter(settings).capabilities
        if found not in seen:
            seen.append(found)
            choice = "\n".join(f"{name}={item.value}" for name, item in values.items())
            yield Variant(backend=entry.name, choice=choice, capabilities=found)


def _names(items: Any) -> str:
    return cell(sorted(str(getattr(item, "value", item)) for item in items)) or "nothing"


def _verbs(capabilities: Capabilities) -> str:
    from panelbridge import Verb

    return "all" if capabilities.verbs == frozenset(Verb) else _names(capabilities.verbs)


def _rule(rule: Any) -> str:
    return f"{rule.min_length} to {rule.max_length} of {rule.pattern}"


_ROWS: Mapping[str, Callable[[Capabilities], str]] = {
    "verbs": _verbs,
    "extend": lambda c: "sets a date" if c.extend.value == "set" else "adds (bought, fenced)",
    "change package": lambda c: "sets it" if c.change_package.value == "set" else "buys it (fenced)",
    "found by": lambda c: _names(c.find_by),
    "expiry exact to": lambda c: f"{c.expiry_granularity} s",
    "grace possible": lambda c: cell(c.grace),
    "username": lambda c: _rule(c.username),
    "password": lambda c: _rule(c.password),
    "our reference in": lambda c: c.reference_field or "nowhere",
    "safe to repeat": lambda c: _names(c.safe_repeats).replace(", ", "\n"),
    "list proves absence": lambda c: cell(c.list_complete),
    "password readable": lambda c: cell(c.password_readable),
    "devices": lambda c: _names(c.devices),
    "late commit": lambda c: f"{c.late_commit:g} s",
    "one write at a time": lambda c: "no" if c.serialise_writes.value == "none" else "for each credential",
}


def _document(item: Variant, shippers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "backend": item.backend,
        "distribution": shippers[item.backend],
        "settings": dict(pair.split("=", 1) for pair in item.choice.splitlines()),
        "capabilities": item.capabilities.model_dump(mode="json"),
    }
