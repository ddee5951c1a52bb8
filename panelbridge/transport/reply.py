"""What a panel answered, read to its end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from panelbridge.contract.exceptions import ContractBroken, OutcomeUnknown

LONGEST_WAIT = 3600.0  # seconds: a panel that asks for more is asked again after that


def _refuse_constant(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


@dataclass(frozen=True, kw_only=True)
class PanelReply:
    """A complete reply. Header names are looked up without regard to case; the body is never printed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON; numbers with a point become ``Decimal``, so that no digit is lost.

        Raises ``ContractBroken`` when the body is empty, HTML, truncated or anything else: its message
        says the kind of body, never the body.
        """
        kind: str | None = None
        try:
            text = self.body.decode("utf-8-sig").strip()
            if not text:
                kind = "an empty body"
            elif text.startswith("<"):
                kind = "a page of HTML or XML"
            else:
                return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
        except UnicodeDecodeError:
            kind = "bytes that are no UTF-8 text"
        except (ValueError, RecursionError):
            kind = f"{len(self.body)} bytes that are no complete JSON"
        raise ContractBroken(f"the panel answered {self.status} with {kind} where JSON is promised")


class ReplyTooLarge(OutcomeUnknown):
    """More bytes than the panel's settings allow; asking again would only load the panel again."""


def retry_after(value: str | None) -> float | None:
    """Seconds of a ``Retry-After`` header (a number or an HTTP date), an hour at most.

    ``None`` when it is absent or unreadable.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:  # noqa: PLR2004 - beyond is no waiting time
        return min(float(text), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        wait = (at - datetime.now(UTC)).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, wait), LONGEST_WAIT)
