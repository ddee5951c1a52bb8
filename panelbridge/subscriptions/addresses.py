"""Which records name one and the same panel: two resellers may each have a record of it."""

from __future__ import annotations

from urllib.parse import urlsplit

from panelbridge.contract.secret import readable
from panelbridge.subscriptions.panels import Panel

_DEFAULT_PORTS = {"http": 80, "https": 443}
_PARTS = ("host", "port", "database")  # of a panel that is reached through its database


def same_panel(one: Panel, other: Panel) -> bool:
    """Whether both are at one address. Another credential there still meets the same accounts."""
    return one.id == other.id or address(one) == address(other)


def address(panel: Panel) -> tuple[str, ...]:
    """Where the panel is, in one spelling; with or without TLS is the same place."""
    url = str(panel.settings.get("base_url") or readable(panel.secrets.get("base_url")) or "")
    if not url:
        return (panel.backend, *(str(panel.settings.get(part, "")).lower() for part in _PARTS))
    parts = urlsplit(url)
    usual = parts.port in (None, _DEFAULT_PORTS.get(parts.scheme))
    port = "" if usual else str(parts.port)
    return ((parts.hostname or "").rstrip("."), port, parts.path.strip("/"))
