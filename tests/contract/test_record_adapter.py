"""Verbs made of five requests: what a panel can do wrong between them is never told as done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from panelbridge import (
    AccountId,
    AccountRef,
    AccountState,
    Capabilities,
    Conflict,
    Connection,
    ContractBroken,
    CreateOrder,
    Credentials,
    Extend,
    InvalidOrder,
    NotFound,
    Outcome,
    OutcomeUnknown,
    Package,
    PackageChange,
    PanelAccount,
    PanelError,
    PanelRefused,
    PanelSettings,
    PermissionMissing,
    Secret,
    Unsupported,
    Verb,
)
from panelbridge.contract.record_adapter import Change, RecordAdapter

UNTIL = datetime(2030, 1, 1, tzinfo=UTC)
LOGIN = Credentials(username="maria2345", password=Secret("gXw7Rk2pQz"))
ORDER = CreateOrder(credentials=LOGIN, package="basic", until=UNTIL, reference="bridge:1:1")


class Shelf(RecordAdapter[PanelSettings]):
    """A panel in a dictionary."""

    backend = "shelf"
    settings_model = PanelSettings
    declared = Capabilities(reference_field="note", password_readable=True)

    def __init__(self) -> None:
        super().__init__(PanelSettings(base_url="https://panel.example/"))
        self.accounts: dict[str, PanelAccount] = {}
        self.writes: list[str] = []

    @property
    def capabilities(self) -> Capabilities:
        return self.declared

    def test_connection(self) -> Connection:
        return Connection(version=None, identity="shelf")

    def list_packages(self) -> Iterator[Package]:
        return iter(())

    def read(self, account_id: AccountId) -> PanelAccount:
        if account_id not in self.accounts:
            raise NotFound("no such account")
        return self.accounts[account_id]

    def rows(self, username: str | None = None) -> Iterator[PanelAccount]:
        return iter(self.accounts.values())

    def add(self, order: CreateOrder) -> AccountId:
        if any(one.username == order.credentials.username for one in self.accounts.values()):
            raise Conflict("taken")
        self.writes.append("add")
        self.put(order)
        return AccountId("1")

    def put(self, order: CreateOrder, **changes: object) -> PanelAccount:
        account = PanelAccount(
            id=AccountId("1"),
            username=order.credentials.username,
            state=AccountState.ACTIVE,
            expires_at=order.until,
            password=order.credentials.password,
            package=order.package,
            reference=order.reference,
        )
        self.accounts["1"] = replace(account, **changes)  # type: ignore[arg-type]
        return self.accounts["1"]

    def write(self, account: PanelAccount, change: Change) -> None:
        self.writes.append("write")
        if change.suspended is not None:
            state = AccountState.SUSPENDED if change.suspended else AccountState.ACTIVE
            self.accounts["1"] = replace(account, state=state)

    def remove(self, account: PanelAccount) -> None:
        self.writes.append("remove")
        del self.accounts[account.id]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def test_the_life_of_an_account(shelf: Shelf) -> None:
    made = shelf.create(ORDER)
    assert (made.outcome, made.differs) == (Outcome.DONE, ())
    assert shelf.create(ORDER).outcome is Outcome.ALREADY
    assert made.account is not None
    ref = made.account.ref
    assert [shelf.suspend(ref, "x").outcome for _ in range(2)] == [Outcome.DONE, Outcome.ALREADY]
    assert [shelf.unsuspend(ref).outcome for _ in range(2)] == [Outcome.DONE, Outcome.ALREADY]
    assert [shelf.terminate(ref).outcome for _ in range(2)] == [Outcome.DONE, Outcome.ALREADY]
    assert shelf.writes == ["add", "write", "write", "remove"]


@pytest.mark.parametrize(
    ("changes", "declared", "ending"),
    [
        ({"reference": "somebody"}, Shelf.declared, Conflict),
        ({"password": Secret("another1")}, Shelf.declared, Conflict),
        ({"password": None}, Capabilities(reference_field="note"), None),
        ({"password": None, "reference": None}, Capabilities(), OutcomeUnknown),
    ],
    ids=["another reference", "another password", "ours by reference", "nothing shows whose"],
)
def test_a_taken_name_is_ours_only_when_something_proves_it(
    shelf: Shelf, changes: dict[str, object], declared: Capabilities, ending: type[PanelError] | None
) -> None:
    shelf.declared = declared
    shelf.put(ORDER, **changes)
    if ending is None:
        assert shelf.create(ORDER).outcome is Outcome.ALREADY
        return
    with pytest.raises(ending):
        shelf.create(ORDER)
    assert shelf.writes == []


def test_what_the_panel_set_otherwise_is_named(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    put = shelf.put
    later = UNTIL + timedelta(days=1)
    monkeypatch.setattr(shelf, "put", lambda order: put(order, package="trial", expires_at=later))
    assert shelf.create(ORDER).differs == ("package", "expires_at")


def test_a_write_that_cannot_be_read_back_is_unknown(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = shelf.put(ORDER).ref
    with pytest.raises(OutcomeUnknown, match="cannot be read back"):
        shelf.extend(ref, UNTIL + timedelta(days=31))  # this panel takes the date and keeps the old one
    monkeypatch.setattr(shelf, "write", lambda account, change: shelf.accounts.clear())
    with pytest.raises(OutcomeUnknown) as caught:
        shelf.suspend(ref, "x")
    assert "accepted the change" in caught.value.message
    assert caught.value.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("seen", "ending"),
    [
        ({}, PanelRefused),
        ({"state": AccountState.SUSPENDED}, None),
        ({"package": "trial"}, OutcomeUnknown),
        (None, OutcomeUnknown),
    ],
    ids=["as before", "reached", "half-way", "gone"],
)
def test_a_refusal_is_believed_when_the_account_reads_as_before(
    shelf: Shelf,
    monkeypatch: pytest.MonkeyPatch,
    seen: dict[str, object] | None,
    ending: type[PanelError] | None,
) -> None:
    def refuse(account: PanelAccount, change: Change) -> None:
        shelf.accounts.clear() if seen is None else shelf.put(ORDER, **seen)
        raise PanelRefused("no")

    ref = shelf.put(ORDER).ref
    monkeypatch.setattr(shelf, "write", refuse)
    if ending is None:
        assert shelf.suspend(ref, "x").outcome is Outcome.ALREADY
        return
    with pytest.raises(PanelError) as caught:
        shelf.suspend(ref, "x")
    assert type(caught.value) is ending


@pytest.mark.parametrize(
    ("left", "ending"), [("as it was", PanelRefused), ("gone", None), ("half", OutcomeUnknown)]
)
def test_a_refused_end_is_looked_behind(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, left: str, ending: type[PanelError] | None
) -> None:
    def refuse(account: PanelAccount) -> None:
        if left == "gone":
            shelf.accounts.clear()
        elif left == "half":
            shelf.put(ORDER, package=None)
        raise PanelRefused("no")

    ref = shelf.put(ORDER).ref
    monkeypatch.setattr(shelf, "remove", refuse)
    if ending is None:
        assert shelf.terminate(ref).outcome is Outcome.DONE
        return
    with pytest.raises(PanelError) as caught:
        shelf.terminate(ref)
    assert type(caught.value) is ending


def test_an_end_before_which_the_panel_shows_nothing_is_its_refusal(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(account_id: AccountId) -> PanelAccount:
        raise PanelRefused("no")

    ref = shelf.put(ORDER).ref
    monkeypatch.setattr(shelf, "read", refuse)
    with pytest.raises(PanelRefused):
        shelf.terminate(ref)
    assert shelf.writes == []


def test_a_refused_create_that_left_an_account_is_unknown(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(order: CreateOrder) -> AccountId:
        raise PanelRefused("no")

    monkeypatch.setattr(shelf, "add", refuse)
    with pytest.raises(PanelRefused):
        shelf.create(ORDER)
    shelf.put(ORDER)
    with pytest.raises(OutcomeUnknown, match="yet the account is there"):
        shelf.create(ORDER)


def test_a_read_that_fails_before_the_write_means_nothing_happened(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(account_id: AccountId) -> PanelAccount:
        raise ContractBroken("HTML")

    monkeypatch.setattr(shelf, "read", broken)
    with pytest.raises(ContractBroken) as caught:
        shelf.suspend(AccountRef(id=AccountId("1"), username="maria2345"), "x")
    assert caught.value.outcome is Outcome.RETRY_LATER
    assert shelf.writes == []


def test_what_is_not_ours_is_left_alone(shelf: Shelf) -> None:
    account = shelf.put(ORDER)
    calls: list[Callable[[AccountRef], object]] = [shelf.terminate, lambda ref: shelf.suspend(ref, "x")]
    for ref in (replace(account.ref, username="other234"), replace(account.ref, reference="bridge:1:2")):
        for call in calls:
            with pytest.raises(Conflict):
                call(ref)
    banned = shelf.put(ORDER, state=AccountState.BANNED)
    with pytest.raises(PermissionMissing):
        shelf.unsuspend(banned.ref)
    assert shelf.writes == []


def test_what_the_panel_has_not_is_refused_unsent(shelf: Shelf) -> None:
    account = shelf.put(ORDER)
    shelf.declared = Capabilities(extend=Extend.NONE, verbs=frozenset(Verb) - {Verb.EXTEND})
    with pytest.raises(Unsupported):
        shelf.extend(account.ref, UNTIL)
    for order in (replace(ORDER, options={"x": "1"}), replace(ORDER, connections=2)):
        with pytest.raises(InvalidOrder):
            shelf.create(order)
    with pytest.raises(InvalidOrder):
        shelf.change_package(account.ref, PackageChange(package="basic", connections=2))
    assert shelf.writes == []
