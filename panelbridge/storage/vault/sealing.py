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
import threading
from collections import OrderedDict
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from panelbridge.contract.secret import Secret
from panelbridge.ledger.chain import KEY_BYTES, ChainKeys
from panelbridge.storage.exceptions import VaultError

_Place = tuple[str, str, str]  # table, row, field


class SealedSecret(Secret):
    """A secret at rest, opened when its text is asked for and no sooner: a broken one breaks no list."""

    def __init__(self, vault: Vault, sealed: str, place: _Place) -> None:
        super().__init__("sealed")  # what a slip would show in place of the secret
        self._vault, self.sealed, self.place = vault, sealed, place

    def get_secret_value(self) -> str:
        """Raises ``VaultError``."""
        table, row, field = self.place
        return self._vault.open(self.sealed, table=table, row=row, field=field).get_secret_value()

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self.get_secret_value())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SealedSecret) and (self.sealed, self.place) == (other.sealed, other.place):
            return True
        try:
            return isinstance(other, Secret) and self.get_secret_value() == other.get_secret_value()
        except VaultError:
            return False  # what cannot be opened equals nothing

    def __hash__(self) -> int:
        return hash(self.get_secret_value())


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
        witness = {_key_id(key): _derived(key, "witness") for key in raw}
        self._witness = ChainKeys(current=_key_id(raw[0]), keys=witness)
        self._kept = _Kept()

    def __repr__(self) -> str:
        return f"Vault(current={self._chain.current!r})"

    @property
    def chain(self) -> ChainKeys:
        """The ledger's HMAC keys, one for each key of the file."""
        return self._chain

    @property
    def witness(self) -> ChainKeys:
        """The HMAC keys of the witness, one for each key of the file."""
        return self._witness

    def seal(self, secret: Secret, *, table: str, row: str, field: str) -> str:
        """Text that only this vault opens, and only for this table, row and field."""
        place = (table, row, field)
        content = json.dumps([*place, secret.get_secret_value()])
        sealed = self._ring.encrypt(content.encode()).decode("ascii")
        self._kept.keep(place, sealed, secret)
        return sealed

    def keep(self, secret: Secret, *, table: str, row: str, field: str) -> str:
        """Like ``seal``, but a secret last seen at that place unchanged keeps its sealed value."""
        if isinstance(secret, SealedSecret) and secret.place == (table, row, field):
            return secret.sealed  # it comes from there
        known = self._kept.sealed((table, row, field), secret)
        return known if known is not None else self.seal(secret, table=table, row=row, field=field)

    def at_rest(self, sealed: str, *, table: str, row: str, field: str) -> Secret:
        """The secret that ``sealed`` holds, opened only when its text is asked for."""
        return SealedSecret(self, sealed, (table, row, field))

    def open(self, sealed: str, *, table: str, row: str, field: str) -> Secret:
        """Raises ``VaultError`` for another place, an unknown key or a changed value."""
        known = self._kept.opened((table, row, field), sealed)
        if known is not None:
            return known
        place = f"{table}.{field} of row {row}"
        try:
            content = json.loads(self._ring.decrypt(sealed.encode()))
        except (InvalidToken, ValueError):
            raise VaultError(f"{place}: sealed with a key that is not in the key file, or changed") from None
        if content[:3] != [table, row, field]:
            raise VaultError(f"{place}: this value was sealed for another place")
        secret = Secret(content[3])
        self._kept.keep((table, row, field), sealed, secret)
        return secret

    def rotate(self, sealed: str) -> str:
        """The same secret for the same place, sealed with the newest key."""
        try:
            return self._ring.rotate(sealed.encode()).decode("ascii")
        except InvalidToken:
            raise VaultError("a value to rotate was sealed with a key that is not in the key file") from None

    def fingerprint(self, *parts: str) -> str:
        """HMAC-SHA256 over the parts, in hex: equal for equal parts, and says nothing about them."""
        joined = b"".join(len(part := text.encode()).to_bytes(8, "big") + part for text in parts)
        return hmac.new(self._fingerprint_key, joined, hashlib.sha256).hexdigest()


class _Kept:
    """The pairs of sealed value and secret last used, by place. In memory only, where the secrets are anyway.

    An operation is read and saved several times within a second; without this each time costs a decryption
    or an encryption.
    """

    _MOST = 512

    def __init__(self) -> None:
        self._pairs: OrderedDict[_Place, tuple[str, Secret]] = OrderedDict()
        self._lock = threading.Lock()

    def opened(self, place: _Place, sealed: str) -> Secret | None:
        """The secret of exactly that sealed value at that place."""
        pair = self._pairs.get(place)
        return pair[1] if pair is not None and pair[0] == sealed else None

    def sealed(self, place: _Place, secret: Secret) -> str | None:
        """The sealed value of that secret at that place."""
        pair = self._pairs.get(place)
        return pair[0] if pair is not None and pair[1] == secret else None

    def keep(self, place: _Place, sealed: str, secret: Secret) -> None:
        """Remember the pair; the oldest goes."""
        with self._lock:
            self._pairs[place] = (sealed, secret)
            self._pairs.move_to_end(place)
            if len(self._pairs) > self._MOST:
                self._pairs.popitem(last=False)


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
