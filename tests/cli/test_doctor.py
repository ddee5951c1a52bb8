"""Doctor: what is wrong is named with cause and remedy; the trial runs the product's own path."""

from __future__ import annotations

from typing import Any

import pytest

from panelbridge.testing.practice import PracticeProcess
from tests.cli.conftest import Shell, nothing_changed


def found(shell: Shell) -> dict[str, Any]:
    return {item["check"]: item for item in shell("doctor", "--json").json}


def test_a_healthy_bridge_has_only_its_service_to_start(selling: Shell) -> None:
    ran = selling("doctor")
    checks = found(selling)

    assert ran.code == 8
    assert [name for name, item in checks.items() if item["state"] == "wrong"] == ["service"]
    assert checks["service"]["remedy"]
    assert "1 of" in ran.out
    assert {"configuration", "database", "books", "panel main", "plan gold", "credits main"} <= set(checks)


def test_nothing_is_changed_by_looking(selling: Shell, practice: PracticeProcess) -> None:
    def look() -> object:
        return practice.control.books()["counts"], selling.done("credits", "history", "--json").out

    with nothing_changed(look):
        selling("doctor")


def test_without_a_set_up_it_says_so_and_stops(bare: Shell) -> None:
    checks = found(bare)

    assert checks["database"]["state"] == "wrong"
    assert checks["database"]["remedy"] == "Run panelbridge init."
    assert "could not be looked at" in checks["the rest"]["cause"]


def test_a_key_file_open_to_others_is_found(selling: Shell) -> None:
    (selling.folder / "secret.key").chmod(0o640)

    assert "open to others" in found(selling)["key file"]["cause"]


def test_a_folder_open_to_others_is_found(selling: Shell) -> None:
    selling.folder.chmod(0o755)

    assert found(selling)["data folder"]["remedy"] == f"chmod 700 {selling.folder}"


def test_a_panel_that_is_down_is_found(selling: Shell) -> None:
    selling.done("panels", "set", "main", "--set", "base_url=http://127.0.0.1:9/")

    panel = found(selling)["panel main"]
    assert panel["state"] == "wrong"
    assert panel["remedy"]


@pytest.mark.parametrize(
    ("term", "cause"),
    [("1m=nothing@1", "which the panel does not offer us"), ("1m=basic-12m@1", "which lasts 12m")],
)
def test_a_plan_whose_package_does_not_fit_is_found(selling: Shell, term: str, cause: str) -> None:
    selling.done("plans", "set", "gold", "--term", term)

    assert cause in found(selling)["plan gold"]["cause"]


def test_an_empty_wallet_a_shop_without_key_and_writes_off_are_found(selling: Shell) -> None:
    selling.done("credits", "adjust", "--take", "50", "--reason", "empty")
    selling.done("installations", "add", "second", "--mode", "test")
    selling.done("panels", "writes", "off", "main")

    checks = found(selling)
    assert checks["credits main"]["cause"] == "nothing is left to sell with"
    assert checks["shop second"]["remedy"] == "panelbridge keys add second"
    assert selling("doctor").out.count("panels writes on main") == 1


def test_the_trial_says_what_it_costs_before_it_begins(selling: Shell, practice: PracticeProcess) -> None:
    with nothing_changed(lambda: practice.control.books()["counts"]):
        ran = selling("doctor", "--go-live", "gold", typed="n\n")

    assert ran.code == 1
    assert "It costs 1 credit of main (50 credits available)" in ran.err
    assert "Neither comes back" in ran.err


def test_the_trial_leaves_no_account_and_one_charge(selling: Shell, practice: PracticeProcess) -> None:
    before = practice.control.books()

    ran = selling.done("doctor", "--go-live", "gold", "--yes", "--json").json

    after = practice.control.books()
    assert ran["passed"] is True
    assert ran["charged"] == "1"
    assert [item["step"] for item in ran["steps"]] == [
        "create",
        "read",
        "suspend",
        "read",
        "unsuspend",
        "read",
        "terminate",
        "read",
    ]
    assert set(after["accounts"]) == set(before["accounts"])
    assert after["counts"]["create"] == before["counts"].get("create", 0) + 1
    verbs = [item["verb"] for item in selling.done("operations", "list", "--json").json]
    assert verbs == ["create", "suspend", "unsuspend", "terminate"]
    assert selling.done("credits", "show", "--reseller", "main", "--json").json["balance"] == "49"


def test_each_trial_is_a_new_account(selling: Shell) -> None:
    for balance in ("49", "48"):
        selling.done("doctor", "--go-live", "gold", "--yes")
        wallet = selling.done("credits", "show", "--reseller", "main", "--json").json
        assert wallet["balance"] == balance


def test_a_trial_that_fails_ends_its_account_and_says_do_not_sell(
    selling: Shell, practice: PracticeProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("panelbridge.actions.go_live._BUDGET", 1.5)
    practice.control.set_fault("timeout_after_commit", "suspend", seconds=4)

    ran = selling("doctor", "--go-live", "gold", "--yes")

    assert ran.code == 8
    assert "WRONG  suspend" in ran.out
    assert "terminate" in ran.out
    assert "Do not sell it yet." in ran.out


def test_the_trial_refuses_what_is_not_sold(selling: Shell) -> None:
    unknown = selling("doctor", "--go-live", "silver", "--yes")
    term = selling("doctor", "--go-live", "gold", "--term", "3m", "--yes")

    assert (unknown.code, term.code) == (1, 1)
    assert "There are: gold." in unknown.err
    assert "It sells 1m, 12m." in term.err
