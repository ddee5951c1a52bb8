"""The address of a shop, in one spelling."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from panelbridge.actions.problems import Problem

_MAX_URL = 500


@lru_cache(maxsize=256)
def canonical_url(url: str) -> str:
    """Scheme, host, port and path in one spelling; without query, user or trailing slash.

    Raises ``invalid_request``.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or len(url) > _MAX_URL
        or not url.isascii()
    ):
        name = "Panelbridge-System-Url"
        raise Problem("invalid_request", f"{name} must be an http or https address.", field=name)
    shown = f":{port}" if port not in (None, {"http": 80, "https": 443}[parts.scheme]) else ""
    return f"{parts.scheme}://{parts.hostname}{shown}{parts.path.rstrip('/')}"
