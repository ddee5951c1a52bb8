"""``panelbridge adapters``: the backends that are installed, and what each declares it can do."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panelbridge.cli import names
from panelbridge.cli.cells import cell
from panelbridge.cli.options import AsJson
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from panelbridge import Capabilities
    from panelbridge.contract.registry import AdapterEntry


_ADDRESS = "https://panel.example/"


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A backend under one choice of its settings that changes what it can do."""

    backend: str
    choice: str  # "dialect=reseller"; empty when there is only one
    capabilities: Capabilities


def adapters_command(
    backend: Annotated[
        str | None,
        typer.Argument(
            metavar="[BACKEND]", help="Everything that this one declares.", autocompletion=names.backends
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the installed backends with their capabilities. One that fails to load is named."""
    from panelbridge.cli.exits import Exit
    from panelbridge.contract.exceptions import AdapterLoadError
    from panelbridge.contract.registry import adapters, load_adapter

    screen = Screen(as_json=as_json)
    failed: dict[str, str] = {}
    shown: list[Variant] = []
    shippers = {}
    if backend is not None:
        load_adapter(backend)  # raises naming what is installed
    for entry in adapters():
        if backend not in (None, entry.name):
            continue
        shippers[entry.name] = entry.distribution
        try:
            shown.extend(variants(entry))
        except AdapterLoadError as error:
            failed[entry.name] = str(error)
    if screen.as_json:
        broken = [{"backend": name, "failed": why} for name, why in failed.items()]
        screen.json([*(_document(item, shippers) for item in shown), *broken])
    screen.facts(shippers.items(), title="Installed, by distribution")
    screen.say()
    if backend is None:
        _overview(screen, shown)
        screen.hint("`panelbridge adapters BACKEND` shows everything that one declares.")
    else:
        names = [item.choice or item.backend for item in shown]
        rows = ((label, *(tell(item.capabilities) for item in shown)) for label, tell in _ROWS.items())
        screen.table(("", *names), rows, empty=f"{backend} could not be loaded.")
    for name, why in failed.items():
        typer.echo(f"{name}: {why}", err=True)
    if failed:
        raise typer.Exit(Exit.FAULTS)


def _overview(screen: Screen, shown: Sequence[Variant]) -> None:
    """A line a variant: what decides what can be sold, and how it is done."""
    rows = (
        (
            item.backend,
            ", ".join(item.choice.splitlines()),
            *(_ROWS[label](item.capabilities) for label in _OVERVIEW),
        )
        for item in shown
    )
    screen.table(("backend", "variant", *_OVERVIEW), rows, empty="No backend is installed.")


def variants(entry: AdapterEntry) -> Iterator[Variant]:
    """One for each choice of settings, or set-up of the practice panel, under which capabilities differ.

    Raises ``AdapterLoadError``.
    """
    from panelbridge.contract.capabilities import SerialiseWrites
    from panelbridge.contract.exceptions import AdapterLoadError, SettingsInvalid
    from panelbridge.contract.settings import read_settings

    adapter = entry.load()
    fields = adapter.settings_model.model_fields
    choices = {
        name: list(field.annotation)
        for name, field in fields.items()
        if isinstance(field.annotation, type)
        and issubclass(field.annotation, Enum)
        and field.annotation is not SerialiseWrites  # one row of the matrix, not twice as many columns
    }
    found: list[tuple[str, str, Capabilities]] = []
    why_not = "none are known"
    for setup, values in _complete_settings(entry.name, fields):
        for chosen in itertools.product(*choices.values()):
            choice = dict(zip(choices, chosen, strict=True))
            try:
                model = adapter.settings_model_for({**values, **choice})
                with adapter(read_settings(model, {**values, **choice})) as panel:
                    capabilities = panel.capabilities
            except SettingsInvalid as error:
                why_not = str(error)  # perhaps this choice goes with other settings
                continue
            if capabilities not in (known for _, _, known in found):
                found.append((_lines(choice), setup, capabilities))
    if not found:
        raise AdapterLoadError(f"adapter {entry.name!r}: no settings fit it: {why_not}")
    alike = Counter(text for text, _, _ in found)
    for text, setup, capabilities in found:
        named = _lines({"setup": setup}) if alike[text] > 1 else ""
        yield Variant(backend=entry.name, choice=f"{text}\n{named}".strip(), capabilities=capabilities)


def _complete_settings(backend: str, fields: Mapping[str, FieldInfo]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Settings that are complete, by set-up of the practice panel; made up where there is none."""
    from panelbridge.testing.practice import Setup, practice_class

    try:
        panel = practice_class(backend)
    except (ImportError, AttributeError):
        address = {"base_url": _ADDRESS} if "base_url" in fields else {}
        yield "", {name: "x" for name, field in fields.items() if field.is_required()} | address
        return
    for name, setup in (dict(panel.setups) or {"": Setup()}).items():
        with TemporaryDirectory(prefix="panelbridge-adapters-") as room:
            text = panel(Path(room) / "books.sqlite", setup.practice_options).settings(_ADDRESS)
            yield name, {**text, **setup.settings}


def _lines(values: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}={getattr(value, 'value', value)}" for name, value in values.items())


def _names(items: Any) -> str:
    return cell(sorted(str(getattr(item, "value", item)) for item in items)) or "nothing"


def _verbs(capabilities: Capabilities) -> str:
    from panelbridge import Verb

    lacking = frozenset(Verb) - capabilities.verbs
    return f"all but {_names(lacking)}" if lacking else "all"


def _package_write(capabilities: Capabilities) -> str:
    from panelbridge import Verb

    if Verb.CHANGE_PACKAGE not in capabilities.verbs:
        return "no"
    return "sets it" if capabilities.change_package.value == "set" else "buys it (fenced)"


def _rule(rule: Any) -> str:
    return f"{rule.min_length} to {rule.max_length} of {rule.pattern}"


_EXTENDS = {
    "set": "sets a date",
    "add": "adds (bought, fenced)",
    "none": "no expiry: suspended when due",
}
_OVERVIEW = ("verbs", "extend", "change package", "found by", "list proves absence", "late commit")
_ROWS: Mapping[str, Callable[[Capabilities], str]] = {
    "verbs": _verbs,
    "extend": lambda c: _EXTENDS[c.extend.value],
    "change package": _package_write,
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
    "connections": lambda c: c.connections.value,
    "needs of an order": lambda c: _names(c.needs),
    "single sign-on": lambda c: cell(c.single_sign_on),
    "the same for its admin": lambda c: cell(c.admin_sign_on),
    "reports usage": lambda c: cell(c.usage),
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
