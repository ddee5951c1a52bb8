"""What capabilities declare is true of the panel, and what they do not declare is refused unsent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from panelbridge.contract.capabilities import Extend, FindBy, OrderFact, PackageWrite, Verb
from panelbridge.contract.exceptions import InvalidOrder, PanelError, Unsupported
from panelbridge.contract.models import (
    Absent,
    AccountId,
    AccountRef,
    Found,
    Outcome,
    PackageChange,
    PanelAccount,
)
from panelbridge.contract.secret import Secret
from panelbridge.testing.conformance.subject import PanelUnderTest
from panelbridge.testing.conformance.suite import Suite
from panelbridge.testing.orders import fitting, months_ahead


class CapabilityTruth(Suite):
    @pytest.mark.parametrize("verb", list(Verb))
    def test_an_undeclared_verb_is_unsupported_and_sends_nothing(
        self, subject: PanelUnderTest, verb: Verb
    ) -> None:
        if verb in subject.capabilities.verbs:
            pytest.skip(f"{subject.adapter.backend}: capabilities.verbs has {verb.value}")
        before = subject.mark()
        with pytest.raises(Unsupported) as caught:
            _call(subject, verb)
        assert caught.value.outcome is Outcome.REFUSED
        assert subject.mark() == before

    @pytest.mark.parametrize("name", ["sign_on", "admin_sign_on", "usages"])
    def test_what_is_offered_beside_the_verbs_is_declared(self, subject: PanelUnderTest, name: str) -> None:
        declared = {
            "sign_on": subject.capabilities.single_sign_on,
            "admin_sign_on": subject.capabilities.admin_sign_on,
            "usages": subject.capabilities.usage,
        }[name]
        account = subject.made()
        offered: dict[str, Callable[[], object]] = {
            "sign_on": lambda: subject.adapter.sign_on(account.ref),
            "admin_sign_on": subject.adapter.admin_sign_on,
            "usages": lambda: _usages(subject, account),
        }
        if declared:
            assert offered[name]() is not None
            return
        before = subject.mark()
        with pytest.raises(Unsupported):
            offered[name]()
        assert subject.mark() == before

    def test_the_password_is_readable_exactly_where_declared(self, subject: PanelUnderTest) -> None:
        order = subject.order()
        found = subject.adapter.get(subject.made(order).ref)
        assert isinstance(found, Found)
        readable = subject.capabilities.password_readable
        kept = order.credentials.password
        if subject.device:
            books = subject.in_books(order.credentials.username)
            assert books is not None
            kept = Secret(books["password"])
        assert found.account.password == (kept if readable else None)

    def test_our_reference_is_kept_exactly_where_declared(self, subject: PanelUnderTest) -> None:
        order = subject.order()
        found = subject.adapter.get(subject.made(order).ref)
        assert isinstance(found, Found)
        kept = subject.capabilities.reference_field is not None
        assert found.account.reference == (order.reference if kept else None)

    @pytest.mark.parametrize("by", list(FindBy))
    def test_a_search_that_is_not_declared_proves_no_absence(
        self, subject: PanelUnderTest, by: FindBy
    ) -> None:
        if by in subject.capabilities.find_by:
            pytest.skip(f"{subject.adapter.backend}: capabilities.find_by has {by.value}")
        order = subject.order()
        subject.made(order)
        wanted = {FindBy.USERNAME: order.credentials.username, FindBy.REFERENCE: order.reference}
        assert not isinstance(subject.adapter.find(**{by.value: wanted[by]}), Absent)

    def test_the_expiry_is_as_exact_as_declared(self, subject: PanelUnderTest) -> None:
        if subject.capabilities.extend is Extend.NONE:
            account = subject.made()
            assert account.expires_at is None
            assert not account.never_expires
            return
        if subject.sells:
            pytest.skip(f"{subject.adapter.backend}: capabilities.extend is ADD, the panel counts by itself")
        order = subject.order()
        assert subject.same_moment(subject.made(order).expires_at, order.until)

    def test_nothing_is_bought_without_a_purchase(self, subject: PanelUnderTest) -> None:
        subject.needs(Verb.CHANGE_PACKAGE)
        if subject.capabilities.change_package is not PackageWrite.PURCHASE:
            pytest.skip(f"{subject.adapter.backend}: capabilities.change_package is SET")
        account = subject.made()
        charged = subject.control.books()["charged"]
        with pytest.raises(PanelError) as caught:
            subject.adapter.change_package(account.ref, PackageChange(package=subject.other_package))
        assert caught.value.outcome is Outcome.REFUSED
        assert subject.control.books()["charged"] == charged

    @pytest.mark.parametrize("fact", list(OrderFact))
    def test_a_needed_fact_that_is_missing_is_named_and_nothing_sent(
        self, subject: PanelUnderTest, fact: OrderFact
    ) -> None:
        if fact not in subject.capabilities.needs:
            pytest.skip(f"{subject.adapter.backend}: capabilities.needs lacks {fact.value}")
        order = subject.order()
        lacking = {name: value for name, value in order.options.items() if name != fact.value}
        with pytest.raises(InvalidOrder) as caught:
            subject.adapter.create(replace(order, options=lacking))
        assert fact.value in (caught.value.field or "")
        assert subject.effects(order.credentials.username) == []

    def test_a_device_is_refused_where_only_lines_are_declared(self, subject: PanelUnderTest) -> None:
        if not subject.capabilities.devices <= {"line"}:
            pytest.skip(f"{subject.adapter.backend}: capabilities.devices has more than lines")
        order = subject.order(mac="00:1A:79:12:34:56")
        with pytest.raises(PanelError) as caught:
            subject.adapter.create(order)
        assert caught.value.outcome is Outcome.REFUSED
        assert subject.effects(order.credentials.username) == []

    @pytest.mark.parametrize("end", ["shortest", "longest"])
    def test_names_at_the_ends_of_the_rule_are_taken(self, subject: PanelUnderTest, end: str) -> None:
        rules = subject.capabilities
        lengths = {
            "shortest": (max(rules.username.min_length, 4), rules.password.min_length),
            "longest": (rules.username.max_length, rules.password.max_length),
        }[end]
        credentials = subject.credentials()
        secret = type(credentials.password)
        credentials = replace(
            credentials,
            username=fitting(rules.username, min(lengths[0], 200)),
            password=secret(fitting(rules.password, min(lengths[1], 200))),
        )
        order = subject.order(credentials=credentials)
        assert subject.is_ordered(subject.made(order), order)


def _usages(subject: PanelUnderTest, account: PanelAccount) -> object:
    """Of that account: a panel without a list shows each by its name."""
    of = getattr(subject.adapter, "usages_of", None)
    return list(of([account.ref]) if of is not None else subject.adapter.usages())


def _call(subject: PanelUnderTest, verb: Verb) -> object:
    """``verb`` on an account that needs not exist: an undeclared verb looks at nothing."""
    ref = AccountRef(id=AccountId("1"), username="nobodyhere")
    adapter = subject.adapter
    calls: dict[Verb, Callable[[], object]] = {
        Verb.CREATE: lambda: adapter.create(subject.order()),
        Verb.EXTEND: lambda: adapter.extend(ref, months_ahead(subject.term)),
        Verb.SUSPEND: lambda: adapter.suspend(ref, "overdue"),
        Verb.UNSUSPEND: lambda: adapter.unsuspend(ref),
        Verb.RESET_CREDENTIALS: lambda: adapter.reset_credentials(ref, subject.credentials()),
        Verb.CHANGE_PACKAGE: lambda: adapter.change_package(ref, PackageChange(package="1")),
        Verb.TERMINATE: lambda: adapter.terminate(ref),
    }
    return calls[verb]()
