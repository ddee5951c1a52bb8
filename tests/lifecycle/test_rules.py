"""Rules of dates and money, over all dates: what drifts, or counts a month as thirty days, fails here."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelbridge.contract.models import Term
from panelbridge.lifecycle import Anchor, PaidPeriod, add_term, after_change, change_charge

MONTH, YEAR = Term(months=1), Term(months=12)
days = st.dates(min_value=date(2024, 1, 1), max_value=date(2036, 12, 31))
moments = st.builds(
    lambda day, seconds: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=seconds),
    days,
    st.integers(0, 86_399),
)
prices = st.integers(1, 10_000_000)


def period(start: datetime, term: Term, paid: int) -> PaidPeriod:
    return PaidPeriod.of(term, start=start, until=add_term(start, term), paid=paid)


def prepaid(start: datetime, count: int, paid: int) -> list[PaidPeriod]:
    anchor, periods = Anchor(start=start), []
    for _ in range(count):
        longer = anchor.plus(MONTH)
        periods.append(PaidPeriod.of(MONTH, start=anchor.until, until=longer.until, paid=paid))
        anchor = longer
    return periods


@given(moments, st.integers(1, 48))
def test_a_month_keeps_the_day_it_began_on(start: datetime, count: int) -> None:
    anchor = Anchor(start=start)
    for _ in range(count):
        anchor = anchor.plus(MONTH)
    ends = anchor.until

    assert ends.day == min(start.day, monthrange(ends.year, ends.month)[1])
    assert (ends.year * 12 + ends.month) - (start.year * 12 + start.month) == count
    assert ends.timetz() == start.timetz()


@given(moments)
def test_twelve_months_end_where_a_year_does(start: datetime) -> None:
    anchor = Anchor(start=start)
    for _ in range(12):
        anchor = anchor.plus(MONTH)

    assert anchor.until == add_term(start, YEAR)


@given(moments, st.integers(1, 13))
def test_prepaid_months_cost_as_many_whole_differences(start: datetime, count: int) -> None:
    charge = change_charge(prepaid(start, count, 10_000), price=30_000, term=MONTH, now=start)

    assert charge == 20_000 * count


@given(moments, prices, prices)
def test_a_month_of_any_length_is_worth_one_twelfth_of_a_year(start: datetime, old: int, new: int) -> None:
    """February is no shorter month than July, for whoever changes on its first second."""
    month = period(start, MONTH, old)

    assert change_charge([month], price=12 * new, term=YEAR, now=start) == max(0, new - old)


@given(moments, st.integers(1, 99), prices, prices)
def test_half_of_the_time_is_half_of_the_difference(start: datetime, hours: int, old: int, new: int) -> None:
    length = timedelta(hours=2 * hours)
    whole = PaidPeriod.of(MONTH, start=start, until=start + length, paid=old)

    charge = change_charge([whole], price=new, term=MONTH, now=start + length / 2)

    assert charge == max(0, -(-(new - old) // 2))


@given(moments, prices, prices, st.floats(0, 1), st.integers(1, 6))
def test_up_down_and_up_again_is_paid_once(
    start: datetime, old: int, new: int, used: float, count: int
) -> None:
    periods: list[PaidPeriod] | tuple[PaidPeriod, ...] = prepaid(start, count, old)
    now = start + (periods[0].until - start) * used
    paid = 0
    for price in (new, old, new, old, new):
        charge = change_charge(periods, price=price, term=MONTH, now=now)
        periods = after_change(periods, price=price, term=MONTH, now=now, charge=charge)
        paid += charge

    assert paid == change_charge(prepaid(start, count, old), price=new, term=MONTH, now=now)


@pytest.mark.parametrize("used", [1.0, 1.5])
def test_what_is_over_costs_nothing(used: float) -> None:
    start = datetime(2027, 6, 1, tzinfo=UTC)
    month = period(start, MONTH, 10_000)

    assert change_charge([month], price=90_000, term=MONTH, now=start + (month.until - start) * used) == 0


def test_between_days_and_months_the_month_is_the_one_that_begins_at_the_change() -> None:
    start = datetime(2027, 2, 1, tzinfo=UTC)  # to 1 March: 28 days
    days_sold = period(start, Term(days=28), 10_000)

    assert change_charge([days_sold], price=30_000, term=MONTH, now=start) == 20_000
