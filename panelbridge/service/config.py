"""Configuration: a TOML file and ``PANELBRIDGE_*`` variables (which win), checked before anything starts."""

from __future__ import annotations

import os
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

ENV_PREFIX = "PANELBRIDGE_"
CONFIG_VARIABLE = "PANELBRIDGE_CONFIG"  # path of the TOML file

Seconds = Annotated[float, Field(gt=0, le=600)]


class ConfigInvalid(ValueError):
    """The configuration cannot be used; the message names every wrong setting, one a line."""


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class ServiceConfig(BaseSettings):
    """Everything that is decided per machine. Panels, plans and keys live in the database instead."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="forbid")

    data_folder: Path = Field(description="folder of the database and its lock; made by `panelbridge init`")
    secret_key_file: Path | None = Field(
        default=None, description="file of the keys that seal secrets; default: secret.key in the data folder"
    )
    witness_file: Path | None = Field(
        default=None,
        description="small file that names what the database last knew; default: panelbridge.witness in the "
        "data folder. On another disk it also notices that the data folder was rolled back",
    )
    database_url: str | None = Field(
        default=None,
        repr=False,
        description="default: the SQLite file in the data folder. Or a PostgreSQL database: "
        "`postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full&sslrootcert=FILE&passfile=FILE`",
    )
    database_owner_url: str | None = Field(
        default=None,
        repr=False,
        description="PostgreSQL: the same database for the role that owns its tables and migrates them; "
        "the role of database_url then only uses them",
    )
    database_pool: int = Field(
        default=16,
        ge=4,
        le=200,
        description="PostgreSQL: sessions for reading, as many for writing, and as many for jobs, at most",
    )
    database_patience: Seconds = Field(
        default=30.0, description="seconds that a statement or a wait for another's lock may take at most"
    )
    host: str = Field(default="127.0.0.1", description="address to bind")
    port: int = Field(default=8080, ge=1, le=65535)
    threads: int = Field(default=16, ge=2, le=256, description="requests answered at the same time")
    one_core: bool = Field(
        default=True,
        description="run on one core: Python runs one thread at a time, and changing cores slows it down",
    )
    trusted_proxies: int = Field(
        default=0, ge=0, le=5, description="reverse proxies in front whose X-Forwarded-* are believed"
    )
    log_level: LogLevel = LogLevel.INFO
    answer_budget: Seconds = Field(
        default=10.0, description="seconds in which a module call is answered, `pending` at the latest"
    )
    attempt_deadline: Seconds = Field(default=30.0, description="hard limit in seconds of one panel attempt")
    attention_after_tries: int = Field(
        default=5, ge=1, le=1000, description="failed tries of an operation after which staff are alerted"
    )
    attention_after_minutes: float = Field(
        default=5.0, ge=0, le=1440, description="minutes for which it must have kept failing as well"
    )
    max_body_bytes: int = Field(default=1024 * 1024, ge=1024, le=64 * 1024 * 1024)
    drain_timeout: Seconds = Field(default=30.0, description="seconds requests may finish in after SIGTERM")
    metrics: bool = Field(default=True, description="serve /metrics")

    @field_validator("database_url", "database_owner_url")
    @classmethod
    def _names_a_database(cls, value: str | None) -> str | None:
        if value is None:
            return None
        # Loaded where a URL is given: a command that needs no database shall not wait for it.
        from panelbridge.storage.engine.address import checked

        return checked(value)

    @model_validator(mode="after")
    def _owner_is_of_the_same_server(self) -> Self:
        if self.database_owner_url is not None:
            from panelbridge.storage.engine.address import is_server

            if self.database_url is None or not is_server(self.database_url):
                raise ValueError("database_owner_url is for a PostgreSQL database_url")
        return self

    @model_validator(mode="after")
    def _attempt_outlasts_answer(self) -> Self:
        if self.attempt_deadline < self.answer_budget:
            raise ValueError(
                "attempt_deadline must not be shorter than answer_budget: "
                "answering `pending` does not end the attempt"
            )
        return self

    @property
    def key_file(self) -> Path:
        """The file of the sealing keys."""
        return self.secret_key_file or self.data_folder / "secret.key"

    @property
    def witness(self) -> Path:
        """The file of the witness."""
        return self.witness_file or self.data_folder / "panelbridge.witness"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the caller gives, then variables, then the file; no .env and no secrets folder."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def read_config(path: Path | None = None, **given: object) -> ServiceConfig:
    """The configuration of ``path`` (else of ``$PANELBRIDGE_CONFIG``), variables and ``given`` on top.

    Raises ``ConfigInvalid`` naming every error at once, never a setting's value.
    """
    named = os.environ.get(CONFIG_VARIABLE)
    file = path or (Path(named) if named else None)
    _check_file(file)

    class FromFile(ServiceConfig):
        model_config = SettingsConfigDict(toml_file=file)

    config: ServiceConfig | None = None
    complaints = [f"{name}: unknown setting" for name in _unknown_variables()]
    try:
        config = FromFile(**given)  # type: ignore[arg-type]  # validated by the model itself
    except ValidationError as error:
        complaints = [*_lines(error), *complaints]
    if complaints or config is None:
        source = f" (file {file})" if file else ""
        raise ConfigInvalid("\n".join([f"The configuration{source} has errors:", *complaints]))
    return config


def _check_file(file: Path | None) -> None:
    if file is None:
        return
    try:
        with file.open("rb") as stream:
            tomllib.load(stream)
    except OSError as error:
        raise ConfigInvalid(f"The configuration file {file} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"The configuration file {file} is not TOML: {error}") from None


def _unknown_variables() -> list[str]:
    known = {f"{ENV_PREFIX}{name}".upper() for name in ServiceConfig.model_fields} | {CONFIG_VARIABLE}
    return sorted(name for name in os.environ if name.upper().startswith(ENV_PREFIX) and name not in known)


def _lines(error: ValidationError) -> list[str]:
    lines = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        field = ".".join(str(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        variable = f" ({ENV_PREFIX}{field.upper()})" if field in ServiceConfig.model_fields else ""
        lines.append(f"{field}{variable}: {message}" if field else message)
    return lines
