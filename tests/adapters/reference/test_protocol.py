"""What only the reference protocol has: its list of refusals, its pages, its strictness."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge import (
    AccountId,
    AccountRef,
    AccountState,
    CapacityExhausted,
    Conflict,
    ContractBroken,
    CreateOrder,
    Credentials,
    Found,
    InsufficientPanelCredit,
    InvalidOrder,
    Outcome,
    PackageChange,
    PanelUnreachable,
    PermissionMissing,
    Secret,
    Unknown,
    Unsupported,
    read_settings,
)
from panelbridge.testing.practice import Fault, PracticeProcess
from panelbridge_reference import ReferenceAdapter, ReferenceSettings, mapping
from panelbridge_reference import practice as practice_panel
from tests.support.ready import PracticeHere

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
PAYLOAD: dict[str, Any] = {
    "id": "7",
    "username": "anna2345",
    "password": "geheim",
    "enabled": True,
    "banned": False,
    "expires_at": "2026-03-01T00:00:00Z",
    "package": "basic-1m",
    "connections": 1,
    "reference": "b:1:1",
}


def order(name: str = "anna2345", **changes: Any) -> CreateOrder:
    request: dict[str, Any] = {
        "credentials": Credentials(username=name, password=Secret("TrainWindow7")),
        "package": "basic-1m",
        "until": datetime.now(UTC).replace(microsecond=0) + timedelta(days=30),
        "reference": f"b:{name}:1",
    }
    return CreateOrder(**{**request, **changes})


@pytest.fixture
def practice(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PracticeProcess]:
    options = getattr(request, "param", {})
    with PracticeHere("reference", books=tmp_path / "books.sqlite", options=options) as process:
        yield process


@pytest.fixture
def adapter(practice: PracticeProcess) -> Iterator[ReferenceAdapter]:
    with ReferenceAdapter(read_settings(ReferenceSettings, practice.settings)) as built:
        yield built


def test_a_bare_404_proves_nothing(practice: PracticeProcess) -> None:
    """An address that is not the panel's answers 404 to everything; no account is gone by that."""
    settings = {**practice.settings, "base_url": practice.url + "elsewhere/"}
    with ReferenceAdapter(read_settings(ReferenceSettings, settings)) as lost:
        assert isinstance(lost.get(AccountRef(id=AccountId("1"), username="anna2345")), Unknown)
        assert isinstance(lost.find(username="anna2345"), Unknown)
        with pytest.raises(ContractBroken) as caught:
            lost.terminate(AccountRef(id=AccountId("1"), username="anna2345"))
    assert caught.value.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("practice", [{"capacity": "1"}], indirect=True)
def test_a_full_panel_is_refused(adapter: ReferenceAdapter) -> None:
    adapter.create(order())
    with pytest.raises(CapacityExhausted):
        adapter.create(order("berta234"))


@pytest.mark.parametrize("practice", [{"extend": "add", "balance": "1"}], indirect=True)
def test_used_up_credit_waits(adapter: ReferenceAdapter, practice: PracticeProcess) -> None:
    adapter.create(order())
    with pytest.raises(InsufficientPanelCredit) as caught:
        adapter.create(order("berta234"))
    assert caught.value.outcome is Outcome.RETRY_LATER
    practice.control.act("set_balance", amount=5)
    assert adapter.create(order("berta234")).outcome is Outcome.DONE
    assert str(adapter.balance().amount) == "4"  # type: ignore[union-attr]
    assert list(practice.control.books()["accounts"]) == ["anna2345", "berta234"]


def test_a_missing_permission_is_named_by_the_connection_test(
    adapter: ReferenceAdapter, practice: PracticeProcess
) -> None:
    created = adapter.create(order()).account
    assert created is not None
    practice.control.act("revoke", permission="accounts.delete")
    assert adapter.test_connection().missing_permissions == ("accounts.delete",)
    with pytest.raises(PermissionMissing):
        adapter.terminate(created.ref)
    assert adapter.unsuspend(created.ref).outcome is Outcome.ALREADY


def test_an_invalid_field_is_named(adapter: ReferenceAdapter) -> None:
    with pytest.raises(InvalidOrder) as caught:
        adapter.create(order("no spaces"))
    assert caught.value.field == "username"
    with pytest.raises(InvalidOrder) as caught:
        adapter.create(order(package="gone"))
    assert caught.value.field == "package"


def test_what_the_panel_lacks_is_refused_before_anything_is_sent(
    adapter: ReferenceAdapter, practice: PracticeProcess
) -> None:
    with pytest.raises(Unsupported):
        adapter.create(order(mac="00:1A:79:00:00:01"))
    with pytest.raises(InvalidOrder):
        adapter.create(order(options={"colour": "red"}))
    with pytest.raises(InvalidOrder):
        adapter.change_package(
            AccountRef(id=AccountId("1"), username="x"), PackageChange(package="p", options={"a": "b"})
        )
    assert practice.control.requests() == []


