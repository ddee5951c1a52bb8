"""Settings of a DirectAdmin server: whose login key we hold, and what this installation is like."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator, Field

from panelbridge.contract.secret import Secret
from panelbridge.contract.settings import PanelSettings


def _one_word(value: Secret) -> Secret:
    if re.fullmatch(r"[!-~]+", value.get_secret_value()) is None:
        raise ValueError("must be one word of printable ASCII characters")
    return value


def _address(value: str) -> str:
    return str(ip_address(value))


class DirectAdminSettings(PanelSettings):
    """One login of a reseller, or of an admin who acts as one. The port is 2222."""

    login: str = Field(
        pattern=r"^[A-Za-z0-9._-]{1,64}(\|[A-Za-z0-9._-]{1,64})?$",
        description="login name; 'admin|reseller' to act as that reseller",
    )
    key: Annotated[Secret, AfterValidator(_one_word)] = Field(
        description="login key of that name: a second password, restricted to the commands in the README"
    )
    ip: Annotated[str, AfterValidator(_address)] | None = Field(
        default=None, description="address new accounts are put on; empty: the first shared one of ours"
    )
    username_max: int = Field(
        default=10, ge=4, le=16, description="longest login name this server takes; 8 on old ones"
    )
    password_min: int = Field(default=8, ge=5, le=64, description="shortest password this server takes")
    verify_passwords: bool = Field(
        default=True,
        description="log in as the customer after a reset, to see that the new password works; "
        "switch it off where customers may not use the API",
    )
    late_commit: float = Field(
        default=60.0, ge=0, description="seconds in which a lost request may still take effect"
    )

    @property
    def administrator(self) -> str:
        """The login name without the one it acts as."""
        return self.login.partition("|")[0]
