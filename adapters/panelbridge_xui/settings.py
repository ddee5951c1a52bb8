"""Settings of an XC_VM or XUI-style panel: which dialect to speak, and the credentials of both APIs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from panelbridge.contract.capabilities import ResendAfter
from panelbridge.contract.settings import BaseUrl, PanelSettings


class Dialect(StrEnum):
    """Which of the panel's two APIs the bridge writes through."""

    RESELLER = "reseller"  # every create and extension is bought with the reseller's credits
    ADMIN = "admin"  # writes any value, charges nothing


# The access code is one secret path segment; `api_key` travels as a form field.
Segment = Annotated[SecretStr, Field(min_length=1, max_length=128)]
ApiPath = Annotated[
    str, Field(pattern=r"^([A-Za-z0-9_-][A-Za-z0-9._-]*/)*([A-Za-z0-9_-][A-Za-z0-9._-]*)?$", max_length=128)
]


class XuiSettings(PanelSettings):
    """One credential of one panel. The admin credential beside a reseller's is optional and only reads."""

    dialect: Dialect = Field(default=Dialect.RESELLER, description="reseller (buys with credits) or admin")
    access_code: Segment = Field(description="secret path segment of the API, as the panel's owner gave it")
    api_key: SecretStr = Field(description="API key of the panel user the bridge acts as", min_length=1)
    api_path: ApiPath = Field(
        default="",
        description="path behind the access code; empty on XC_VM, 'reseller/index.php' on some re-brandings",
    )
    member_id: int | None = Field(
        default=None, ge=1, description="admin dialect: panel user who owns the lines we create and list"
    )
    admin_access_code: Segment | None = Field(
        default=None, description="reseller dialect: access code of the Admin API, used for look-ups only"
    )
    admin_api_key: SecretStr | None = Field(
        default=None, description="reseller dialect: admin API key, used for look-ups only", min_length=1
    )
    admin_api_path: ApiPath = Field(default="", description="path behind the admin access code")
    resend_after: ResendAfter | None = Field(
        default=None,
        description="reseller dialect: seconds without effect after which a purchase is sent again, once; "
        "never: a person is asked; default: ten times the 60 s in which a lost request may take effect",
    )
    player_url: BaseUrl | None = Field(
        default=None, description="where customers' players and boxes connect; left out: the panel's own host"
    )
    devices: bool = Field(
        default=True, description="MAG and Enigma devices are made and listed too; off: lines only"
    )
    probe_from: int | None = Field(
        default=None, ge=0, description="highest line id known; a lost create is searched from here upwards"
    )
    probe_limit: int = Field(
        default=60, ge=0, le=1000, description="how many line ids one search may ask for; 0 = never search"
    )

    @model_validator(mode="after")
    def _admin_credential_is_whole(self) -> Self:
        if (self.admin_access_code is None) != (self.admin_api_key is None):
            msg = "admin_access_code and admin_api_key belong together: give both or neither"
            raise ValueError(msg)
        return self
