"""Settings of the Tvheadend backend."""

from __future__ import annotations

from pydantic import Field

from panelbridge.contract.secret import Secret
from panelbridge.contract.settings import BaseUrl, PanelSettings


class TvheadendSettings(PanelSettings):
    """Besides the address: who we are, and what every account gets that a plan does not name."""

    username: str = Field(
        # It stands in quotes in the Digest header, before a colon in what is hashed.
        pattern=r'^[^\x00-\x1f":\\\x7f-\U0010ffff]+$',
        description="name of a Tvheadend user with the admin right",
    )
    password: Secret = Field(min_length=1, description="that user's password")
    prefix: str = Field(
        default="0.0.0.0/0,::/0", min_length=1, description="networks a customer may come from"
    )
    streaming: tuple[str, ...] = Field(
        default=("basic", "htsp"), description="streaming rights: basic, advanced, htsp"
    )
    conn_limit: int = Field(
        default=1, ge=0, description="connections where the plan names none; 0 = unlimited"
    )
    conn_limit_type: int = Field(default=0, ge=0, description="what the limit counts; 0 = everything")
    page_rows: int = Field(default=500, ge=2, le=5000, description="rows asked for at a time")
    player_url: BaseUrl | None = Field(default=None, description="where players connect; left out: base_url")
    late_commit: float = Field(default=60.0, ge=0, description="seconds a lost request may still take effect")
