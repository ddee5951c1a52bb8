"""Settings of the reference backend."""

from __future__ import annotations

from pydantic import Field

from panelbridge.contract.capabilities import Extend, ResendAfter, SerialiseWrites
from panelbridge.contract.settings import HeaderSecret, PanelSettings


class ReferenceSettings(PanelSettings):
    """Besides the address: the token, and what this installation of the panel is like."""

    token: HeaderSecret = Field(description="bearer token of the reseller at the panel")
    extend: Extend = Field(
        default=Extend.SET, description="set: writes a date; add: sells packages only; none: keeps no date"
    )
    late_commit: float = Field(default=60.0, ge=0, description="seconds a lost request may still take effect")
    resend_after: ResendAfter | None = Field(
        default=None,
        description="add: seconds without any effect after which a purchase is sent again, once; never: a "
        "person is asked; default: ten times late_commit",
    )
    serialise_writes: SerialiseWrites = Field(
        default=SerialiseWrites.NONE, description="per_credential: the panel mixes up simultaneous writes"
    )
