"""Settings: the address, the description, and as fields of their own what its ``config`` names.

Fields of a description stand beside the common ones, not in a table of their own: so forms, prompts, sealing
and stars treat them like those of any backend.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, create_model, field_validator, model_validator

from panelbridge.contract.secret import Secret
from panelbridge.contract.settings import BaseUrl, PanelSettings
from panelbridge.transport.addresses import is_refused
from panelbridge_declarative.description.spec import ConfigField, Limits, PackageValue, Spec


class DeclarativeSettings(PanelSettings):
    """The description of the panel decides which other settings there are."""

    spec: str = Field(description="name of a shipped description, or path of a .toml or .json file")
    packages: str | None = Field(
        default=None, description='JSON, packages instead of the description\'s: {"id": {"quota_gib": 50}}'
    )

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if self.base_url.startswith("http:") and not self.allow_http:
            raise ValueError("base_url must be https, or allow_http be set")
        host = self.base_url.split("/")[2].rpartition("@")[2]
        if is_refused(host.rpartition(":")[0] or host) or is_refused(host):
            raise ValueError("base_url is a link-local or metadata address, where no panel lives")
        return self

    @field_validator("packages", mode="before")
    @classmethod
    def _as_text(cls, given: Any) -> Any:
        """A settings file may hold the object itself, as with every other backend."""
        return json.dumps(given) if isinstance(given, dict) else given

    @field_validator("packages")
    @classmethod
    def _are_packages(cls, text: str | None) -> str | None:
        if text is not None:
            read_packages(text)
        return text


OWN_SETTINGS = frozenset(DeclarativeSettings.model_fields)


class _Packages(BaseModel):
    packages: dict[str, dict[str, PackageValue]]


def read_packages(text: str) -> dict[str, dict[str, PackageValue]]:
    """Raises ``ValueError``."""
    try:
        return _Packages.model_validate({"packages": json.loads(text)}).packages
    except ValueError:
        raise ValueError('must be JSON such as {"id": {"quota_gib": 50}}') from None


def settings_model(spec: Spec) -> type[DeclarativeSettings]:
    """The model of the panels that ``spec`` describes."""
    fields: dict[str, Any] = {name: _field(field) for name, field in spec.config.items()}
    fields |= _defaults(spec.limits)
    made: type[DeclarativeSettings] = create_model(
        f"{spec.name.replace('-', ' ').title().replace(' ', '')}Settings",
        __base__=DeclarativeSettings,
        __doc__=f"{spec.title}.",
        **fields,
    )
    return made


_TYPES: dict[str, Any] = {"text": str, "secret": Secret, "url": BaseUrl, "int": int, "bool": bool}


def _field(field: ConfigField) -> tuple[Any, Any]:
    kind = _TYPES[field.type]
    if field.type in ("text", "secret") and field.default != "":  # that one may stay empty
        kind = Annotated[kind, Field(min_length=1)]
    default = {} if field.default is None else {"default": field.default}
    about: Any = {"description": field.about or None, **default}
    return kind, Field(**about)


def _defaults(limits: Limits) -> dict[str, Any]:
    """Limits of the description as defaults of the common settings, which an operator may still change."""
    longest = max(filter(None, (limits.timeout_s, limits.create_timeout_s)), default=None)
    wanted = {
        "total_timeout": longest,
        "read_timeout": None if longest is None else min(longest, 300.0),
        "max_connections": limits.concurrent,
        "max_reply_bytes": None if limits.max_reply_kib is None else limits.max_reply_kib * 1024,
    }
    common = DeclarativeSettings.model_fields
    return {
        name: (common[name].annotation, _with_default(common[name], value))
        for name, value in wanted.items()
        if value is not None
    }


def _with_default(field: Any, value: Any) -> Any:
    bounds = {
        type(rule).__name__.lower(): getattr(rule, type(rule).__name__.lower()) for rule in field.metadata
    }
    return Field(default=value, description=field.description, **bounds)
