"""Panels that only add: one call buys once, and never on another expiry than it was planned on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.exceptions import Conflict, PanelError
from panelbridge.contract.models import Found, Outcome
from panelbridge.testing.conformance.deeds import deed, expiry
from panelbridge.testing.conformance.subject import PanelUnderTest, ending_of
from panelbridge.testing.conformance.suite import Suite
from panelbridge.testing.orders import months_ahead
from panelbridge.testing.practice import Fault

_SLOW = 0.3  # seconds before a purchase has its effect: time for the others to have looked


class Fence(Suite):
    @pytest.fixture(autouse=True)
    def _only_where_lengths_are_sold(self, subject: PanelUnderTest) -> None:
        subject.needs(Verb.CREATE, Verb.EXTEND)
        if not subject.sells:
            pytest.skip(f"{subject.adapter.backend}: capabilities.extend is SET, nothing is fenced")

    def test_one_call_buys_once(self, subject: PanelUnderTest) -> None:
        asked = deed(subject, Verb.EXTEND)
        charged = subject.control.books()["charged"]
        assert ending_of(asked.do) is Outcome.DONE
        assert len(subject.effects(asked.username, "extend")) == 1
        assert subject.control.books()["charged"] > charged

    def test_a_second_call_on_the_same_plan_is_refused(self, subject: PanelUnderTest) -> None:
        asked = deed(subject, Verb.EXTEND)
        asked.do()
        with pytest.raises(Conflict) as caught:
            asked.do()
        assert caught.value.outcome is Outcome.REFUSED
        assert len(subject.effects(asked.username, "extend")) == 1

    def test_of_three_callers_with_one_plan_one_buys(self, subject: PanelUnderTest) -> None:
        """A library user's threads: whoever has waited for another one's purchase looks again."""
        account = subject.made()
        purchase, until = subject.purchase(account), months_ahead(subject.term)
        subject.control.set_latency(_SLOW, subject.operation(Verb.EXTEND))

        def buy(_: int) -> Outcome:
            return ending_of(lambda: subject.adapter.extend(account.ref, until, purchase))

        with ThreadPoolExecutor(3) as callers:
            outcomes = sorted(callers.map(buy, range(3)))
        subject.control.set_latency(0.0)
        assert len(subject.effects(account.username, "extend")) == 1
        assert outcomes == [Outcome.DONE, Outcome.REFUSED, Outcome.REFUSED]

    def test_a_purchase_planned_on_another_expiry_is_refused(self, subject: PanelUnderTest) -> None:
        account = subject.made()
        purchase = subject.purchase(account)
        assert purchase is not None
        assert account.expires_at is not None
        stale = replace(purchase, before=account.expires_at - timedelta(days=1))
        with pytest.raises(Conflict):
            subject.adapter.extend(account.ref, months_ahead(subject.term), stale)
        assert subject.effects(account.username, "extend") == []

    def test_without_a_purchase_nothing_is_bought(self, subject: PanelUnderTest) -> None:
        account = subject.made()
        with pytest.raises(PanelError) as caught:
            subject.adapter.extend(account.ref, months_ahead(subject.term))
        assert caught.value.outcome is Outcome.REFUSED
        assert subject.effects(account.username, "extend") == []

    def test_a_lost_purchase_is_unknown_and_its_effect_can_be_read(self, subject: PanelUnderTest) -> None:
        account = subject.made()
        subject.set_fault(Fault.CUT_AFTER_COMMIT, subject.operation(Verb.EXTEND))
        until = months_ahead(subject.term)
        outcome = ending_of(lambda: subject.adapter.extend(account.ref, until, subject.purchase(account)))
        assert outcome is Outcome.UNKNOWN
        found = subject.adapter.get(account.ref)
        assert isinstance(found, Found)
        assert found.account.expires_at == expiry(subject.in_books(account.username))
        assert found.account.expires_at != account.expires_at
        assert len(subject.effects(account.username, "extend")) == 1
