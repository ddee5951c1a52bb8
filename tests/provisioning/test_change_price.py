"""What a change of package costs: each paid second carries what was paid for it, later periods included."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from panelbridge.contract.models import Term
from panelbridge.ledger import Credits
from panelbridge.provisioning import ChangeCommand, Operation, RenewCommand
from panelbridge.subscriptions import Panel
from tests.support.rig import Rig

# A year ahead of the table agreed on: the practice panel keeps to the real date. 2027 is as long as 2026.
JUNE = datetime(2027, 6, 1, tzinfo=UTC)
MID_JUNE = datetime(2027, 6, 16, tzinfo=UTC)
JULY = datetime(2027, 7, 1, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def panel(rig: Rig) -> Panel:
    with rig.units.read() as unit:
        found = unit.panels.named("main")
    assert found is not None
    rig.add_plan("basic", found, {"1m": ("basic-1m", "1"), "12m": ("basic-12m", "10")}, connections=1)
    rig.add_plan("deluxe", found, {"1m": ("family-1m", "3"), "12m": ("basic-12m", "36")}, connections=1)
    return found


def change(rig: Rig, at: datetime, plan: str, term: str = "1m", connections: int | None = None) -> Operation:
    rig.clock.set_to(at)
    command = ChangeCommand(
        installation=rig.installation,
        service_id=501,
        actor="client:1",
        plan=plan,
        term=Term.parse(term),
        connections=connections,
    )
    return rig.provisioner.submit(command).operation


def renew(rig: Rig, item: int, **more: object) -> Operation:
    command = RenewCommand(
        installation=rig.installation, service_id=501, actor="cron", fact=f"item:{item}", **more
    )
    return rig.provisioner.submit(command).operation


def create(rig: Rig, at: datetime, plan: str, term: str = "1m", **more: object) -> None:
    rig.clock.set_to(at)
    rig.provisioner.submit(rig.create(plan=plan, term=term, **more))


def spent(rig: Rig) -> Credits:
    return Credits.parse("100") - rig.wallet().balance


def test_half_a_month_up_costs_half_the_difference_and_down_and_up_again_nothing(
    rig: Rig, panel: Panel
) -> None:
    create(rig, JUNE, "basic")
    assert rig.subscription().entitled_until == JULY

    charged = [change(rig, MID_JUNE, plan).price for plan in ("deluxe", "basic", "deluxe")]

    assert charged == [Credits.parse("1"), Credits(), Credits()]
    assert spent(rig) == Credits.parse("2")


def test_what_the_service_has_already_is_free_whatever_month_it_is_asked_in(rig: Rig, panel: Panel) -> None:
    """Thirty days of 1m=1 were priced by June; a month that begins on 10 February has 28 days."""
    rig.add_plan("days", panel, {"30d": ("basic-1m", "0.5")}, connections=1)
    create(rig, datetime(2027, 1, 31, tzinfo=UTC), "days", "30d")
    change(rig, datetime(2027, 1, 31, tzinfo=UTC), "deluxe")

    again = change(rig, datetime(2027, 2, 10, tzinfo=UTC), "deluxe")

    assert again.price == Credits()
    assert again.hold is None


def test_a_longer_term_of_one_plan_prices_what_is_left_by_months(rig: Rig, panel: Panel) -> None:
    create(rig, JUNE, "gold")

    changed = change(rig, MID_JUNE, "gold", "12m")

    assert changed.price == Credits()  # 0.4167 against 0.5 carried
    assert rig.subscription().entitled_until == JULY
    assert rig.subscription().term == Term(months=12)


def test_half_a_year_is_priced_by_its_twelve_months(rig: Rig, panel: Panel) -> None:
    create(rig, NEW_YEAR, "basic", "12m")

    changed = change(rig, datetime(2027, 7, 2, tzinfo=UTC), "deluxe")

    assert changed.price == Credits.parse("13.0357")


def test_eleven_early_renewals_are_priced_too(rig: Rig, panel: Panel) -> None:
    create(rig, JUNE, "gold")
    for item in range(11):
        renew(rig, item)
    assert spent(rig) == Credits.parse("12")

    changed = change(rig, JUNE, "family")

    assert changed.price == Credits.parse("24")


def test_prepaid_periods_cost_what_single_upgrades_cost(rig: Rig, panel: Panel) -> None:
    create(rig, JUNE, "basic")
    for item in range(4):
        renew(rig, item)
    together = change(rig, MID_JUNE, "deluxe").price

    # The half month that is left, and four whole ones.
    assert together == Credits.parse("1") + Credits.parse("2") * 4


def test_a_change_counts_a_paid_renewal_that_still_waits(rig: Rig, panel: Panel) -> None:
    create(rig, JUNE, "basic")
    command = RenewCommand(installation=rig.installation, service_id=501, actor="cron", fact="item:1")
    waiting = rig.provisioner.submit(command, budget=0.0)
    assert waiting.pending

    changed = change(rig, MID_JUNE, "deluxe")

    assert changed.price == Credits.parse("3")  # half of June, and July


def test_connections_that_were_bought_come_along(rig: Rig, panel: Panel) -> None:
    create(rig, JUNE, "basic", connections=3)  # 1 + 2 extra at 1 each
    assert spent(rig) == Credits.parse("3")

    up = change(rig, MID_JUNE, "deluxe")
    assert rig.subscription().connections == 3
    down = change(rig, MID_JUNE, "basic")
    again = change(rig, MID_JUNE, "deluxe")

    assert up.price == Credits.parse("1")
    assert (down.price, again.price) == (Credits(), Credits())
    assert rig.subscription().connections == 3


def test_a_renewal_that_brings_a_dearer_plan_pays_for_what_is_left_too(rig: Rig, panel: Panel) -> None:
    create(rig, JUNE, "basic")
    for item in range(2):
        renew(rig, item)
    rig.provisioner.change_later(
        ChangeCommand(
            installation=rig.installation,
            service_id=501,
            actor="client:1",
            plan="deluxe",
            term=Term(months=1),
            when="next_period",
        )
    )

    renewed = renew(rig, 7)

    assert renewed.price == Credits.parse(
        "9"
    )  # its own month at 3, and 2 more for each of the three that are left
    assert change(rig, JUNE, "deluxe").price == Credits()


def test_a_packages_own_connections_are_not_charged_at_a_renewal(rig: Rig, panel: Panel) -> None:
    rig.add_plan("package", panel, {"1m": ("family-1m", "3")})
    create(rig, JUNE, "package")
    assert (rig.subscription().connections or 0) > 1

    assert renew(rig, 1).price == Credits.parse("3")


def test_a_change_counts_a_renewal_after_a_lapse_from_now(rig: Rig, panel: Panel) -> None:
    """Its month begins when it runs, so all of it is changed."""
    create(rig, JUNE, "basic")
    rig.clock.set_to(datetime(2027, 7, 21, tzinfo=UTC))
    command = RenewCommand(installation=rig.installation, service_id=501, actor="cron", fact="item:1")
    assert rig.provisioner.submit(command, budget=0.0).pending

    changed = change(rig, datetime(2027, 7, 21, 1, tzinfo=UTC), "deluxe")

    assert changed.price == Credits.parse("2")
