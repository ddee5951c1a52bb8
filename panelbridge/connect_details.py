"""What backends of one kind tell alike of how to connect. For adapters: ``PanelAdapter.connect``."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from panelbridge.models import ConnectDetail, ConnectKind
from panelbridge.secret import Secret


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
