"""Settings of a Stalker or Ministra portal: its REST credential, its zone, whether it keeps expiry dates."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from panelbridge.contract.secret import Secret
from panelbridge.contract.settings import BaseUrl, PanelSettings


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # what a name that is none of the zone database's raises
        msg = "must be a zone of the IANA database, such as Europe/Berlin"
        raise ValueError(msg) from None
    return name


class StalkerSettings(PanelSettings):
    """``base_url`` ends in ``/stalker_portal/api/`` or ``/stalker_portal/api/v1/``."""

    api_login: str = Field(
        description="api_auth_login of the portal's server configuration",
        min_length=1,
        max_length=128,
        pattern=r"^[^:\x00-\x1f]+$",  # Basic authentication ends a login at the first colon
    )
    api_password: Secret = Field(description="api_auth_password of the portal's server configuration")
    time_zone: Annotated[str, AfterValidator(_check_zone)] = Field(
        default="UTC", description="zone of the portal's server, in which it reads and writes dates"
    )
    internal_billing: bool = Field(
        default=True,
        description="the portal has internal billing enabled: it shows and enforces expiry dates; "
        "if not, the bridge suspends when the paid time has passed",
    )
    portal_url: BaseUrl | None = Field(
        default=None, description="the address that boxes are told; left out: the portal's own, ending in /c/"
    )
    max_reply_bytes: int = Field(
        default=32 * 1024 * 1024,
        ge=1024,
        description="a larger reply is refused; the list of all accounts comes as one reply",
    )
