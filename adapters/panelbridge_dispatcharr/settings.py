"""Settings of the Dispatcharr backend."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from panelbridge.contract.secret import Secret
from panelbridge.contract.settings import BaseUrl, HeaderSecret, PanelSettings


class DispatcharrSettings(PanelSettings):
    """Besides the address: who we are, by an API key or by name and password, and what a plan leaves open."""

    api_key: HeaderSecret | None = Field(
        default=None, min_length=1, description="API key of an admin (level 10)"
    )
    username: str | None = Field(default=None, min_length=1, description="an admin's name, without API key")
    password: Secret | None = Field(default=None, min_length=1, description="that admin's password")
    stream_limit: int = Field(
        default=1, ge=0, description="streams at a time where the plan names none; 0 = unlimited"
    )
    player_url: BaseUrl | None = Field(
        default=None, description="where players connect; left out: base_url's host"
    )
    late_commit: float = Field(default=60.0, ge=0, description="seconds a lost request may still take effect")
    max_reply_bytes: int = Field(
        default=64 * 1024 * 1024, ge=1024, description="a larger reply is refused; the list comes whole"
    )

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> Self:
        by_name = (self.username is not None, self.password is not None)
        if by_name not in ((True, True), (False, False)) or (self.api_key is None) is not all(by_name):
            msg = "give an api_key, or username and password"
            raise ValueError(msg)
        return self
