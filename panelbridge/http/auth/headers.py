"""What the headers of a request say, checked once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from panelbridge.actions.caller import Access, Caller
from panelbridge.actions.problems import Problem
from panelbridge.actions.system_url import canonical_url

_MODULE_ID = re.compile(r"[0-9a-f]{32}")
_VERSION = re.compile(r"[0-9A-Za-z.+ _-]{1,40}")
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
_MIN_BUDGET = 0.1

Environ = Mapping[str, Any]  # of WSGI: a look-up there costs a fifth of one in the framework's headers
_IN_ENVIRON = {
    name: f"HTTP_{name.upper().replace('-', '_')}"
    for name in (
        "Authorization",
        "Panelbridge-Mode",
        "Panelbridge-Deadline",
        "Panelbridge-System-Url",
        "Panelbridge-Installation",
        "Panelbridge-Module",
        "Panelbridge-Whmcs",
        "Panelbridge-Time",
    )
}


def bearer(environ: Environ) -> str:
    """The key of the Authorization header. Raises ``unauthorized``."""
    scheme, _, text = (_header(environ, "Authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise Problem(
            "unauthorized",
            "Send the API key as `Authorization: Bearer pb_…`.",
            headers={"WWW-Authenticate": 'Bearer realm="panelbridge"'},
        )
    return text.strip()


def read_caller(
    access: Access, environ: Environ, *, request_id: str, remote_address: str, budget: float
) -> Caller:
    """The caller. Raises ``mode_mismatch``, or ``invalid_request`` naming the header that is wrong."""
    mode = _header(environ, "Panelbridge-Mode")
    if mode is not None and mode != access.key.mode.value:
        raise Problem(
            "mode_mismatch",
            f"The server record says {mode[:20]!r} and the key is a {access.key.mode.value} key.",
            field="Panelbridge-Mode",
        )
    deadline = _number(environ, "Panelbridge-Deadline")
    url = _header(environ, "Panelbridge-System-Url")
    return Caller(
        key=access.key,
        installation=access.installation,
        request_id=request_id,
        budget=budget if deadline is None else max(_MIN_BUDGET, min(deadline, budget)),
        remote_address=remote_address,
        system_url=canonical_url(url) if url is not None else None,
        module_id=_text(environ, "Panelbridge-Installation", _MODULE_ID, "32 hexadecimal characters"),
        module_version=_text(environ, "Panelbridge-Module", _VERSION, "a version"),
        whmcs_version=_text(environ, "Panelbridge-Whmcs", _VERSION, "a version"),
        module_time=_number(environ, "Panelbridge-Time"),
    )


def _header(environ: Environ, name: str) -> str | None:
    return environ.get(_IN_ENVIRON[name])


def _text(environ: Environ, name: str, pattern: re.Pattern[str], what: str) -> str | None:
    value = _header(environ, name)
    if value is not None and pattern.fullmatch(value) is None:
        raise Problem("invalid_request", f"{name} must be {what}.", field=name)
    return value


def _number(environ: Environ, name: str) -> float | None:
    value = _header(environ, name)
    if value is None:
        return None
    if _NUMBER.fullmatch(value) is None:
        raise Problem("invalid_request", f"{name} must be a number of seconds.", field=name)
    return float(value)
