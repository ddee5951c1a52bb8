"""The forms of one secret: it looks different in a query, a JSON string, a page or a Basic header."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

_SHORTEST_PIECE = 4  # of a secret that is starred inside of words as well
_MIN_BASE64 = 6  # a shorter piece would match by accident


def _base64_pieces(value: bytes) -> Iterable[str]:
    """What of ``value`` is visible in base64 when it starts at byte 0, 1 or 2 of a group of three."""
    for offset, skip in ((0, 0), (1, 2), (2, 3)):
        text = base64.b64encode(b"\0" * offset + value).decode().rstrip("=")
        whole = (offset + len(value)) // 3 * 4  # the last, partial group depends on what follows
        piece = text[skip:whole]
        if len(piece) >= _MIN_BASE64:
            yield piece
            yield piece.translate(str.maketrans("+/", "-_"))


def forms_of(secret: str) -> Iterable[str]:
    """Every form in which a text may show it."""
    yield secret
    yield quote(secret, safe="")
    yield quote(secret)
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield json.dumps(secret)[1:-1].replace("/", "\\/")  # as PHP writes it
    yield html.escape(secret)
    yield repr(secret)[1:-1]
    yield from _base64_pieces(secret.encode())


def found_by(form: str) -> str:
    """A secret of a letter or two stands in half of all words; it is looked for as a word of its own."""
    plain = re.escape(form)
    return plain if len(form) >= _SHORTEST_PIECE else rf"(?<![^\W_]){plain}(?![^\W_])"