@pytest.mark.parametrize("practice", [{"page": "2"}], indirect=True)
def test_a_list_that_breaks_on_a_later_page_is_no_list(
    adapter: ReferenceAdapter, practice: PracticeProcess
) -> None:
    for number in range(5):
        adapter.create(order(f"anna234{number}"))
    practice.control.set_fault(Fault.HTML_200, "list_accounts", skip=2, times=None)
    with pytest.raises(ContractBroken):
        list(adapter.list_accounts())
    practice.control.clear_faults()
    assert len(list(adapter.list_accounts())) == 5


def test_a_create_adopts_only_what_is_provably_ours(adapter: ReferenceAdapter) -> None:
    adapter.create(order())
    stranger = Credentials(username="anna2345", password=Secret("OtherWindow7"))
    for foreign in (order(reference="b:2:1"), order(credentials=stranger)):
        with pytest.raises(Conflict):
            adapter.create(foreign)


def test_a_create_tells_what_the_panel_holds_otherwise(adapter: ReferenceAdapter) -> None:
    first = order()
    adapter.create(first)
    again = adapter.create(order(until=first.until + timedelta(days=9), connections=3))
    assert (again.outcome, again.differs) == (Outcome.ALREADY, ("connections", "expires_at"))


def test_a_rename_is_safe_to_repeat(adapter: ReferenceAdapter) -> None:
    account = adapter.create(order()).account
    assert account is not None
    renamed = Credentials(username="berta234", password=Secret("TrainWindow8"))
    assert adapter.reset_credentials(account.ref, renamed).outcome is Outcome.DONE
    assert adapter.reset_credentials(account.ref, renamed).outcome is Outcome.ALREADY
    found = adapter.find(username="berta234")
    assert isinstance(found, Found)
    assert found.account.id == account.id


def test_a_rename_onto_a_foreign_name_is_refused(adapter: ReferenceAdapter) -> None:
    account = adapter.create(order()).account
    adapter.create(order("berta234"))
    assert account is not None
    with pytest.raises(Conflict) as caught:
        adapter.reset_credentials(
            account.ref, Credentials(username="berta234", password=Secret("TrainWindow8"))
        )
    assert caught.value.outcome is Outcome.REFUSED


def test_an_expired_account_is_no_suspended_one(adapter: ReferenceAdapter) -> None:
    account = adapter.create(order(until=datetime.now(UTC) - timedelta(days=1))).account
    assert account is not None
    assert account.state is AccountState.EXPIRED
    assert adapter.unsuspend(account.ref).outcome is Outcome.ALREADY
    suspended = adapter.suspend(account.ref, "overdue").account
    assert suspended is not None
    assert suspended.state is AccountState.SUSPENDED


def test_a_search_without_a_wish_finds_nobody(adapter: ReferenceAdapter) -> None:
    assert isinstance(adapter.find(), Unknown)


def test_building_it_asks_nothing_of_the_network() -> None:
    with ReferenceAdapter(ReferenceSettings(base_url="http://127.0.0.1:9", token=Secret("x"))) as adapter:
        assert adapter.capabilities.late_commit == 60
        with pytest.raises(PanelUnreachable):
            adapter.test_connection()


@pytest.mark.parametrize("field", sorted(PAYLOAD))
def test_a_missing_field_is_loud(field: str) -> None:
    payload = {name: value for name, value in PAYLOAD.items() if name != field}
    with pytest.raises(ContractBroken, match=field) as caught:
        mapping.account_from(payload, NOW)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("enabled", "yes"),
        ("connections", "1"),
        ("expires_at", "tomorrow"),
        ("expires_at", "2026-03-01T00:00:00"),
        ("id", ""),
    ],
)
def test_a_field_of_another_type_is_loud(field: str, value: Any) -> None:
    with pytest.raises(ContractBroken, match=field):
        mapping.account_from({**PAYLOAD, field: value}, NOW)


def test_an_added_field_is_no_harm() -> None:
    account = mapping.account_from({**PAYLOAD, "colour": "red"}, NOW)
    assert (account.state, account.expires_at) == (AccountState.ACTIVE, datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize("payload", [None, [], "x", 7, {"error": "no_such_account"}])
def test_what_is_no_account_is_loud(payload: Any) -> None:
    with pytest.raises(ContractBroken):
        mapping.account_from(payload, NOW)


def test_the_readme_lists_every_endpoint_of_the_practice_panel() -> None:
    text = (Path(mapping.__file__).parent / "README.md").read_text()
    for method, pattern, _ in practice_panel.ROUTES:
        path = pattern.replace(r"(\d+)", "{id}").replace("([^/]+)", "{username}")
        assert f"| `{method} {path}" in text


def test_a_stranger_is_told_only_that(practice: PracticeProcess) -> None:
    with requests.Session() as session:
        session.trust_env = False
        refused = session.get(f"{practice.url}v1/accounts", timeout=5)
    assert (refused.status_code, refused.json()["error"]) == (401, "bad_token")
