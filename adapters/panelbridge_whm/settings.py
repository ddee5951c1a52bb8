"""Settings of a WHM server: who we sign in as, and how patient its slow calls make us."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from panelbridge.contract.secret import Secret
from panelbridge.contract.settings import PanelSettings


def _fits_a_header(value: Secret) -> Secret:
    if re.fullmatch(r"[!-~]+", value.get_secret_value()) is None:
        raise ValueError("must be one word of printable ASCII characters")
    return value


WhmUser = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class WhmSettings(PanelSettings):
    """One API token of root or of a reseller. The address is the secure WHM port, 2087."""

    user: WhmUser = Field(description="WHM user the token belongs to: a reseller, or root")
    token: Annotated[Secret, AfterValidator(_fits_a_header)] = Field(description="API token of that user")
    owner: WhmUser | None = Field(
        default=None,
        description="WHM user who owns our accounts, where it is another one (root's token only)",
    )
    username_max: int = Field(
        default=8, ge=3, le=16, description="longest login name; 16 on current servers, many allow only 8"
    )
    password_min: int = Field(
        default=10, ge=5, le=64, description="shortest password that the server's strength policy lets pass"
    )
    create_timeout: float = Field(
        default=240.0, gt=0, le=600, description="seconds for a create, which takes minutes where hooks run"
    )
    create_poll: float = Field(
        default=30.0, ge=0, le=600, description="seconds to look for an account whose create was cut off"
    )
    poll_every: float = Field(default=2.0, gt=0, le=60, description="seconds between two of those looks")
    late_commit: float = Field(
        default=240.0, ge=0, description="seconds in which a lost request may still take effect"
    )

    @property
    def owned_by(self) -> str:
        """The WHM user whose accounts are ours."""
        return self.owner or self.user
