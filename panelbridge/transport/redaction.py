"""Taking secrets out of text that leaves the process: by the name of a field and by value.

The same secret looks different in a query, a JSON string, a page or a Basic header, so every such form of it
is searched for. Over-redaction is harmless, a leak is not.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from panelbridge.contract.secret import Secret

STARS = "***"

_SECRET_KEY = re.compile(
    r"pass(wd|word|phrase|code)?([-_]?(\d+|confirm\w*|repeat\w*|again|verify))?$|pw$|pwd|secret|token"
    r"|api[-_]?key|access[-_]?(key|code|hash)|private|credential|authori[sz]ation|cookie|signature"
    r"|^auth$|^r?key$|^pin$|sess(ion)?[-_]?id|(^|[-_])t?otp",
    re.IGNORECASE,
)
_SHORTEST_PIECE = 4  # of a secret that is starred inside of words as well
_MIN_BASE64 = 6  # a shorter piece would match by accident


_SECRET_VALUES = re.compile(
    r"(?P<key>pb_(?:live|test)_[0-9A-Za-z]{10})_[0-9A-Za-z]+"  # our own keys: the prefix may be shown
    r"|(?P<url>[a-z][a-z0-9+.-]*://)[^/\s:@]*:[^/\s@]*@"  # user:password in a URL
    r"|(?P<query>[?&;](?:user(?:name)?|pass(?:word)?|token|key|api_?key|mac)=)[^&\s\"']+"  # playlist URLs
    r"|(?P<sql>\[(?:parameters|SQL): ).*",  # what a database error would show
    re.IGNORECASE | re.DOTALL,
)


def redact_text(text: str) -> str:
    """``text`` without keys, URL credentials and database parameters, whoever's they are."""
    return _SECRET_VALUES.sub(lambda match: f"{match[match.lastgroup or 0]}{STARS}", text)


def is_secret_key(name: str) -> bool:
    """Whether a field of this name is never shown."""
    return _SECRET_KEY.search(name) is not None


def _base64_pieces(value: bytes) -> Iterable[str]:
    """What of ``value`` is visible in base64 when it starts at byte 0, 1 or 2 of a group of three."""
    for offset, skip in ((0, 0), (1, 2), (2, 3)):
        text = base64.b64encode(b"\0" * offset + value).decode().rstrip("=")
        whole = (offset + len(value)) // 3 * 4  # the last, partial group depends on what follows
        piece = text[skip:whole]
        if len(piece) >= _MIN_BASE64:
            yield piece
            yield piece.translate(str.maketrans("+/", "-_"))


def _forms(secret: str) -> Iterable[str]:
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


def _found_by(form: str) -> str:
    """A secret of a letter or two stands in half of all words; it is looked for as a word of its own."""
    plain = re.escape(form)
    return plain if len(form) >= _SHORTEST_PIECE else rf"(?<![^\W_]){plain}(?![^\W_])"


class Redactor:
    """Replaces every form of the given secrets by stars. Build once, use often; safe between threads."""

    def __init__(self, secrets: Iterable[Secret | str] = ()) -> None:
        plain = {item.get_secret_value() if isinstance(item, Secret) else item for item in secrets}
        forms = {form for secret in plain if secret for form in _forms(secret)}
        ordered = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_found_by, ordered)), re.IGNORECASE) if ordered else None

    def __repr__(self) -> str:
        return "Redactor(***)"

    def text(self, text: str) -> str:
        """``text`` with every known secret starred."""
        return text if self._pattern is None else self._pattern.sub(STARS, text)

    def fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of ``fields``, starred by key and by value, all levels down."""
        return {
            self.text(str(key)): STARS if is_secret_key(str(key)) else self._any(value)
            for key, value in fields.items()
        }

    def _any(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return self.fields(value)
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self._any(item) for item in value]
        if isinstance(value, bytes):
            return self.text(value.decode("utf-8", "replace"))
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self.text(str(value))


def redact(text: str, secrets: Iterable[Secret | str]) -> str:
    """``text`` with every form of ``secrets`` starred; for many texts keep a ``Redactor``."""
    return Redactor(secrets).text(text)
