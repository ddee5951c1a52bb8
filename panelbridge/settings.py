"""Settings of a panel: one pydantic model per backend, from which forms, prompts and docs are made."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from panelbridge.exceptions import SettingsInvalid
from panelbridge.secret import Secret

Model = TypeVar("Model", bound=BaseModel)


def _check_base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        msg = "must be http://host[:port]/ or https://host[:port]/"
        raise ValueError(msg)
    if parts.username or parts.password:
        msg = "must not hold a user name or password; use the fields made for them"
        raise ValueError(msg)
    return value.rstrip("/") + "/"


BaseUrl = Annotated[str, AfterValidator(_check_base_url)]
"""An http(s) URL, kept with exactly one trailing slash."""


def _check_fingerprint(value: str) -> str:
    digits = value.replace(":", "").strip().lower()
    if re.fullmatch("[0-9a-f]{64}", digits) is None:
        msg = "must be the 64 hexadecimal digits of a SHA-256, with or without colons"
        raise ValueError(msg)
    return digits


Fingerprint = Annotated[str, AfterValidator(_check_fingerprint)]
"""SHA-256 of a certificate, kept as 64 lower-case hexadecimal digits."""


class Allowances(BaseModel):
    """What is refused unless the operator accepts it for this panel, by name."""

    allow_http: bool = Field(
        default=False, description="no TLS to a public address is accepted: nobody listens on the way"
    )
    allow_unverified_tls: bool = Field(
        default=False, description="a certificate that is not checked is accepted"
    )
    allow_open_file: bool = Field(
        default=False, description="a settings file that other users of the machine may read is accepted"
    )


class PanelSettings(Allowances):
    """What every backend over HTTP shares. Secrets are ``SecretStr`` fields of the backend's own model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: BaseUrl = Field(description="address of the panel, such as https://panel.example/")
    verify_tls: bool = Field(default=True, description="check the panel's certificate")
    ca_file: str | None = Field(default=None, description="PEM file of the authority that signed it")
    fingerprint: Fingerprint | None = Field(
        default=None, description="SHA-256 of the panel's own certificate: trusted alone, whoever signed it"
    )
    proxy: Secret | None = Field(
        default=None, description="explicit proxy, may hold a password; the environment's is never used"
    )
    connect_timeout: float = Field(default=3.05, gt=0, le=30, description="seconds")
    read_timeout: float = Field(default=20.0, gt=0, le=300, description="seconds between two bytes")
    total_timeout: float = Field(default=20.0, gt=0, le=600, description="seconds for one whole call")
    max_connections: int = Field(default=8, ge=1, le=64, description="calls at the same time")
    max_reply_bytes: int = Field(default=8 * 1024 * 1024, ge=1024, description="a larger reply is refused")


def read_settings(model: type[Model], values: dict[str, Any]) -> Model:
    """``values`` as ``model``. Raises ``SettingsInvalid`` naming every wrong field, never its value."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in item['loc']) or 'settings'}: {item['msg']}"
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise SettingsInvalid("; ".join(lines)) from None


def secret_fields(model: type[BaseModel]) -> frozenset[str]:
    """Names of the fields whose type is ``SecretStr``: sealed at rest and starred in answers."""
    fields = model.model_fields.items()
    return frozenset(name for name, field in fields if "SecretStr" in str(field.annotation))
