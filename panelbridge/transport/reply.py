"""What a panel answered, read to its end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn

from panelbridge.contract.exceptions import ContractBroken


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
