"""Settings of an Xtream Codes panel: how to reach it, and what is sold there, for it knows no packages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from panelbridge.contract.secret import Secret
from panelbridge.contract.settings import BaseUrl, PanelSettings

Ids = tuple[Annotated[int, Field(ge=0)], ...]
PackageId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class XtreamPackage(BaseModel):
    """What is written into an account sold as this package."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = Field(default=None, description="as people read it; left out: its id")
    bouquets: Ids = Field(min_length=1, description="ids of the panel's bouquets, such as [1, 2]")
    connections: int = Field(default=1, ge=0, description="simultaneous; 0 = unlimited")
    outputs: Ids = Field(default=(), description="ids of output formats; none: whatever the panel gives")
    trial: bool = False


def _table(value: Any) -> Any:
    """The table itself, or as the JSON text that a command line gives."""
    return json.loads(value) if isinstance(value, str) else value


class XtreamSettings(PanelSettings):
    """Besides the address: the gate's password, and the packages."""

    api_pass: Secret | None = Field(
        default=None, description="the panel's api_pass, if it has one; it also asks for our IP address"
    )
    packages: Annotated[Mapping[PackageId, XtreamPackage], BeforeValidator(_table)] = Field(
        default_factory=dict,
        description='what is sold here, by id: {"basic": {"bouquets": [1, 2], "connections": 1}}',
    )
    player_url: BaseUrl | None = Field(
        default=None, description="where customers' players and boxes connect; left out: the panel's own host"
    )
    member_id: int | None = Field(
        default=None, ge=1, description="id of the panel user who shall own what we create"
    )
    reseller: str | None = Field(
        default=None, min_length=1, description="login name of the panel user whose credit is our balance"
    )
