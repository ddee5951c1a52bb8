"""The text of an API key: ``pb_live_<id>_<secret>``. Only its SHA-256 is ever stored.

A fast hash is right here: the secret is 40 random characters (238 bits), not a person's password.
"""

from __future__ import annotations

import hashlib
import re
import string
from dataclasses import dataclass

from panelbridge.contract.secret import Secret, random_text
from panelbridge.subscriptions import Mode

_ALPHABET = string.ascii_letters + string.digits
_ID_LENGTH = 10
_SECRET_LENGTH = 40

KEY_PATTERN = re.compile(rf"(pb_(live|test)_[0-9A-Za-z]{{{_ID_LENGTH}}})_[0-9A-Za-z]{{{_SECRET_LENGTH}}}")


@dataclass(frozen=True, kw_only=True)
class KeyText:
    """A key just made. ``text`` is shown once and not stored."""

    prefix: str  # pb_live_<id>: may be shown and logged
    digest: bytes  # SHA-256 of the whole text
    text: Secret


def mint_key(mode: Mode) -> KeyText:
    """A new key of the operating system's randomness."""
    prefix = f"pb_{mode.value}_{random_text(_ID_LENGTH, _ALPHABET)}"
    text = f"{prefix}_{random_text(_SECRET_LENGTH, _ALPHABET)}"
    return KeyText(prefix=prefix, digest=digest_of(text), text=Secret(text))


def digest_of(text: str) -> bytes:
    """What is stored of a key."""
    return hashlib.sha256(text.encode()).digest()


def prefix_of(text: str) -> str | None:
    """The public part of a well-formed key, else ``None``."""
    match = KEY_PATTERN.fullmatch(text)
    return match[1] if match else None
