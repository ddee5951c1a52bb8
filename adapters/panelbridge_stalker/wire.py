"""The list of every account comes whole, in one answer: it is read row by row, so that only text is held."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from panelbridge.contract.exceptions import ContractBroken
from panelbridge.transport import PanelReply

_HEAD = re.compile(rb'\s*\{\s*"status"\s*:\s*"OK"\s*,\s*"results"\s*:\s*\[')
_COMMA = re.compile(r"\s*,\s*")
_END = re.compile(r"\s*\]")
_SPACE = re.compile(r"\s*")
_DECODER = json.JSONDecoder(parse_float=Decimal)


def streams(reply: PanelReply) -> bool:
    """Whether the body begins as the protocol promises a list; anything else is for ``PanelReply.json``."""
    return _HEAD.match(reply.body) is not None


def rows_of(reply: PanelReply) -> Iterator[Any]:
    """Each row of ``results``, decoded when it is asked for. Raises ``ContractBroken`` where the text breaks
    off, after the rows before it: who collects them then has an error and no part of a list.
    """
    head = _HEAD.match(reply.body)
    try:
        yield from _rows(reply.body.decode(), head.end() if head else 0)  # the head is ASCII: bytes are signs
    except (ValueError, RecursionError):
        broken = "the panel's list of accounts is no complete JSON"
    else:
        return
    raise ContractBroken(broken)


def _rows(text: str, start: int) -> Iterator[Any]:
    at = _skip(_SPACE, text, start)
    end = _END.match(text, at)
    while end is None:
        row, at = _DECODER.raw_decode(text, at)
        yield row
        end = _END.match(text, at)
        if end is None:
            at = _skip(_COMMA, text, at)
    # What follows the list, such as the server's notices, must close the object it began in.
    json.loads('{"results":0' + text[end.end() :])


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    if found is None:
        msg = "another sign was promised here"
        raise ValueError(msg)
    return found.end()
