"""The score card of an adapter: on its practice panel, and on a panel called real with one account."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from panelbridge import AccountRef, ContractBroken, Found, VerbResult, read_settings
from panelbridge.testing.live import LiveCheck
from panelbridge.testing.practice import Fault, PracticeProcess, Setup
from panelbridge_reference import ReferenceAdapter, ReferenceSettings
from tests.cli.conftest import Ran, Shell

ENTRY = "[panelbridge.adapters]\nliar = panelbridge_liar:Liar\n"
LIAR = """
from panelbridge import Outcome, VerbResult
from panelbridge_reference import ReferenceAdapter

class Liar(ReferenceAdapter):
    backend = "liar"

    def unsuspend(self, ref):
        return VerbResult(outcome=Outcome.DONE, account=None)
"""
PRACTICE = "from panelbridge_reference.practice import ReferencePracticePanel as PRACTICE\n"


@pytest.fixture
def liar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed third-party backend that tells an unsuspend done and does nothing."""
    (tmp_path / "panelbridge_liar").mkdir()
    (tmp_path / "panelbridge_liar" / "__init__.py").write_text(LIAR)
    (tmp_path / "panelbridge_liar" / "practice.py").write_text(PRACTICE)
    (tmp_path / "panelbridge_liar-1.0.dist-info").mkdir()
    (tmp_path / "panelbridge_liar-1.0.dist-info" / "METADATA").write_text(
        "Name: panelbridge-liar\nVersion: 1.0\n"
    )
    (tmp_path / "panelbridge_liar-1.0.dist-info" / "entry_points.txt").write_text(ENTRY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    yield
    for name in [name for name in sys.modules if name.startswith("panelbridge_liar")]:
        del sys.modules[name]


def test_a_green_card_ends_with_0_and_names_the_capability_that_left_something_out(bare: Shell) -> None:
    ran = bare("check", "reference", "--setup", "set", "--part", "suspension", "--part", "fence")

    assert ran.code == 0, ran.err
    lines = {line.split("  ")[0]: line.split() for line in ran.out.splitlines() if line[:1].isalpha()}
    assert lines["suspension"][1:] == ["2", "0", "0", "passed"]
    assert lines["fence"][1:4] == ["0", "6", "0"]
    assert "capabilities.extend is SET" in ran.out
    assert lines["total"][1:4] == ["2", "6", "0"]


def test_a_lie_is_named_on_the_card_and_ends_with_1(bare: Shell, liar: None) -> None:
    ran = bare("check", "liar", "--setup", "set", "--part", "suspension", "--json")

    assert ran.code == 1, ran.err
    told = ran.json
    assert told["green"] is False
    (card,) = told["cards"]
    assert (card["backend"], card["setup"], card["total"]["failed"]) == ("liar", "set", 2)
    assert {failure["part"] for failure in card["failures"]} == {"suspension"}
    assert "test_suspend_and_unsuspend_change_the_state_only" in {one["name"] for one in card["failures"]}
    shown = bare("check", "liar", "--setup", "set", "--part", "suspension")
    assert shown.code == 1
    assert "FAILED suspension: test_suspend_and_unsuspend_change_the_state_only" in shown.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["reference", "--setup", "nowhere"], "there are: set, add"),
        (["nobody"], "o adapter named 'nobody' is installed"),
        (
            ["reference", "--setup", "set", "--part", "nothing"],
            "no part 'nothing'; there are: ",
        ),
        (["reference", "--live"], "--live needs --settings"),
    ],
)
def test_what_cannot_be_tried_is_said(bare: Shell, words: list[str], told: str) -> None:
    ran = bare("check", *words)
    assert ran.code == 1
    assert told in ran.err
    assert ran.out == ""


