"""Payloads are read strictly, and what is told of a bad one holds nothing of it."""

from __future__ import annotations

import pytest
from pydantic import Field

from panelbridge import ContractBroken, Outcome
from panelbridge.contract.strict import Strict


class Customer(Strict):
    id: int
    name: str
    tags: list[str] = Field(default_factory=list)


def test_what_is_promised_is_read_and_more_is_passed_over() -> None:
    assert Customer.read({"id": 1, "name": "a", "new": True}) == Customer(id=1, name="a")


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        ({"id": "1", "name": "a"}, "id"),
        ({"id": 1}, "name"),
        ({"id": True, "name": "a", "tags": ["x", 5]}, "id, tags.1"),
        (["id"], "all of it"),
        (None, "all of it"),
    ],
)
def test_a_field_that_is_missing_or_of_another_type_is_named(payload: object, fields: str) -> None:
    with pytest.raises(ContractBroken) as caught:
        Customer.read(payload)
    assert caught.value.message == f"the panel's customer lacks or changed: {fields}"
    assert caught.value.outcome is Outcome.UNKNOWN


def test_no_value_is_told() -> None:
    secret = "hush4Secret"
    payload = {"id": secret, "name": [secret]}
    with pytest.raises(ContractBroken) as caught:
        Customer.read(payload)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert secret not in str(caught.value)
