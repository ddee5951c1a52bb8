"""How a customer connects: what he types into his box, player, mail program or telephone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from panelbridge.contract.secret import Secret


class ConnectKind(StrEnum):
    """What a detail is, for whoever shows it. The label says the rest in words."""

    ACCESS_KEY = "access_key"  # opens the service by itself: ss://, vless://, or a link to such keys
    PORTAL = "portal"  # the address a set-top box is told
    PLAYLIST = "playlist"  # the address of an M3U list
    SERVER = "server"  # a host, with its port where that is not the usual one
    WEB = "web"  # a page to log in to


@dataclass(frozen=True, kw_only=True)
class ConnectDetail:
    """One line of it. The value is never printed by accident, secret or not."""

    kind: ConnectKind
    label: str  # for the customer, such as "Playlist (M3U)"
    value: Secret
    secret: bool  # as good as a password: shown only where a password is
