"""Every verb reaches its end state, says so truly, and moves nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from panelbridge.contract.capabilities import Extend, PackageWrite, Verb
from panelbridge.contract.exceptions import Conflict, InvalidOrder, PanelError, PermissionMissing
from panelbridge.contract.models import (
    AccountId,
    AccountRef,
    AccountState,
    Credentials,
    Outcome,
    Package,
    PackageChange,
)
from panelbridge.contract.secret import Secret
from panelbridge.testing.conformance.deeds import expiry, state
from panelbridge.testing.conformance.rows import with_silent_rows
from panelbridge.testing.conformance.subject import PanelUnderTest, ending_of
from panelbridge.testing.conformance.suite import Suite


class Lifecycle(Suite):
    def test_create_makes_the_account_that_was_ordered(self, subject: PanelUnderTest) -> None:
        order = subject.order()
        account = subject.made(order)
        books = subject.in_books(order.credentials.username)
        assert books is not None
        if not subject.device:  # whose hidden line has a login of the panel's making
            assert books["password"] == order.credentials.password.get_secret_value()
        assert books["package"] in (order.package or None, None)
        assert books["state"] == "active"
        assert subject.is_ordered(account, order)
        assert account.expires_at == expiry(books)
        if subject.capabilities.reference_field is not None:
            assert books["reference"] == order.reference
        if subject.capabilities.extend is Extend.SET:
            assert subject.same_moment(account.expires_at, order.until)

    def test_create_again_never_makes_a_second(self, subject: PanelUnderTest) -> None:
        order = subject.order()
        subject.made(order)
        # Unknown: a panel that cannot show whose the name is.
        assert ending_of(lambda: subject.adapter.create(order)) in (Outcome.ALREADY, Outcome.UNKNOWN)
        assert len(subject.effects(order.credentials.username, "create")) == 1

    def test_create_never_takes_a_name_that_is_not_ours(self, subject: PanelUnderTest) -> None:
        order = subject.order()
        device = {"mac": order.mac, "device": subject.device} if subject.device else {}
        subject.act("create", username=order.credentials.username, **device)
        before = subject.in_books(order.credentials.username)
        with pytest.raises(PanelError) as caught:
            subject.adapter.create(order)
        assert isinstance(caught.value, Conflict) or caught.value.outcome is Outcome.UNKNOWN
        assert subject.in_books(order.credentials.username) == before

    def test_extend_moves_the_expiry_and_nothing_else(self, subject: PanelUnderTest) -> None:
        subject.needs(Verb.EXTEND)
        account = subject.made()
        assert account.expires_at is not None
        before = subject.in_books(account.username)
        until = account.expires_at + timedelta(days=31)
        result = subject.adapter.extend(account.ref, until, subject.purchase(account))
        after = subject.in_books(account.username)
        assert before is not None
        assert after is not None
        assert result.outcome is Outcome.DONE
        assert result.account is not None
        assert result.account.expires_at == expiry(after)
        assert result.account.expires_at is not None
        assert account.expires_at < result.account.expires_at
        assert {**after, "expires_at": None} == {**before, "expires_at": None}
        if subject.capabilities.extend is Extend.SET:
            assert subject.same_moment(result.account.expires_at, until)

    def test_extend_to_an_earlier_date_shortens(self, subject: PanelUnderTest) -> None:
        """The end state is the date: what was given by mistake can be taken back."""
        subject.needs(Verb.EXTEND)
        if subject.sells:
            pytest.skip(f"{subject.adapter.backend}: capabilities.extend is ADD")
        account = subject.made()
        assert account.expires_at is not None
        until = account.expires_at - timedelta(days=9)
        result = subject.adapter.extend(account.ref, until)
        assert result.outcome is Outcome.DONE
        assert subject.same_moment(expiry(subject.in_books(account.username)), until)

    def test_extend_leaves_a_suspended_account_suspended(self, subject: PanelUnderTest) -> None:
        subject.needs(Verb.EXTEND, Verb.SUSPEND)
        account = subject.made()
        assert account.expires_at is not None
        subject.adapter.suspend(account.ref, "overdue")
        subject.adapter.extend(
            account.ref, account.expires_at + timedelta(days=31), subject.purchase(account)
        )
        assert state(subject.in_books(account.username)) == "suspended"

    def test_terminate_leaves_no_usable_account(self, subject: PanelUnderTest) -> None:
        subject.needs(Verb.TERMINATE)
        account = subject.made()
        result = subject.adapter.terminate(account.ref)
        books = subject.in_books(account.username)
        assert result.outcome is Outcome.DONE
        assert books is None or (state(books) == "suspended" and result.note)
        assert subject.adapter.terminate(account.ref).outcome is Outcome.ALREADY

    def test_terminate_spares_an_account_of_another_name(self, subject: PanelUnderTest) -> None:
        subject.needs(Verb.TERMINATE)
        account = subject.made()
        with pytest.raises(Conflict):
            subject.adapter.terminate(replace(account.ref, username="somebodyelse"))
        assert subject.in_books(account.username) is not None


class Suspension(Suite):
    def test_suspend_and_unsuspend_change_the_state_only(self, subject: PanelUnderTest) -> None:
        subject.needs(Verb.SUSPEND, Verb.UNSUSPEND)
        account = subject.made()
        before = subject.in_books(account.username)
        suspended = subject.adapter.suspend(account.ref, "overdue")
        assert suspended.outcome is Outcome.DONE
        assert suspended.account is not None
        assert suspended.account.state is AccountState.SUSPENDED
        assert state(subject.in_books(account.username)) == "suspended"
        assert subject.adapter.unsuspend(account.ref).outcome is Outcome.DONE
        assert subject.in_books(account.username) == before

    def test_a_ban_of_the_panels_owner_is_told_and_kept(self, subject: PanelUnderTest) -> None:
        subject.needs(Verb.UNSUSPEND)
        account = subject.made()
        subject.act("ban", username=account.username)
        with pytest.raises(PermissionMissing):
            subject.adapter.unsuspend(account.ref)
        assert state(subject.in_books(account.username)) == "banned"


class Packages(Suite):
    @pytest.fixture(autouse=True)
    def _only_where_packages_are_known(self, subject: PanelUnderTest) -> None:
        if not subject.package:
            pytest.skip(f"{subject.adapter.backend}: the panel has no packages")

    def test_the_list_holds_what_can_be_sold(self, subject: PanelUnderTest) -> None:
        ids = [package.id for package in subject.adapter.list_packages()]
        assert {subject.package, subject.other_package or subject.package} <= set(ids)
        assert len(ids) == len(set(ids))

    def test_a_row_that_tells_nothing_is_one_bad_package(self, subject: PanelUnderTest) -> None:
        def ask() -> list[Package]:
            return list(subject.adapter.list_packages())

        sold = {package.id for package in ask()}
        for listed in with_silent_rows(subject, subject.read("list_packages"), ask, of=sold):
            bad = [package for package in listed if getattr(package, "unreadable", False)]
            lost = sold - {package.id for package in listed if package not in bad}
            assert len(lost) <= 1
            assert len(bad) == 1 or not (bad or lost)

    def test_change_package_sets_it_and_keeps_the_term(self, subject: PanelUnderTest) -> None:
        subject.needs(Verb.CHANGE_PACKAGE)
        if subject.capabilities.change_package is PackageWrite.PURCHASE:
            pytest.skip("capabilities.change_package is PURCHASE: the term may move")
        account = subject.made()
        before = subject.in_books(account.username)
        result = subject.adapter.change_package(account.ref, PackageChange(package=subject.other_package))
        books = subject.in_books(account.username)
        assert books is not None
        assert before is not None
        assert result.outcome is Outcome.DONE
        assert books["package"] == subject.other_package
        assert expiry(books) == account.expires_at
        moves = {"package", "connections", *subject.moves_with_package}
        stay = [name for name in {*before, *books} - moves if before.get(name) != books.get(name)]
        assert stay == [], "a change of package moved what nobody asked for"

    def test_a_change_to_the_package_it_has_is_already_and_buys_nothing(
        self, subject: PanelUnderTest
    ) -> None:
        """Also without a purchase: nothing has to be bought."""
        subject.needs(Verb.CHANGE_PACKAGE)
        account = subject.made()
        before, charged = subject.in_books(account.username), subject.control.books()["charged"]
        change = PackageChange(package=subject.package)
        assert ending_of(lambda: subject.adapter.change_package(account.ref, change)) is Outcome.ALREADY
        assert subject.in_books(account.username) == before
        assert subject.control.books()["charged"] == charged

    def test_who_decides_the_connections_is_declared_as_it_is(self, subject: PanelUnderTest) -> None:
        declared = getattr(subject.capabilities, "connections", None)
        assert declared is not None
        sold = {package.id: package.connections for package in subject.adapter.list_packages()}
        order = subject.order(connections=(sold[subject.package] or 1) + 6)
        if declared.value == "chosen":
            result = subject.adapter.create(order)
            assert result.account is not None
            assert "connections" in result.differs or result.account.connections in (None, order.connections)
            return
        with pytest.raises(InvalidOrder) as caught:
            subject.adapter.create(order)
        assert caught.value.field == "connections"
        assert subject.effects(order.credentials.username) == []

    def test_an_unknown_package_is_refused_and_changes_nothing(self, subject: PanelUnderTest) -> None:
        order = subject.order(package="987654321")
        with pytest.raises(PanelError) as caught:
            subject.adapter.create(order)
        assert caught.value.outcome is Outcome.REFUSED
        assert subject.effects(order.credentials.username) == []


class CredentialReset(Suite):
    def test_the_new_password_works_and_the_old_does_not(self, subject: PanelUnderTest) -> None:
        subject.needs(Verb.RESET_CREDENTIALS)
        account = subject.made()
        password = subject.credentials().password.get_secret_value()
        credentials = Credentials(username=account.username, password=Secret(password))
        result = subject.adapter.reset_credentials(account.ref, credentials)
        books = subject.in_books(account.username)
        assert books is not None
        if "password" in result.differs:
            assert result.account is not None
            assert result.account.password == Secret(books["password"])
        else:
            assert books["password"] == password

    def test_an_account_that_is_gone_is_told_as_absent(self, subject: PanelUnderTest) -> None:
        subject.needs(Verb.RESET_CREDENTIALS)
        ref = AccountRef(id=AccountId("99999999"), username="nobodyhere")
        with pytest.raises(PanelError) as caught:
            subject.adapter.reset_credentials(ref, subject.credentials())
        assert caught.value.outcome in (Outcome.REFUSED, Outcome.UNKNOWN)
