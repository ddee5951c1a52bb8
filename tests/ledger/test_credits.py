from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from panelbridge.ledger import Credits, CreditsInvalid

LIMIT = 10**16
amounts = st.integers(-LIMIT // 4, LIMIT // 4).map(Credits)


@given(amounts, amounts, amounts)
def test_addition_is_associative_and_commutes(a: Credits, b: Credits, c: Credits) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)


@given(amounts, amounts)
def test_what_was_added_can_be_taken_away(a: Credits, b: Credits) -> None:
    assert a + b - b == a
    assert a - b == a + (-b)


@given(amounts.filter(lambda one: abs(one.units) < 10**12), st.integers(0, 1000))
def test_times_is_repeated_addition(a: Credits, times: int) -> None:
    total = Credits(0)
    for _ in range(times):
        total = total + a
    assert a * times == times * a == total


@given(st.integers(-LIMIT + 1, LIMIT - 1).map(Credits))
def test_text_and_back_is_the_same_amount(a: Credits) -> None:
    assert Credits.parse(str(a)) == a


@given(st.integers(-LIMIT + 1, LIMIT - 1))
def test_text_is_the_exact_decimal(units: int) -> None:
    assert Decimal(str(Credits(units))) * 10_000 == units


@given(amounts, amounts)
def test_order_is_that_of_the_units(a: Credits, b: Credits) -> None:
    assert (a < b) == (a.units < b.units)
    assert (a >= b) == (a.units >= b.units)


@pytest.mark.parametrize(
    ("text", "units"), [("1.5", 15_000), ("0.0001", 1), ("-2", -20_000), ("12", 120_000), ("007.10", 71_000)]
)
def test_reads_decimal_text(text: str, units: int) -> None:
    assert Credits(units) == Credits.parse(text)


@pytest.mark.parametrize(
    "bad",
    [
        1.5,
        1.0,
        True,
        None,
        "1e3",
        "1.00001",
        "1,5",
        "",
        " 1",
        "+1",
        "1.",
        ".5",
        "--1",
        "٣",
        "1" * 13,
        "nan",
        b"1",
    ],
)
def test_refuses_by_name_what_is_no_amount(bad: object) -> None:
    with pytest.raises(CreditsInvalid) as caught:
        Credits.parse(bad)  # type: ignore[arg-type]
    assert repr(bad)[:20] in str(caught.value)


def test_refuses_units_that_are_no_integer() -> None:
    with pytest.raises(CreditsInvalid, match=r"1\.5"):
        Credits(1.5)  # type: ignore[arg-type]


def test_refuses_sums_beyond_the_largest_amount() -> None:
    with pytest.raises(CreditsInvalid):
        Credits(LIMIT) + Credits(1)


def test_does_not_mix_with_numbers() -> None:
    with pytest.raises(TypeError):
        Credits(1) + 1  # type: ignore[operator]
    with pytest.raises(TypeError):
        Credits(1) * 1.5  # type: ignore[operator]


class Offer(BaseModel):
    price: Credits


def test_is_text_in_json_both_ways() -> None:
    offer = Offer.model_validate_json('{"price": "1.5"}')
    assert Credits(15_000) == offer.price
    assert {"price": "1.5"} == json.loads(offer.model_dump_json())
    assert Offer(price=Credits(5)).price == Credits(5)


@pytest.mark.parametrize("bad", ["1.5", "1", "true", '"1e3"', '"1.00001"', "null", '"' + "9" * 40 + '"'])
def test_json_numbers_and_malformed_texts_are_refused(bad: str) -> None:
    with pytest.raises(ValidationError):
        Offer.model_validate_json(f'{{"price": {bad}}}')


def test_json_schema_says_text() -> None:
    schema = Offer.model_json_schema()["properties"]["price"]
    assert schema["type"] == "string"
    assert "pattern" in schema
