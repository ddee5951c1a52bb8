"""What a failed exchange means for the account; without the exception's text, which may hold the URL."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import requests
import urllib3.exceptions

from panelbridge.contract.exceptions import OutcomeUnknown, PanelError, PanelUnreachable

_TLS_ADVICE = (
    "Check the panel's certificate and the settings ca_file, fingerprint and verify_tls; the bridge repeats."
)

_UNWRITABLE_ADVICE = (
    "Look in the panel's settings for line ends, blanks and letters beyond ASCII in address and keys."
)


def failure_of(error: Exception, where: str, *, sent: bool) -> PanelError:
    """``PanelUnreachable`` while no byte may have left for ``where``, else ``OutcomeUnknown``."""
    timed_out = _has_cause(error, TimeoutError) or isinstance(error, requests.Timeout)
    if sent:
        how = "did not answer in time" if timed_out else "cut the connection before its answer was whole"
        return OutcomeUnknown(f"the panel at {where} {how}")
    if isinstance(error, ValueError):  # requests' own InvalidHeader and InvalidURL are such as well
        return PanelUnreachable(
            f"the request to {where} cannot be written, so nothing was sent", advice=_UNWRITABLE_ADVICE
        )
    if _has_cause(error, ssl.SSLError) or _has_cause(error, urllib3.exceptions.SSLError):
        return PanelUnreachable(f"no trusted TLS connection to {where}", advice=_TLS_ADVICE)
    how = "could not be reached in time" if timed_out else "could not be reached"
    return PanelUnreachable(f"the panel at {where} {how}")


def _causes(error: BaseException | None) -> Iterable[BaseException]:
    """The exception and what it wraps: requests and urllib3 keep that in ``args`` or ``reason``."""
    seen: set[int] = set()
    queue: list[Any] = [error]
    while queue:
        item = queue.pop()
        if isinstance(item, BaseException) and id(item) not in seen:
            seen.add(id(item))
            yield item
            queue += [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]


def _has_cause(error: BaseException, kind: type[BaseException]) -> bool:
    return any(isinstance(cause, kind) for cause in _causes(error))
