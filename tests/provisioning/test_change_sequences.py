"""Random lives of upgrades, downgrades, early renewals, gifts, connections and terms: no gain, no loss.

The oracle keeps a purse for every single day, so it shares nothing with the rule but the price list. Seed and
number of lives are printed; SOAK_CHANGE_LIVES makes it longer.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil

import pytest

from panelbridge.contract.models import Term
from panelbridge.ledger import Credits
from panelbridge.provisioning import ChangeCommand, RenewCommand
from tests.support.rig import Rig

SEED = int(os.environ.get("SOAK_SEED", "20261130"))
LIVES = int(os.environ.get("SOAK_CHANGE_LIVES", "500"))
STEPS = 5
START = datetime(2027, 1, 15, tzinfo=UTC)
UNIT = Fraction(1, 10_000)
PRICES = {
    "basic": {"1m": 1, "12m": 10, "30d": 1},
    "deluxe": {"1m": 3, "12m": 36},
    "family": {"1m": 2, "3m": 5},
}
EXTRA = 1  # a month, a year or thirty days alike: rigs sell it so
PACKAGES = {"basic": "basic-1m", "deluxe": "family-1m", "family": "basic-12m"}


@dataclass(frozen=True)
class Day:
    """A day of entitlement: what was paid for it, and its part of a calendar month (None: sold in days)."""

    date: datetime
    paid: Fraction
    months: Fraction | None
    gift: bool = False


class Life:
    """What one service owes and has, day by day."""

    def __init__(self, plan: str, term: str, connections: int) -> None:
        self.plan, self.term, self.connections = plan, term, connections
        self.days: list[Day] = []
        self.spent = Fraction()
        self.start, self.months = START, 0

    def price(self) -> Fraction:
        return Fraction(PRICES[self.plan][self.term] + EXTRA * (self.connections - 1))

    def buy(self, *, gift_days: int = 0) -> None:
        """One period more, counted from the end of the last."""
        begins = self.until
        length = Term(days=gift_days) if gift_days else Term.parse(self.term)
        if length.months:
            self.months += length.months
        else:
            self.start, self.months = begins + timedelta(days=length.days), 0
        count = (self.until - begins).days
        paid = Fraction() if gift_days else self.price()
        months = Fraction(length.months, count) if length.months else None
        self.days += [
            Day(begins + timedelta(days=index), paid / count, months, gift=bool(gift_days))
            for index in range(count)
        ]
        self.spent += paid

    @property
    def until(self) -> datetime:
        index = self.start.year * 12 + self.start.month - 1 + self.months
        return self.start.replace(year=index // 12, month=index % 12 + 1)  # the 15th: no month is too short

    def change(self, now: datetime, plan: str, term: str, charged: Fraction) -> None:
        """A value that grows is spread anew, one that does not stays. ``charged`` must be right to a unit."""
        self.plan, self.term = plan, term
        left = [day for day in self.days if day.date >= now]
        worth = [day if day.gift else replace(day, paid=self.price() * self._terms(day, now)) for day in left]
        had, has = (sum((day.paid for day in days), Fraction()) for days in (left, worth))
        owed = max(0, ceil((has - had) / UNIT)) * UNIT
        assert abs(charged - owed) <= UNIT  # the books' clock is some milliseconds past midnight
        if charged:
            self.days = [day for day in self.days if day.date < now]
            self.days += [replace(day, paid=day.paid * (had + charged) / has) for day in worth]
        self.spent += charged

    def _terms(self, day: Day, now: datetime) -> Fraction:
        term = Term.parse(self.term)
        if day.months is not None and term.months:
            return day.months / term.months
        if not term.months:
            return Fraction(1, term.days)
        index = now.year * 12 + now.month - 1 + term.months
        return Fraction(1, (now.replace(year=index // 12, month=index % 12 + 1) - now).days)


def test_the_books_equal_a_purse_for_each_day(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    with rig.units.read() as unit:
        panel = unit.panels.named("main")
    assert panel is not None
    for plan, terms in PRICES.items():
        sold = {term: (PACKAGES[plan], str(price)) for term, price in terms.items()}
        rig.add_plan(plan, panel, sold, connections=1)
    rig.top_up("900000", key="for-all")
    draw = random.Random(SEED)
    done: Counter[str] = Counter()
    for number in range(LIVES):
        rig.clock.set_to(START)
        _live(rig, draw, 1000 + number, done)
    with capsys.disabled():
        print(f"\n{LIVES} lives, seed {SEED}: {', '.join(f'{done[name]} {name}' for name in sorted(done))}")


def _live(rig: Rig, draw: random.Random, service: int, done: Counter[str]) -> None:
    plan = draw.choice(list(PRICES))
    life = Life(plan, draw.choice(list(PRICES[plan])), draw.choice([1, 1, 3]))
    before = rig.wallet().balance
    rig.provisioner.submit(rig.create(service, plan, life.term, connections=life.connections))
    life.buy()
    day = START
    for step in range(draw.randint(1, STEPS)):
        kind = draw.choice(["change", "change", "change and back", "renewal", "gift", "days"])
        if kind == "days":
            day = min(day + timedelta(days=draw.choice([1, 7, 20, 45])), life.until - timedelta(days=1))
            rig.clock.set_to(day)
        elif kind == "renewal":
            rig.provisioner.submit(_renewal(rig, service, f"item:{step}"))
            life.buy()
        elif kind == "gift":
            gift = draw.choice([1, 5])
            rig.provisioner.submit(
                replace(_renewal(rig, service, f"token:{step}"), by=Term(days=gift), gift=True)
            )
            life.buy(gift_days=gift)
        else:
            was = (life.plan, life.term)
            _change(rig, service, life, day, *_another(draw))
            if kind == "change and back":
                _change(rig, service, life, day, *was)
        done[kind] += 1
        context = f"life {service - 1000} of seed {SEED}, step {step}: {kind}"
        units = (before - rig.wallet().balance).units
        assert units == life.spent / UNIT, context


def _change(rig: Rig, service: int, life: Life, day: datetime, plan: str, term: str) -> None:
    command = ChangeCommand(
        installation=rig.installation, service_id=service, actor="x", plan=plan, term=Term.parse(term)
    )
    charged = rig.provisioner.submit(command).operation.price
    if (plan, term) != (life.plan, life.term):
        life.change(day, plan, term, charged.units * UNIT)
    else:
        assert charged == Credits()


def _another(draw: random.Random) -> tuple[str, str]:
    plan = draw.choice(list(PRICES))
    return plan, draw.choice(list(PRICES[plan]))


def _renewal(rig: Rig, service: int, fact: str) -> RenewCommand:
    return RenewCommand(installation=rig.installation, service_id=service, actor="cron", fact=fact)
