"""Settings of a 1-Stream panel: two secrets, how it lists, and what our user there may do."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from panelbridge.contract.capabilities import ResendAfter, SerialiseWrites
from panelbridge.contract.settings import BaseUrl, HeaderSecret, PanelSettings


class ListDialect(StrEnum):
    """Which of the two lists of lines the panel has."""

    LINES = "lines"  # /ext/lines: one array, from 1.1.22
    INDEX = "index"  # /ext/lines/index: in pages, from 2.0.10


class OneStreamSettings(PanelSettings):
    """``base_url`` is the provider's panel host; the bridge adds ``ext/`` itself."""

    api_key: HeaderSecret = Field(description="integration key of the panel", min_length=1)
    auth_user: HeaderSecret = Field(
        description="token of the panel user the bridge acts for, and whose credit pays", min_length=1
    )
    list_dialect: ListDialect = Field(
        default=ListDialect.LINES, description="lines (one array) or index (pages, newer panels)"
    )
    may_edit: bool = Field(
        default=False,
        description="our user has the permission for update-advanced, which plain resellers lack; "
        "without it passwords cannot be reset",
    )
    resend_after: ResendAfter | None = Field(
        default=None,
        description="seconds without any effect after which a purchase is sent again, once, same rid; "
        "never: a person is asked; default: ten times the 60 s in which a lost request may take effect",
    )
    serialise_writes: SerialiseWrites = Field(
        default=SerialiseWrites.PER_CREDENTIAL,
        description="whether simultaneous purchases keep the panel's balance right is not known; "
        "none: the provider says that they do",
    )
    player_url: BaseUrl | None = Field(
        default=None,
        description="where customers' players and boxes connect; left out: nothing is told",
    )
    max_reply_bytes: int = Field(
        default=32 * 1024 * 1024,
        ge=1024,
        description="a larger reply is refused; older panels list every line in one reply",
    )
