"""What of a panel's settings lets others listen or pretend; each is accepted by a setting of its own."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import BaseModel

_OWN_NAMES = ("localhost", "local", "internal", "lan", "home.arpa")


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """One of them. ``accepted_by`` names the setting that accepts it; ``accepted``: it is set."""

    setting: str
    what: str
    accepted_by: str
    accepted: bool


def exposures(settings: BaseModel) -> tuple[Exposure, ...]:
    """Those that ``settings`` have."""
    found = []
    host = _host_without_tls(settings)
    if host is not None and is_public(host):
        found.append(("base_url", f"what is sent to {host} can be read on the way: no TLS", "allow_http"))
    if _unchecked(settings):
        found.append(
            ("verify_tls", "whoever is on the way can pretend to be the panel", "allow_unverified_tls")
        )
    return tuple(
        Exposure(setting=setting, what=what, accepted_by=name, accepted=bool(getattr(settings, name, False)))
        for setting, what, name in found
    )


def is_public(host: str) -> bool:
    """Whether the way to ``host`` may leave the operator's own network."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        own = name in _OWN_NAMES or name.endswith(tuple(f".{suffix}" for suffix in _OWN_NAMES))
        return "." in name and not own
    return address.is_global


def _host_without_tls(settings: BaseModel) -> str | None:
    url = getattr(settings, "base_url", None)
    if url is not None:
        parts = urlsplit(str(url))
        return parts.hostname if parts.scheme == "http" else None
    if getattr(settings, "tls", True) or getattr(settings, "used_port", None) is None:
        return None
    return str(getattr(settings, "host", ""))


def _unchecked(settings: BaseModel) -> bool:
    https = str(getattr(settings, "base_url", "")).startswith("https:")
    pinned = getattr(settings, "fingerprint", None) is not None
    return https and not pinned and not getattr(settings, "verify_tls", True)
