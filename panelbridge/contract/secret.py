"""Secret text: a value that refuses to be printed, logged or compared by accident.

pydantic's ``SecretStr`` is used for settings; journaled credentials and wire secrets use the same type, so
that a record's repr shows stars.
"""

from __future__ import annotations

import secrets

from pydantic import SecretStr

Secret = SecretStr


class SecretUnreadable(Exception):
    """A secret at rest that cannot be opened here. The message names the place, never the value."""


# Look-alikes (0 O o 1 l I) are left out: customers type these on a remote control.
LOGIN_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
PASSWORD_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"  # noqa: S105 - an alphabet


def readable(secret: Secret | None) -> str | None:
    """The text of ``secret``; ``None`` when there is none, or one at rest that cannot be opened."""
    try:
        return secret.get_secret_value() if secret is not None else None
    except SecretUnreadable:
        return None


def random_text(length: int, alphabet: str = PASSWORD_ALPHABET) -> str:
    """``length`` characters drawn from ``alphabet`` by the operating system's generator.

    ``alphabet`` has at most 256. The bytes above its largest whole multiple are left out, so that each
    character is equally likely.
    """
    fair = 256 - 256 % len(alphabet)
    text = ""
    while len(text) < length:
        drawn = secrets.token_bytes(2 * length)
        text += "".join(alphabet[byte % len(alphabet)] for byte in drawn if byte < fair)
    return text[:length]
