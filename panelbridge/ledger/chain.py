"""The HMAC chain: one link for each transfer in each wallet it touches.

The byte form is documented in docs/ledger.md and must never change for a given version line: it is what
makes a changed, removed or inserted row visible, on any database.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from panelbridge.ledger.accounts import AccountNumber, ResellerId
from panelbridge.ledger.transfers import Transfer

VERSION = "panelbridge-ledger-1"
GENESIS = "0" * 64
KEY_BYTES = 32
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class ChainKeyMissing(Exception):
    """A link names a key that is not in the key file."""


@dataclass(frozen=True, kw_only=True)
class ChainKeys:
    """HMAC keys by id, kept outside the database. New links use ``current``; old ones stay to verify."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise ChainKeyMissing(f"the current chain key {self.current!r} is not among the keys given")
        if any(len(key) < KEY_BYTES for key in self.keys.values()):
            raise ValueError("a chain key has at least 32 bytes")

    def sign(self, form: bytes, key_id: str) -> str:
        key = self.keys.get(key_id)
        if key is None:
            raise ChainKeyMissing(f"chain key {key_id!r} is needed and not in the key file")
        return hmac.digest(key, form, "sha256").hex()


@dataclass(frozen=True, kw_only=True)
class Link:
    """Where a transfer stands in one wallet's chain, and what the wallet was after it. Units are raw."""

    wallet: AccountNumber
    reseller: ResellerId
    sequence: int
    balance: int
    held: int
    key_id: str
    text_digest: str


def link(keys: ChainKeys, previous: str, place: Link, transfer: Transfer) -> str:
    """The hex HMAC-SHA256 that follows ``previous`` in the wallet's chain."""
    return keys.sign(form(previous, place, transfer), place.key_id)


def form(previous: str, place: Link, transfer: Transfer) -> bytes:
    """The bytes under the HMAC: one field a line, integers in decimal, text in hex, ``-`` for none."""
    context = transfer.context
    return "\n".join(
        (
            VERSION,
            previous,
            text(place.key_id),
            f"{place.wallet}\n{place.reseller}\n{place.sequence}\n{place.balance}\n{place.held}",
            f"{transfer.id}\n{transfer.kind.value}\n{transfer.source}\n{transfer.target}",
            f"{transfer.amount.units}\n{transfer.released.units}",
            number(transfer.resolves),
            number(transfer.corrects),
            text(transfer.key),
            instant(transfer.at),
            number(context.subscription),
            number(context.operation),
            text(context.plan),
            text(context.term),
            instant(context.period_from),
            instant(context.period_to),
            instant(context.expiry_before),
            instant(context.expiry_after),
            place.text_digest,
        )
    ).encode("ascii")


def text_digest(salt: bytes, actor: str, reason: str, note: str | None) -> str:
    """What the chain keeps of free text: salted, so that erasing text and salt leaves nothing to guess."""
    lines = (VERSION, salt.hex(), text(actor), text(reason), text(note))
    return hashlib.sha256("\n".join(lines).encode("ascii")).hexdigest()


def number(value: int | None) -> str:
    return "-" if value is None else str(int(value))


def text(value: str | None) -> str:
    return "-" if value is None else "x" + value.encode("utf-8", "surrogatepass").hex()


def instant(value: datetime | None) -> str:
    return "-" if value is None else str((value - EPOCH) // MICROSECOND)
