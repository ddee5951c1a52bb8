"""What the headers of a request say, checked once."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers

from whmcs_module_shim.auth.caller import Access, Caller
from whmcs_module_shim.problems import Problem

_MODULE_ID = re.compile(r"[0-9a-f]{32}")
_VERSION = re.compile(r"[0-9A-Za-z.+ _-]{1,40}")
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
_MAX_URL = 500
_MIN_BUDGET = 0.1


def bearer(headers: Headers) -> str:
    """The key of the Authorization header. Raises ``unauthorized``."""
    scheme, _, text = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise Problem(
            "unauthorized",
            "Send the API key as `Authorization: Bearer pb_…`.",
            headers={"WWW-Authenticate": 'Bearer realm="panelbridge"'},
        )
    return text.strip()


def read_caller(
    access: Access, headers: Headers, *, request_id: str, remote_address: str, budget: float
) -> Caller:
    """The caller. Raises ``mode_mismatch``, or ``invalid_request`` naming the header that is wrong."""
    mode = headers.get("Panelbridge-Mode")
    if mode is not None and mode != access.key.mode.value:
        raise Problem(
            "mode_mismatch",
            f"The server record says {mode[:20]!r} and the key is a {access.key.mode.value} key.",
            field="Panelbridge-Mode",
        )
    deadline = _number(headers, "Panelbridge-Deadline")
    url = headers.get("Panelbridge-System-Url")
    return Caller(
        key=access.key,
        installation=access.installation,
        request_id=request_id,
        budget=budget if deadline is None else max(_MIN_BUDGET, min(deadline, budget)),
        remote_address=remote_address,
        system_url=canonical_url(url) if url is not None else None,
        module_id=_text(headers, "Panelbridge-Installation", _MODULE_ID, "32 hexadecimal characters"),
        module_version=_text(headers, "Panelbridge-Module", _VERSION, "a version"),
        whmcs_version=_text(headers, "Panelbridge-Whmcs", _VERSION, "a version"),
        module_time=_number(headers, "Panelbridge-Time"),
    )


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


def _text(headers: Headers, name: str, pattern: re.Pattern[str], what: str) -> str | None:
    value = headers.get(name)
    if value is not None and pattern.fullmatch(value) is None:
        raise Problem("invalid_request", f"{name} must be {what}.", field=name)
    return value


def _number(headers: Headers, name: str) -> float | None:
    value = headers.get(name)
    if value is None:
        return None
    if _NUMBER.fullmatch(value) is None:
        raise Problem("invalid_request", f"{name} must be a number of seconds.", field=name)
    return float(value)
