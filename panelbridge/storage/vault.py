"""Secrets at rest: sealed with rotatable keys, and bound to the place they were sealed for.

A sealed value carries its table, row and field inside the encryption, so a value copied into another row is
refused there. Fingerprints and the ledger's chain use keys derived from the same key file.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from panelbridge.ledger.chain import KEY_BYTES, ChainKeys
from panelbridge.secret import Secret
from panelbridge.storage.exceptions import VaultError


class Vault:
    """Seals and opens secrets. ``keys`` are Fernet keys (urlsafe base64 of 32 bytes), newest first.

    The newest seals; every key opens. Old keys stay in the file: the ledger's older links were signed with
    keys derived from them.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        raw = [_raw(key) for key in keys]
        if not raw:
            raise VaultError("the vault needs at least one key")
        self._ring = MultiFernet([Fernet(key) for key in keys])
        # From the oldest key, so that a rotation does not make every known fingerprint a stranger.
        self._fingerprint_key = _derived(raw[-1], "fingerprint")
        chain = {_key_id(key): _derived(key, "ledger chain") for key in raw}
        self._chain = ChainKeys(current=_key_id(raw[0]), keys=chain)

    def __repr__(self) -> str:
        return f"Vault(current={self._chain.current!r})"

    @property
    def chain(self) -> ChainKeys:
        """The ledger's HMAC keys, one for each key of the file."""
        return self._chain

    def seal(self, secret: Secret, *, table: str, row: str, field: str) -> str:
        """Text that only this vault opens, and only for this table, row and field."""
        content = json.dumps([table, row, field, secret.get_secret_value()])
        return self._ring.encrypt(content.encode()).decode("ascii")

    def open(self, sealed: str, *, table: str, row: str, field: str) -> Secret:
        """Raises ``VaultError`` for another place, an unknown key or a changed value."""
        place = f"{table}.{field} of row {row}"
        try:
            content = json.loads(self._ring.decrypt(sealed.encode()))
        except (InvalidToken, ValueError):
            raise VaultError(f"{place}: sealed with a key that is not in the key file, or changed") from None
        if content[:3] != [table, row, field]:
            raise VaultError(f"{place}: this value was sealed for another place")
        return Secret(content[3])

    def rotate(self, sealed: str) -> str:
        """The same secret for the same place, sealed with the newest key."""
        try:
            return self._ring.rotate(sealed.encode()).decode("ascii")
        except InvalidToken:
            raise VaultError("a value to rotate was sealed with a key that is not in the key file") from None

    def fingerprint(self, *parts: str) -> str:
        """HMAC-SHA256 over the parts, in hex: equal for equal parts, and tells nothing about them."""
        joined = b"".join(len(part := text.encode()).to_bytes(8, "big") + part for text in parts)
        return hmac.new(self._fingerprint_key, joined, hashlib.sha256).hexdigest()


def _raw(key: bytes) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(key)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise VaultError("a vault key is the urlsafe base64 of 32 bytes")
    return raw


def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.new(key, f"panelbridge {purpose} 1".encode(), hashlib.sha256).digest()


def _key_id(key: bytes) -> str:
    return _derived(key, "key id").hex()[:16]
