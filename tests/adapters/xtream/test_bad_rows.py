"""The panel lists its own users; what is wrong with another's row is no trouble of ours."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.support.ended import ended


def test_our_credit_is_read_beside_a_user_that_cannot_be(panel: Any) -> None:
    with panel.practice.books.writing() as db:
        db.execute("INSERT INTO reg_users (id, username, credits) VALUES (77, 'broken', 'plenty')")
    adapter = panel.adapter(reseller="practice")
    told = ended(adapter.balance).value
    assert getattr(told, "amount", None) == Decimal(100)
    assert ended(adapter.test_connection).outcome == "returned"
