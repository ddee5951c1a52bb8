"""What the legacy API answers: a url-encoded line whose HTML entities are decoded before it is taken apart.

Some entities lack their semicolon, so a plain split at ``&`` tears values up (seen by public clients).
Decoded first, a text can also bring fields of its own along (``&#38error=0``): a field that comes twice is
believed in neither form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl

from panelbridge.contract.exceptions import AuthenticationFailed, ContractBroken
from panelbridge.transport import PanelReply

_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " "}
# Named ones only with their semicolon: without it, `&quota=` would begin with a quotation mark. A number has
# two or three digits: they stand for ASCII characters.
_ENTITY = re.compile(
    r"&(?:#(1[01]\d|12[0-7]|[1-9]\d);?|#x([0-7][0-9a-f]);|(amp|lt|gt|quot|apos|nbsp);)", re.IGNORECASE
)
_LOGIN_FORM = "CMD_LOGIN"  # where the panel's login form leads (vendor's documentation)


class Fields:
    """The fields of one reply, in order."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs

    @classmethod
    def read(cls, reply: PanelReply) -> Fields:
        """Raises ``AuthenticationFailed`` for the login page, ``ContractBroken`` for any other one."""
        try:
            text = reply.body.decode("utf-8-sig").strip()
        except UnicodeDecodeError:
            raise ContractBroken("the panel answered with bytes that are no UTF-8 text") from None
        if text.startswith("<"):
            raise _page(text)
        try:
            pairs = parse_qsl(decoded(text), keep_blank_values=True, errors="strict")
        except ValueError:
            raise ContractBroken("the panel answered with something that is no url-encoded text") from None
        return cls(pairs)

    @property
    def empty(self) -> bool:
        return not self._pairs

    def names(self) -> frozenset[str]:
        return frozenset(name for name, _ in self._pairs)

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self._pairs if key == name)

    def one(self, name: str) -> str:
        """Raises ``ContractBroken`` when the field is missing or comes twice."""
        values = self.all(name)
        if len(values) != 1:
            how = "misses" if not values else "repeats"
            raise ContractBroken(f"the panel's reply {how} a field: {name}", field=name)
        return values[0]

    def reported(self, name: str) -> str:
        """A text for a person; empty when it is not there."""
        return " ".join(self.all(name))


def decoded(text: str) -> str:
    """``text`` with its entities decoded, also those of numbers without a semicolon."""
    return _ENTITY.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1]))
    return chr(int(found[2], 16)) if found[2] else _NAMED[found[3].lower()]


def _page(text: str) -> AuthenticationFailed | ContractBroken:
    """A page is never a success: the login was refused, a right is missing, or something else answers."""
    if _LOGIN_FORM in text:
        return AuthenticationFailed(
            "the panel answered with its login page: login name or key are refused",
            advice="Correct login and key; a key also has a list of addresses that may use it.",
        )
    return ContractBroken(
        "the panel answered with a page: a right is missing, or something else answers there"
    )
