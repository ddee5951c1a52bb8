"""What an operator fills in: where the tables are, and who may write them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from panelbridge.contract.secret import Secret
from panelbridge.contract.settings import Allowances

_PORTS = {"postgresql": 5432, "mysql": 3306}


class Kind(StrEnum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"
    MYSQL = "mysql"  # MariaDB as well


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ValueError("must be a time zone such as UTC or Europe/Berlin") from None
    return name


class FreeRadiusSettings(Allowances):
    """The database of one FreeRADIUS: the tables its SQL module reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = Field(default=Kind.SQLITE, description="which database the tables are in")
    database: str = Field(min_length=1, description="its name; with sqlite the file's path on this machine")
    host: str = Field(default="127.0.0.1", description="where it listens; not for sqlite")
    port: int | None = Field(default=None, ge=1, le=65535, description="empty: the database's own default")
    username: str = Field(default="", description="database login with the right to write the rad* tables")
    password: Secret | None = Field(default=None, description="of that login")
    tls: bool = Field(default=False, description="demand TLS of the database; needed beyond this machine")
    daloradius: bool = Field(
        default=False, description="daloRADIUS reads the same tables: our reference is kept in userinfo.notes"
    )
    reject_group: str = Field(
        default="daloRADIUS-Disabled-Users",
        pattern=r"^[A-Za-z0-9_.-]{1,64}$",
        description="group of suspended users; this default is the one daloRADIUS shows as disabled",
    )
    time_zone: Annotated[str, AfterValidator(_check_zone)] = Field(
        default="UTC", description="zone of the RADIUS server, for dates that other programs wrote as text"
    )
    total_timeout: float = Field(default=10.0, gt=0, le=600, description="seconds for one whole call")
    max_connections: int = Field(default=4, ge=1, le=64, description="calls at the same time")

    @property
    def used_port(self) -> int | None:
        return self.port or _PORTS.get(self.kind.value)

    @model_validator(mode="after")
    def _a_server_has_a_login(self) -> Self:
        if self.kind is not Kind.SQLITE and not self.username:
            raise ValueError("username: a database server needs a login")
        return self
