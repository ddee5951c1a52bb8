"""Settings of a panel, gathered from a file, from options, and by asking for what its backend still needs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

import typer

from panelbridge.actions.refused import Refused
from panelbridge.cli.settings_file import settings_in

if TYPE_CHECKING:
    from pydantic import BaseModel


def gather_settings(backend: str, sets: Sequence[str], file: TextIO | None) -> dict[str, Any]:
    """Settings for a new panel. Raises ``Refused`` and ``AdapterLoadError``."""
    values = _given(backend, {}, sets, file)
    model = _model(backend, values)
    while missing := [
        name for name, field in model.model_fields.items() if field.is_required() and name not in values
    ]:
        if not sys.stdin.isatty():
            raise Refused(
                "invalid_request",
                f"backend {backend} also needs {', '.join(missing)}",
                advice="Give them with --set NAME=VALUE, secrets in a JSON file with --settings.",
            )
        values[missing[0]] = _ask(model, missing[0])
        model = _model(backend, values)  # an answer may bring others along
    return values


def changed_settings(
    backend: str,
    present: Mapping[str, Any],
    sets: Sequence[str],
    secrets: Sequence[str],
    file: TextIO | None,
) -> dict[str, Any]:
    """What shall be different from the settings at ``present``. Raises ``Refused``."""
    values = _given(backend, present, sets, file)
    model = _model(backend, {**present, **values})
    for name in secrets:
        _known(model, name)
        values[name] = _ask(model, name)
    if not values:
        raise Refused(
            "invalid_request",
            "nothing to change was given",
            advice="Use --set NAME=VALUE, --secret NAME or --settings FILE.",
        )
    return values


def _model(backend: str, values: Mapping[str, Any]) -> type[BaseModel]:
    from panelbridge.contract.registry import load_adapter

    return load_adapter(backend).settings_model_for(values)


def _given(
    backend: str, present: Mapping[str, Any], sets: Sequence[str], file: TextIO | None
) -> dict[str, Any]:
    from panelbridge.contract.settings import secret_fields

    pairs = [_pair(text) for text in sets]
    values = settings_in(file, {**present, **dict(pairs)}) if file is not None else {}
    model = _model(backend, {**present, **values, **dict(pairs)})
    hidden = secret_fields(model)
    for name, value in pairs:
        _known(model, name)
        if name in hidden:
            raise Refused(
                "invalid_request",
                f"{name} is a secret: on the command line it would stay in the shell's history "
                "and be visible to other users of this machine",
                advice="Leave it out and it is asked for, or put it into a JSON file for --settings.",
            )
        values[name] = value or None
    return values


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--set")
    return name, value


def _known(model: type[BaseModel], name: str) -> None:
    if name not in model.model_fields:
        raise Refused(
            "invalid_request",
            f"there is no setting {name}",
            advice=f"This backend has {', '.join(model.model_fields)}.",
        )


def _ask(model: type[BaseModel], name: str) -> str:
    from panelbridge.contract.settings import secret_fields

    text = model.model_fields[name].description or ""
    hidden = name in secret_fields(model)
    answer: str = typer.prompt(f"{name} ({text})" if text else name, hide_input=hidden, err=True)
    return answer
