"""Settings of a panel: one pydantic model per backend, from which forms, prompts and docs are made."""

from __future__ import annotations

import json
import re
import unicodedata
from types import UnionType
from typing import Annotated, Any, Self, TypeVar, Union, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from panelbridge.contract.exceptions import SettingsInvalid
from panelbridge.contract.secret import Secret

_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})  # Unicode's control, format and separating characters
Model = TypeVar("Model", bound=BaseModel)


def _is_address(value: str) -> bool:
    """Whether ``value`` is ``http(s)://host[:port]`` and whatever follows, and can be called."""
    try:
        parts = urlsplit(value)
        host = (parts.hostname or "").encode("idna")
        known = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and known and not re.search(r"\s", value)


def _check_base_url(value: str) -> str:
    parts = urlsplit(value) if _is_address(value) else None
    if parts is None or parts.query or parts.fragment:
        msg = "must be http://host[:port]/ or https://host[:port]/"
        raise ValueError(msg)
    if parts.username or parts.password:
        msg = "must not hold a user name or password; use the fields made for them"
        raise ValueError(msg)
    return value.rstrip("/") + "/"


BaseUrl = Annotated[str, AfterValidator(_check_base_url)]
"""An http(s) URL, kept with exactly one trailing slash."""


def _check_proxy(value: Secret) -> Secret:
    if not _is_address(value.get_secret_value()):
        msg = "must be http://host:port or https://host:port"
        raise ValueError(msg)
    return value


def _fits_a_header(value: Secret) -> Secret:
    text = value.get_secret_value()
    if not (text.isascii() and text.isprintable() and text == text.strip()):
        msg = "must be one line of letters, digits and signs of ASCII: it is sent in a header"
        raise ValueError(msg)
    return value


HeaderSecret = Annotated[Secret, AfterValidator(_fits_a_header)]
"""A key or token that goes into an HTTP header."""


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

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: BaseUrl = Field(description="address of the panel, such as https://panel.example/")
    verify_tls: bool = Field(default=True, description="check the panel's certificate")
    ca_file: str | None = Field(default=None, description="PEM file of the authority that signed it")
    fingerprint: Fingerprint | None = Field(
        default=None, description="SHA-256 of the panel's own certificate: trusted alone, whoever signed it"
    )
    proxy: Annotated[Secret, AfterValidator(_check_proxy)] | None = Field(
        default=None, description="explicit proxy, may hold a password; the environment's is never used"
    )
    connect_timeout: float = Field(default=3.05, gt=0, le=30, description="seconds")
    read_timeout: float = Field(default=20.0, gt=0, le=300, description="seconds between two bytes")
    total_timeout: float = Field(default=20.0, gt=0, le=600, description="seconds for one whole call")
    max_connections: int = Field(default=8, ge=1, le=64, description="calls at the same time")
    max_reply_bytes: int = Field(default=8 * 1024 * 1024, ge=1024, description="a larger reply is refused")

    @model_validator(mode="after")
    def _secrets_were_copied_whole(self) -> Self:
        """What a copy from a page or a terminal brings along is seen here, and not as a wrong key later."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            text = value.get_secret_value() if isinstance(value, Secret) else ""
            if any(unicodedata.category(one) in _UNSEEN and one != " " for one in text):
                msg = f"{name}: holds a line end or another character that is not seen; copy it again"
                raise ValueError(msg)
        return self


def read_settings(model: type[Model], values: dict[str, Any]) -> Model:
    """``values`` as ``model``. Raises ``SettingsInvalid`` naming every wrong field, never its value."""
    try:
        return model.model_validate(
            {name: _entered(model.model_fields.get(name), value) for name, value in values.items()}
        )
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in item['loc']) or 'settings'}: {item['msg']}"
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise SettingsInvalid("; ".join(lines)) from None


def _entered(field: FieldInfo | None, value: Any) -> Any:
    """Text for a map or a list is read as JSON: forms and ``--set`` know text only."""
    if not isinstance(value, str) or field is None or not _is_compound(field.annotation):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value  # the model says what is wrong with it


def _is_compound(annotation: Any) -> bool:
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return any(
        get_origin(kind) in (dict, list, tuple, set, frozenset)
        or (isinstance(kind, type) and issubclass(kind, BaseModel))
        for kind in kinds
    )


def secret_fields(model: type[BaseModel]) -> frozenset[str]:
    """Names of the fields whose type is ``SecretStr``: sealed at rest and starred in answers."""
    fields = model.model_fields.items()
    return frozenset(name for name, field in fields if "SecretStr" in str(field.annotation))
