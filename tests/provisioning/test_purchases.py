"""Panels that only add: a purchase is proved by its own fence alone, and sent again once at most."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from panelbridge.contract.registry import load_adapter
from panelbridge.ledger import Credits
from panelbridge.provisioning import Operation, OperationState, Refusal, RenewCommand
from panelbridge.testing.practice import PracticeProcess
from tests.support.ready import PracticeHere
from tests.support.rig import Rig, rig_in

LATE = 4.0  # seconds in which the panel of these tests says that a lost request may still take effect


@pytest.fixture(scope="module")
def seller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeProcess]:
    books = tmp_path_factory.mktemp("seller") / "panel.sqlite"
    with PracticeHere("reference", books=books, options={"extend": "add"}) as panel:
        yield panel


@pytest.fixture
def settings() -> dict[str, Any]:
    return {}


@pytest.fixture
def rig(tmp_path: Path, seller: PracticeProcess, settings: dict[str, Any]) -> Iterator[Rig]:
    seller.control.clear_faults()
    known = load_adapter("reference").settings_model.model_fields
    settings = {name: value for name, value in settings.items() if name in known}
    with rig_in(tmp_path / "bridge", attempt=3.0, lookup=2.0, budget=3.0) as made:
        panel = made.add_panel("main", "reference", {**seller.settings, "late_commit": LATE, **settings})
        made.add_plan("gold", panel, {"1m": ("basic-1m", "1")})
        made.top_up("100")
        made.provisioner.submit(made.create(501, username=_fresh_name()))
        yield made


_names = iter(range(10_000))


def _fresh_name() -> str:
    return f"customer{next(_names):05}"


def renew(rig: Rig, fact: str = "item:1") -> Operation:
    command = RenewCommand(installation=rig.installation, service_id=501, actor="test", fact=fact)
    return rig.provisioner.submit(command).operation


def wait(rig: Rig, seconds: float) -> None:
    """So much time passes, and whatever is due is done."""
    for _ in range(int(seconds // 2)):
        rig.clock.forward(seconds=2)
        rig.provisioner.run_due()


def bought(rig: Rig, seller: PracticeProcess) -> int:
    name = rig.subscription().username
    effects = seller.control.books()["effects"]
    return sum(item["kind"] == "extend" and item["account"] == name for item in effects)


def only_renewal(rig: Rig) -> Operation:
    (renewal,) = (item for item in rig.operations() if item.verb.value == "extend")
    return renewal


def could_release(rig: Rig, operation: Operation) -> bool:
    try:
        rig.provisioner.release(operation.id, actor="admin:1", reason="not in the panel's log")
    except Refusal:
        return False
    return True


def move(rig: Rig, seller: PracticeProcess, **length: float) -> datetime:
    """The panel's owner moves the account's expiry."""
    known = rig.subscription().panel_until
    assert known is not None
    at = known + timedelta(**length)
    seller.control.act(
        "set_expiry", username=rig.subscription().username, expires_at=f"{at:%Y-%m-%dT%H:%M:%SZ}"
    )
    return at


def test_an_effect_long_after_late_commit_is_not_bought_a_second_time(
    rig: Rig, seller: PracticeProcess
) -> None:
    seller.control.set_fault("cut_then_commit", "extend")
    renew(rig)
    wait(rig, 8 * LATE)
    seller.control.release()
    wait(rig, 40 * LATE)

    assert bought(rig, seller) == 1
    assert only_renewal(rig).state is OperationState.DONE
    assert rig.wallet().balance == Credits.parse("98")


def test_a_purchase_without_any_effect_is_sent_again_once_and_that_stays_to_be_seen(
    rig: Rig, seller: PracticeProcess
) -> None:
    seller.control.set_fault("cut_before", "extend")
    before = seller.control.last_request()
    renew(rig)
    wait(rig, 8 * LATE)
    sent = [item for item in seller.control.requests(before) if item["operation"] == "extend"]
    assert len(sent) == 1, "not before ten times late_commit"
    wait(rig, 40 * LATE)

    assert bought(rig, seller) == 1
    assert only_renewal(rig).state is OperationState.DONE
    assert rig.attention() == ["sent_again"]


def test_an_effect_after_the_second_try_is_told_with_both_fences(rig: Rig, seller: PracticeProcess) -> None:
    seller.control.set_fault("cut_then_commit", "extend")
    renew(rig)
    wait(rig, 60 * LATE)
    seller.control.release()
    wait(rig, 60 * LATE)
    rig.provisioner.watch_released()

    with rig.units.read() as unit:
        told = {item.code: item.message for item in unit.attention.items()}
    assert {"sent_again", "bought_twice"} <= set(told)
    assert len(re.findall(r"try \d at .*? from .*? between .*? and ", told["sent_again"])) == 2


def test_it_is_never_sent_a_third_time(rig: Rig, seller: PracticeProcess) -> None:
    seller.control.set_fault("cut_before", "extend", times=None)
    before = seller.control.last_request()
    renew(rig)
    wait(rig, 120 * LATE)

    sent = [item for item in seller.control.requests(before) if item["operation"] == "extend"]
    assert len(sent) == 2
    assert only_renewal(rig).state is OperationState.ATTENTION
    assert "purchase_in_doubt" in rig.attention()
    assert rig.wallet().held == Credits.parse("1")


@pytest.mark.parametrize("settings", [{"resend_after": "never"}])
def test_where_the_panel_says_never_a_person_is_asked(rig: Rig, seller: PracticeProcess) -> None:
    seller.control.set_fault("cut_before", "extend")
    renew(rig)
    wait(rig, 40 * LATE)

    assert bought(rig, seller) == 0
    assert rig.attention() == ["purchase_in_doubt"]
    rig.provisioner.buy_from_here(only_renewal(rig).id, actor="admin:1", reason="not in the panel's log")
    assert bought(rig, seller) == 1
    assert only_renewal(rig).state is OperationState.DONE


def test_an_expiry_that_somebody_moved_buys_nothing(rig: Rig, seller: PracticeProcess) -> None:
    move(rig, seller, days=30)
    renew(rig)

    assert rig.attention() == ["moved_elsewhere"]
    assert bought(rig, seller) == 0
    assert rig.wallet().held == Credits.parse("1")


def test_a_suspension_does_not_hide_that_the_expiry_was_moved(
    rig: Rig, seller: PracticeProcess, suspend_and_lift: Callable[[Rig], None]
) -> None:
    move(rig, seller, days=30)
    suspend_and_lift(rig)
    renew(rig)

    assert rig.attention() == ["moved_elsewhere"]
    assert bought(rig, seller) == 0


@pytest.fixture
def suspend_and_lift() -> Callable[[Rig], None]:
    from tests.matrix.commands import COMMANDS, Verb

    def both(rig: Rig) -> None:
        for verb in (Verb.SUSPEND, Verb.UNSUSPEND):
            rig.provisioner.submit(COMMANDS[verb](rig, 501))

    return both


def test_buy_from_here_goes_on_from_where_the_account_stands(rig: Rig, seller: PracticeProcess) -> None:
    paid_until = rig.subscription().entitled_until
    moved = move(rig, seller, days=5)
    stuck = renew(rig)
    assert rig.attention() == ["moved_elsewhere"]

    rig.provisioner.buy_from_here(stuck.id, actor="admin:1", reason="a present of the owner")

    after = rig.subscription()
    assert bought(rig, seller) == 1
    assert after.panel_until is not None
    assert after.panel_until - moved > timedelta(days=27)
    assert after.entitled_until is not None
    assert paid_until is not None
    assert timedelta(days=27) < after.entitled_until - paid_until < timedelta(days=32), "one paid month"
    assert rig.wallet().balance == Credits.parse("98")
    assert rig.attention() == []


def test_book_missing_charges_the_earlier_renewal_and_buys_this_one(
    rig: Rig, seller: PracticeProcess
) -> None:
    paid_until = rig.subscription().entitled_until
    move(rig, seller, days=30)
    stuck = renew(rig)
    assert rig.attention() == ["moved_elsewhere"]

    rig.provisioner.book_missing(stuck.id, actor="admin:1", reason="released by mistake last week")

    after = rig.subscription()
    assert bought(rig, seller) == 1
    assert after.entitled_until is not None
    assert paid_until is not None
    assert timedelta(days=55) < after.entitled_until - paid_until < timedelta(days=63), "two paid months"
    assert rig.wallet().balance == Credits.parse("97")
    assert rig.attention() == []


def test_what_is_no_renewal_is_not_booked_as_one(rig: Rig, seller: PracticeProcess) -> None:
    move(rig, seller, days=5)
    stuck = renew(rig)
    assert rig.attention() == ["moved_elsewhere"]

    with pytest.raises(Exception, match="did not move by one renewal"):
        rig.provisioner.book_missing(stuck.id, actor="admin:1", reason="by mistake")

    assert rig.wallet().balance == Credits.parse("99")
    assert rig.attention() == ["moved_elsewhere"]


def test_a_released_purchase_that_takes_effect_after_all_is_told(rig: Rig, seller: PracticeProcess) -> None:
    seller.control.set_fault("cut_then_commit", "extend")
    renewal = renew(rig)
    wait(rig, 3 * LATE)
    assert could_release(rig, renewal), "its last try can have no effect any more"
    rig.provisioner.watch_released()
    assert rig.attention() == []

    seller.control.release()
    rig.provisioner.watch_released()

    assert rig.attention() == ["purchase_without_charge"]
    assert rig.wallet().held == Credits()
