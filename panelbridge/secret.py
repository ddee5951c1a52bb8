"""Secret text: a value that refuses to be printed, logged or compared by accident.

pydantic's ``SecretStr`` is used for settings; journaled credentials and wire secrets use the same type, so
that a record's repr shows stars.
"""

from __future__ import annotations

import secrets

from pydantic import SecretStr

Secret = SecretStr

# Look-alikes (0 O o 1 l I) are left out: customers type these on a remote control.
LOGIN_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
PASSWORD_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"  # noqa: S105 - an alphabet


def random_text(length: int, alphabet: str = PASSWORD_ALPHABET) -> str:
    """``length`` characters drawn from ``alphabet`` by the operating system's generator."""
    return "".join(secrets.choice(alphabet) for _ in range(length))