def test_without_pytest_it_says_what_to_install(bare: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("panelbridge.testing.check.find_spec", lambda name: None)
    ran = bare("check", "reference")
    assert ran.code == 3
    assert "pip install pytest hypothesis" in ran.err


class RealPanel:
    """A practice panel, treated as a real one."""

    def __init__(self, process: PracticeProcess, shell: Shell) -> None:
        self.process = process
        self._shell = shell
        self.file = shell.folder.parent / "real.json"
        shown = {name: value for name, value in process.settings.items() if name != "token"}
        self.file.write_text(json.dumps(shown))
        self.file.chmod(0o600)

    def check(self, *words: str, typed: str | None = None) -> Ran:
        live = ["--live", "--settings", str(self.file), "--package", "basic-1m", *words]
        ran = self._shell("check", "reference", *live, typed=typed)
        assert self.process.settings["token"] not in ran.out + ran.err
        return ran

    def books(self) -> dict[str, int]:
        books = self.process.control.books()
        return {**books["counts"], "left": len(books["accounts"])}


@pytest.fixture(params=["set", "add"])
def real(
    request: pytest.FixtureRequest, bare: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RealPanel]:
    options = {"extend": request.param}
    with PracticeProcess("reference", books=tmp_path / "books.sqlite", options=options) as process:
        monkeypatch.setenv("PANELBRIDGE_CHECK_TOKEN", process.settings["token"])
        yield RealPanel(process, bare)


def test_a_real_panel_is_tried_with_one_account_that_is_gone_at_the_end(real: RealPanel) -> None:
    ran = real.check("--other-package", "family-1m", "--yes", "--json")

    assert ran.code == 0, ran.out
    (card,) = ran.json["cards"]
    assert card["setup"] == "live"
    assert card["failures"] == []
    sells = real.process.settings["extend"] == "add"
    assert card["total"]["not_applicable"] == (1 if sells else 0)  # a create that buys is not repeated
    once = dict.fromkeys(
        ("create", "extend", "suspend", "unsuspend", "reset_credentials", "change_package", "terminate"), 1
    )
    assert real.books() == {**once, "left": 0}


def test_it_says_what_it_will_do_and_does_nothing_unasked(real: RealPanel) -> None:
    nobody = real.check()
    assert nobody.code == 2
    assert "One account is made, package basic-1m" in nobody.err
    assert ("twice its price" in nobody.err) == (real.process.settings["extend"] == "add")
    assert real.check(typed="n\n").code == 1
    assert real.books() == {"left": 0}

    assert real.check(typed="y\n").code == 0
    assert real.books()["terminate"] == 1


def test_a_step_that_fails_is_told_and_the_account_goes_all_the_same(real: RealPanel) -> None:
    real.process.control.set_fault(Fault.ERROR_500_BEFORE, "suspend", times=None)

    ran = real.check("--yes")

    assert ran.code == 1
    assert "FAILED live: suspend" in ran.out
    assert "outcome_unknown" in ran.out
    assert real.books()["left"] == 0


def test_a_create_whose_answer_is_lost_leaves_nothing_behind(real: RealPanel) -> None:
    real.process.control.set_fault(Fault.CUT_AFTER_COMMIT, "create")

    ran = real.check("--yes", "--json")

    assert ran.code == 1
    assert [one["name"] for one in ran.json["cards"][0]["failures"]] == ["create"]
    assert real.books() == {"create": 1, "terminate": 1, "left": 0}


def test_an_account_that_cannot_be_removed_is_named(real: RealPanel) -> None:
    real.process.control.set_fault(Fault.ERROR_500_BEFORE, "terminate", times=None)

    ran = real.check("--yes")

    assert ran.code == 1
    (name,) = real.process.control.books()["accounts"]
    assert f"the account {name} is left" in ran.out


class TellsAll(ReferenceAdapter):
    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        found = self.get(ref)
        assert isinstance(found, Found)
        assert found.account.password is not None
        told = (found.account.password.get_secret_value(), self.settings.token.get_secret_value())
        raise ContractBroken(f"told: {told}")


def test_what_an_adapter_tells_is_told_without_its_secrets(real: RealPanel) -> None:
    with TellsAll(read_settings(ReferenceSettings, real.process.settings)) as adapter:
        steps = {step.name: step for step in LiveCheck(adapter, Setup(package="basic-1m")).run()}
    assert steps["suspend"].message == "contract_broken (unknown): told: ('***', '***')"


def test_nothing_is_bought_by_guessing(real: RealPanel) -> None:
    words = ["check", "reference", "--live", "--settings", str(real.file), "--yes"]
    ran = real._shell(*words)
    assert ran.code == 1
    assert "the panel sells basic-1m (Basic, 1 month)" in ran.err
    assert real.books() == {"left": 0}
