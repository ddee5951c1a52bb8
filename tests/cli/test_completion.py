"""The shell completes names: whatever a command takes by name is offered while a line is typed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from panelbridge.testing.practice import PracticeProcess
from tests.cli.conftest import Shell

Complete = Callable[[str], list[str]]


@pytest.fixture
def complete(bare: Shell, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """What bash is told when TAB is pressed at the end of a line."""

    def asked(line: str) -> list[str]:
        words = ["panelbridge", "--data", str(bare.folder), *line.split(" ")]
        monkeypatch.setenv("_PANELBRIDGE_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", "\n".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        ran = bare()
        monkeypatch.delenv("_PANELBRIDGE_COMPLETE")
        assert (ran.code, ran.err) == (0, "")
        return ran.out.split()

    return asked


def test_names_of_what_is_set_up_are_completed(selling: Shell, complete: Complete) -> None:
    assert complete("panels show m") == ["main"]
    assert complete("plans add silver --panel ") == ["main"]
    assert complete("writes on main") == ["main"]
    assert complete("plans show ") == ["gold"]
    assert complete("doctor --go-live g") == ["gold"]
    assert complete("resellers show ") == ["main"]
    assert complete("credits top-up 5 --reseller m") == ["main"]
    assert complete("installations show s") == ["shop"]
    assert complete("keys add ") == ["shop"]
    assert selling.done("keys", "list", "--json").json[0]["prefix"] in complete("keys revoke pb_")


def test_backends_are_completed_before_there_are_books(complete: Complete) -> None:
    assert complete("panels add main --backend x") == ["xtream", "xui"]
    assert complete("check st") == ["stalker"]


def test_a_sold_account_is_completed_by_number_and_by_service(selling: Shell, complete: Complete) -> None:
    selling.order(501)
    selling.order(502)

    assert complete("subscriptions show sh") == ["shop:502", "shop:501"]
    assert complete("subscriptions extend 2") == ["2"]
    assert complete("operations list --subscription shop:501") == ["shop:501"]


def test_what_waits_for_a_person_is_completed(
    selling: Shell, practice: PracticeProcess, complete: Complete
) -> None:
    practice.control.act("create", username="customer8001", reference=None)
    practice.control.set_fault("cut_before", "create")
    selling.pursue(selling.order(8001, username="customer8001").operation.id, hours=1)
    (item,) = selling.done("attention", "list", "--json").json

    assert complete("attention release ") == [str(item["operation_id"])]
    assert complete("attention dismiss ") == [str(item["id"])]
