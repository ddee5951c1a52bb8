"""The byte form is a promise: these bytes must never change for version 1 (docs/ledger.md)."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from panelbridge.ledger import (
    AccountNumber,
    ChainKeyMissing,
    ChainKeys,
    Credits,
    ResellerId,
    Transfer,
    TransferContext,
    TransferId,
    TransferKind,
)
from panelbridge.ledger.chain import GENESIS, Link, form, link, text_digest

DOC = Path(__file__).parents[2] / "docs" / "ledger.md"
KEYS = ChainKeys(current="k1", keys={"k1": b"1" * 32})
PLACE = Link(
    wallet=AccountNumber(5),
    reseller=ResellerId(11),
    sequence=1,
    balance=1_000_000,
    held=300_000,
    key_id="k1",
    text_digest=text_digest(bytes(16), "whmcs", "create", None),
)
TRANSFER = Transfer(
    id=TransferId(2),
    kind=TransferKind.HOLD,
    source=AccountNumber(5),
    target=AccountNumber(2),
    amount=Credits(300_000),
    at=datetime(2026, 1, 31, 12, tzinfo=UTC),
    key="operation:9",
    actor="whmcs",
    context=TransferContext(subscription=501, operation=9, plan="gold", term="1m", reason="create"),
)


def documented(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n```text\n(.*?)\n```", DOC.read_text(), re.DOTALL)
    assert found is not None, name
    return found[1]


def test_the_documented_example_is_what_is_signed() -> None:
    assert documented("form") == form(GENESIS, PLACE, TRANSFER).decode("ascii")


def test_the_documented_link_is_the_hmac_of_the_documented_bytes() -> None:
    independent = hmac.new(b"1" * 32, documented("form").encode(), hashlib.sha256).hexdigest()
    assert documented("link") == independent == link(KEYS, GENESIS, PLACE, TRANSFER)


def test_the_documented_digest_is_that_of_the_documented_text() -> None:
    assert (
        documented("digest") == hashlib.sha256(documented("text").encode()).hexdigest() == PLACE.text_digest
    )


def test_none_and_empty_are_told_apart() -> None:
    salt = bytes(16)
    assert text_digest(salt, "a", "r", None) != text_digest(salt, "a", "r", "")
    assert text_digest(salt, "a", "r\nx", "") != text_digest(salt, "a", "r", "x")


def test_keys_are_long_and_known() -> None:
    with pytest.raises(ChainKeyMissing, match="k2"):
        KEYS.sign(b"x", "k2")
    with pytest.raises(ChainKeyMissing):
        ChainKeys(current="k2", keys={"k1": b"1" * 32})
    with pytest.raises(ValueError, match="32"):
        ChainKeys(current="k1", keys={"k1": b"short"})
    assert "1111" not in repr(KEYS)
