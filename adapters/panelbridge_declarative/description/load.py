"""Reads a description, shipped or of one's own, and refuses it with every fault named."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from panelbridge_declarative.description.checks import check
from panelbridge_declarative.description.findings import Finding
from panelbridge_declarative.description.spec import Spec
from panelbridge_declarative.description.words import meant

SHIPPED = Path(__file__).parents[1] / "specs"
_MOST_BYTES = 256 * 1024


class SpecInvalid(ValueError):
    """The description cannot be used; ``findings`` are what is wrong with it."""

    def __init__(self, where: str, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(f"{where}: {finding}" for finding in findings if finding.fatal))
        self.findings = findings


@dataclass(frozen=True, kw_only=True)
class Description:
    """A description that can be used, and what its author should look at."""

    spec: Spec
    where: str  # name of the file
    warnings: tuple[Finding, ...] = ()


def shipped() -> tuple[str, ...]:
    """Names of the descriptions that come along."""
    return tuple(sorted(path.stem for path in SHIPPED.iterdir() if path.suffix in (".toml", ".json")))


def find(name: str) -> Path:
    """The file of a shipped name, or of a path to a ``.toml`` or ``.json`` file. Raises ``SpecInvalid``."""
    if re.fullmatch("[a-z0-9][a-z0-9_-]*", name):
        for suffix in (".toml", ".json"):
            if (SHIPPED / f"{name}{suffix}").is_file():
                return SHIPPED / f"{name}{suffix}"
        raise _refused(name, "", f"there is no shipped description of this name{meant(name, shipped())}")
    path = Path(name).expanduser()
    if path.suffix not in (".toml", ".json"):
        raise _refused(name, "", "a description is a .toml or .json file, or the name of a shipped one")
    return path


def load(name: str) -> Description:
    """The description, read anew when its file has changed. Raises ``SpecInvalid``."""
    path = find(name)
    try:
        state = path.stat()
        if state.st_size > _MOST_BYTES:
            raise _refused(path.name, "", f"has more than {_MOST_BYTES} bytes")
        return _load(path, state.st_mtime_ns, state.st_size)
    except OSError as error:
        raise _refused(path.name, "", f"cannot be read: {error.strerror}") from None


@lru_cache(maxsize=64)
def _load(path: Path, _changed: int, _size: int) -> Description:
    return read(path.read_text("utf-8"), where=path.name, as_json=path.suffix == ".json")


def read(text: str, *, where: str, as_json: bool = False) -> Description:
    """The description in ``text``. Raises ``SpecInvalid``."""
    try:
        content = json.loads(text) if as_json else tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise _refused(where, "", str(error)) from None
    try:
        spec = Spec.model_validate(content)
    except ValidationError as error:
        raise SpecInvalid(where, tuple(_findings(error))) from None
    findings = tuple(check(spec))
    if any(finding.fatal for finding in findings):
        raise SpecInvalid(where, findings)
    return Description(spec=spec, where=where, warnings=findings)


def _refused(where: str, key: str, message: str) -> SpecInvalid:
    return SpecInvalid(where, (Finding(key=key, message=message),))


def _findings(error: ValidationError) -> list[Finding]:
    found = []
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        *place, last = item["loc"] or ("",)
        key = ".".join(map(str, place))
        if item["type"] == "extra_forbidden":
            message = f"unknown key {str(last)!r}{meant(str(last), _keys(place))}"
        else:
            key = ".".join(part for part in (key, str(last)) if part)
            message = item["msg"].removeprefix("Value error, ")
        found.append(Finding(key=key, message=message))
    return found


def _keys(place: list[Any]) -> list[str]:
    """The keys that are known at ``place``, by the models."""
    here: Any = Spec
    for name in place:
        if isinstance(name, str) and isinstance(here, type) and issubclass(here, BaseModel):
            fields = {field.alias or own: field for own, field in here.model_fields.items()}
            here = _model_in(fields[name].annotation) if name in fields else None
    if not (isinstance(here, type) and issubclass(here, BaseModel)):
        return []
    return [field.alias or own for own, field in here.model_fields.items()]


def _model_in(annotation: Any) -> Any:
    """The model inside of ``dict[str, X]``, ``tuple[X, ...]`` or ``X | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)
