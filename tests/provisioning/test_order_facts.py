"""What a panel needs of an order beside the plan: names that fit its rule, and facts that billing knows."""

from __future__ import annotations

import pytest

from panelbridge.contract.capabilities import Capabilities, OrderFact, TextRule
from panelbridge.contract.models import CreateOrder, VerbResult
from panelbridge.provisioning import Refusal, ResetCommand
from panelbridge_reference import ReferenceAdapter
from tests.support.rig import Rig


def declared(monkeypatch: pytest.MonkeyPatch, **changes: object) -> list[CreateOrder]:
    """The reference adapter with other capabilities; what it is asked to create is collected."""
    honest = ReferenceAdapter.capabilities.fget
    create = ReferenceAdapter.create
    assert honest is not None
    asked: list[CreateOrder] = []

    def capabilities(self: ReferenceAdapter) -> Capabilities:
        return honest(self).model_copy(update=changes)

    def collecting(self: ReferenceAdapter, order: CreateOrder) -> VerbResult:
        asked.append(order)
        plain = {name: getattr(order, name) for name in CreateOrder.__dataclass_fields__} | {"options": {}}
        return create(self, CreateOrder(**plain))

    monkeypatch.setattr(ReferenceAdapter, "capabilities", property(capabilities))
    monkeypatch.setattr(ReferenceAdapter, "create", collecting)
    return asked


def test_a_name_fits_a_short_rule_that_wants_a_letter_in_front(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = TextRule(min_length=4, max_length=8, pattern=r"(?!test)[a-z][a-z0-9]*")
    asked = declared(monkeypatch, username=rule)

    for service in range(501, 521):
        rig.provisioner.submit(rig.create(service))

    names = [order.credentials.username for order in asked]
    assert len(set(names)) == 20
    assert [rule.breach(name) for name in names] == [None] * 20


def test_a_rule_that_no_name_of_ours_fits_is_said_and_nothing_is_held(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = declared(monkeypatch, username=TextRule(pattern=r"[a-z]+@[a-z.]+"))

    with pytest.raises(Refusal) as caught:
        rig.provisioner.submit(rig.create())

    assert (caught.value.code, caught.value.field) == ("username_rule", "username")
    assert (asked, rig.operations(), rig.wallet().held.units) == ([], [], 0)


def test_a_password_fits_a_rule_that_wants_a_digit_and_both_cases(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = TextRule(max_length=10, pattern=r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9]+")
    asked = declared(monkeypatch, password=rule)

    for service in range(501, 531):
        rig.provisioner.submit(rig.create(service))

    passwords = [order.credentials.password.get_secret_value() for order in asked]
    assert len(set(passwords)) == 30
    assert [rule.breach(password) for password in passwords] == [None] * 30


def test_a_new_password_fits_the_rule_as_well(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = TextRule(max_length=10, pattern=r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9]+")
    declared(monkeypatch, password=rule)
    rig.provisioner.submit(rig.create())

    for number in range(30):
        command = ResetCommand(
            installation=rig.installation, service_id=501, actor="admin:1", token=f"form-{number}"
        )
        made = rig.provisioner.submit(command).operation.password
        assert made is not None
        assert rule.breach(made.get_secret_value()) is None


def test_a_rule_that_no_password_of_ours_fits_is_said_and_nothing_is_held(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = declared(monkeypatch, password=TextRule(pattern=r"[a-z]+-[a-z]+"))

    with pytest.raises(Refusal) as caught:
        rig.provisioner.submit(rig.create())

    assert (caught.value.code, caught.value.field) == ("password_rule", "password")
    assert (asked, rig.operations(), rig.wallet().held.units) == ([], [], 0)


def test_needed_facts_reach_the_panel_and_others_do_not(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = declared(monkeypatch, needs=frozenset({OrderFact.DOMAIN}))
    facts = {OrderFact.DOMAIN: "shop.example", OrderFact.EMAIL: "maria@shop.example"}

    rig.provisioner.submit(rig.create(facts=facts))

    assert [dict(order.options) for order in asked] == [{"domain": "shop.example"}]
    assert "maria" not in str(rig.operations())


def test_a_missing_fact_is_refused_by_name_before_anything_is_written(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = declared(monkeypatch, needs=frozenset({OrderFact.DOMAIN, OrderFact.EMAIL}))

    with pytest.raises(Refusal) as caught:
        rig.provisioner.submit(rig.create(facts={OrderFact.DOMAIN: "shop.example"}))

    assert (caught.value.code, caught.value.field) == ("fact_missing", "email")
    assert (asked, rig.operations()) == ([], [])


def test_each_operation_has_one_key_for_the_panel(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = declared(monkeypatch)

    rig.provisioner.submit(rig.create(501))
    rig.provisioner.submit(rig.create(502))

    keys = [order.key for order in asked]
    assert keys == [f"pbtest:{item.subscription_id}:{item.id}" for item in rig.operations()]
