"""Settings of a panel, gathered from a file, from options, and by asking for what its backend still needs."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, TextIO

import typer

from panelbridge.actions.refused import Refused

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


def settings_in(file: TextIO, beside: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON object in ``file``; ``beside``: settings of the same panel. Raises ``Refused``."""
    try:
        values = json.load(file)
    except ValueError:
        values = None
    if isinstance(values, dict):
        check_file_mode(file, {**(beside or {}), **values})
    if not isinstance(values, dict):
        raise Refused(
            "invalid_request",
            "the settings file is not a JSON object",
            advice='Write it as {"base_url": "https://panel.example/", ...}.',
        )
    return values


def check_file_mode(file: IO[Any], values: Mapping[str, Any]) -> None:
    """Raises ``Refused`` where others may read the file, unless it says itself that this is accepted."""
    try:
        mode = os.fstat(file.fileno()).st_mode
    except (OSError, ValueError):
        return  # no file of this machine, such as text given by a program
    if stat.S_ISREG(mode) and mode & 0o077 and values.get("allow_open_file") not in (True, "true"):
        raise Refused(
            "invalid_request",
            f"other users of this machine may read {file.name}, mode {stat.S_IMODE(mode):04o}",
            advice=f"Run `chmod 600 {file.name}`, or accept it by name: allow_open_file true in it.",
        )


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
