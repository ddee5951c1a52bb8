"""What backends of one kind tell alike of how to connect. For adapters: ``PanelAdapter.connect``."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode, urlsplit

from panelbridge.contract.exceptions import ContractBroken
from panelbridge.contract.models import ConnectDetail, ConnectKind, SignOn
from panelbridge.contract.secret import Secret


def detail(kind: ConnectKind, label: str, value: str, *, secret: bool = False) -> ConnectDetail:
    """One detail; ``secret`` when it is as good as a password."""
    return ConnectDetail(kind=kind, label=label, value=Secret(value), secret=secret)


def origin_of(address: str) -> str:
    """Scheme, host and port of an address: nothing of its path, which may be secret."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def xtream_login(address: str, username: str, password: Secret | None) -> tuple[ConnectDetail, ...]:
    """For players: the server to log in to, and the same as a playlist. ``address`` ends in a slash."""
    server = detail(ConnectKind.SERVER, "Server (Xtream login)", address.rstrip("/"))
    if password is None or not username:
        return (server,)
    login = {"username": username, "password": password.get_secret_value()}
    query = urlencode({**login, "type": "m3u_plus", "output": "ts"})
    playlist = detail(ConnectKind.PLAYLIST, "Playlist (M3U)", f"{address}get.php?{query}", secret=True)
    return server, playlist


def portal(address: str) -> ConnectDetail:
    """What a set-top box is told; the box is known by its MAC, so the address is no secret."""
    return detail(ConnectKind.PORTAL, "Portal address", address)


def one_time_login(url: str, base_url: str, expires_at: datetime | None) -> SignOn:
    """A login that the panel made, when it leads to the panel's own host. Raises ``ContractBroken``."""
    home = urlsplit(base_url)
    try:
        parts = urlsplit(url)
        leads_home = parts.scheme in ("https", home.scheme) and parts.hostname == home.hostname
    except ValueError:
        raise ContractBroken("the one-time login is no address") from None
    if not leads_home:
        raise ContractBroken(
            "the one-time login leads to another host than the panel's",
            advice="Enter the address under the name by which the server calls itself.",
        )
    return SignOn(url=Secret(url), expires_at=expires_at)
