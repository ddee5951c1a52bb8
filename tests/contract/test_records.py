"""Errors, capabilities, settings and records keep what they promise."""

from __future__ import annotations

import dataclasses
import inspect
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

import panelbridge
from panelbridge import (
    Capabilities,
    CreateOrder,
    Credentials,
    Extend,
    Outcome,
    PackageWrite,
    PanelError,
    PanelSettings,
    Secret,
    SettingsInvalid,
    Term,
    TextRule,
    Verb,
    VerbResult,
    read_settings,
)
from panelbridge.contract import exceptions
from panelbridge.contract.settings import secret_fields

TREE = {
    "panel_auth": Outcome.REFUSED,
    "panel_permission": Outcome.REFUSED,
    "account_absent": Outcome.REFUSED,
    "account_conflict": Outcome.REFUSED,
    "invalid_order": Outcome.REFUSED,
    "panel_capacity": Outcome.REFUSED,
    "insufficient_panel_credit": Outcome.RETRY_LATER,
    "panel_rate_limited": Outcome.RETRY_LATER,
    "panel_busy": Outcome.RETRY_LATER,
    "panel_unreachable": Outcome.RETRY_LATER,
    "panel_refused": Outcome.REFUSED,
    "unsupported": Outcome.REFUSED,
    "contract_broken": Outcome.UNKNOWN,
    "outcome_unknown": Outcome.UNKNOWN,
}
KINDS = [
    kind
    for _, kind in inspect.getmembers(exceptions, inspect.isclass)
    if issubclass(kind, PanelError) and kind is not PanelError
]


def test_the_error_tree_is_closed() -> None:
    assert {kind.code: kind("x").outcome for kind in KINDS} == TREE


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_tells_advice_and_whether_to_repeat(kind: type[PanelError]) -> None:
    error = kind("it failed")
    assert error.advice.endswith(".")
    assert error.retry_safe == (error.outcome is not Outcome.UNKNOWN)
    assert str(error) == error.message == "it failed"
    assert kind.__name__ in (exceptions.__doc__ or "")


def test_an_error_may_narrow_its_outcome() -> None:
    error = exceptions.Conflict("x", outcome=Outcome.UNKNOWN, advice="Wait.", field="username")
    assert (error.outcome, error.advice, error.field, error.retry_safe) == (
        Outcome.UNKNOWN,
        "Wait.",
        "username",
        False,
    )


def test_what_buys_is_no_safe_repeat() -> None:
    with pytest.raises(ValidationError, match="safe_repeats"):
        Capabilities(extend=Extend.ADD)
    with pytest.raises(ValidationError, match="safe_repeats"):
        Capabilities(change_package=PackageWrite.PURCHASE)
    assert Capabilities(extend=Extend.ADD, safe_repeats=frozenset({Verb.SUSPEND})).extend is Extend.ADD


def test_a_rule_names_its_breach_and_not_the_text() -> None:
    rule = TextRule(min_length=8, max_length=10)
    assert rule.breach("abcdefgh1") is None
    told = [rule.breach("geheim"), rule.breach("geheimgeheim"), rule.breach("geheim!!")]
    assert all(told)
    assert "geheim" not in str(told)


@pytest.mark.parametrize(
    "url", ["ftp://x/", "panel.example", "http://", "http://user:geheim@panel.example/", ""]
)
def test_a_wrong_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsInvalid, match="base_url") as caught:
        read_settings(PanelSettings, {"base_url": url})
    assert "geheim" not in str(caught.value)


def test_settings_name_every_wrong_field() -> None:
    with pytest.raises(SettingsInvalid) as caught:
        read_settings(
            PanelSettings, {"base_url": "https://x", "total_timeout": -1, "max_connections": "no", "who": 1}
        )
    assert all(name in str(caught.value) for name in ("total_timeout", "max_connections", "who"))


@pytest.mark.parametrize(
    "url", ["https://panel.example", "https://panel.example/", "https://panel.example//"]
)
def test_an_address_ends_in_one_slash(url: str) -> None:
    assert PanelSettings(base_url=url).base_url == "https://panel.example/"


def test_secret_fields_are_known_by_type() -> None:
    class Settings(PanelSettings):
        key: Secret
        other: SecretStr | None = None

    assert secret_fields(Settings) == {"key", "other", "proxy"}
    settings = Settings(base_url="http://x", key=Secret("geheim"), proxy=Secret("http://me:geheim@proxy"))
    assert "geheim" not in repr(settings)


def test_records_are_frozen_and_keyword_only_and_show_no_password() -> None:
    credentials = Credentials(username="anna", password=Secret("geheim"))
    order = CreateOrder(credentials=credentials, package="1", until=datetime.now(UTC), reference="r")
    assert "geheim" not in repr(order)
    with pytest.raises(dataclasses.FrozenInstanceError):
        order.package = "2"  # type: ignore[misc]
    positional: Any = Credentials
    with pytest.raises(TypeError):
        positional("anna", Secret("x"))


@pytest.mark.parametrize("outcome", [o for o in Outcome if o not in (Outcome.DONE, Outcome.ALREADY)])
def test_a_verb_returns_done_or_already_only(outcome: Outcome) -> None:
    with pytest.raises(ValueError, match="done or already"):
        VerbResult(outcome=outcome, account=None)


def test_a_term_is_months_or_days() -> None:
    assert (Term.parse(" 12M "), str(Term(days=30))) == (Term(months=12), "30d")
    for wrong in ("", "1y", "0m", "-1m", "1.5m", "m", "99999d"):
        with pytest.raises(ValueError, match="a term is"):
            Term.parse(wrong)
    for months, days in ((0, 0), (1, 1), (-1, 0)):
        with pytest.raises(ValueError, match="a term is"):
            Term(months=months, days=days)


def test_the_public_surface_is_listed_and_sorted() -> None:
    assert sorted(panelbridge.__all__) == panelbridge.__all__
    assert all(hasattr(panelbridge, name) for name in panelbridge.__all__)
