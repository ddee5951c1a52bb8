"""The law of outcomes: what an adapter says of a call is never contradicted by the panel's books."""

from __future__ import annotations

import pytest

from panelbridge.contract.capabilities import PackageWrite, Verb
from panelbridge.contract.models import Found, Outcome
from panelbridge.testing.conformance.deeds import deed
from panelbridge.testing.conformance.lookup import PATIENCE
from panelbridge.testing.conformance.subject import PanelUnderTest, ending_of
from panelbridge.testing.conformance.suite import Suite
from panelbridge.testing.practice import Fault
from panelbridge.transport import deadline

BROKEN_WRITES = tuple(
    fault for fault in Fault if fault not in (Fault.TRUNCATED_PAGE, Fault.SCRIPTED, Fault.SUCCESS_BUT_NOTHING)
)
_NOTHING_HAPPENED = frozenset({Outcome.REFUSED, Outcome.RETRY_LATER})
_REACHED = frozenset({Outcome.DONE, Outcome.ALREADY})


class Faults(Suite):
    @pytest.mark.parametrize("verb", list(Verb))
    @pytest.mark.parametrize("fault", BROKEN_WRITES)
    def test_the_outcome_told_is_true(self, subject: PanelUnderTest, verb: Verb, fault: Fault) -> None:
        """Done means done, refused and retry later mean nothing happened; else it is unknown."""
        asked = deed(subject, verb)
        effects_before, mark = len(subject.effects(asked.username)), subject.mark()
        subject.set_fault(fault, subject.operation(verb))
        for patience in (PATIENCE, 10 * PATIENCE):  # on a busy machine its reads alone may take the first
            with deadline(patience):
                outcome = ending_of(asked.do)
            was_hit = fault in [request["fault"] for request in subject.sent(since=mark)]
            if was_hit:
                break
        subject.control.clear_faults()
        subject.control.release()
        assert was_hit, "nothing was hit"
        if outcome in _REACHED:
            assert asked.shown(subject.in_books(asked.username))
        if outcome in _NOTHING_HAPPENED:
            assert len(subject.effects(asked.username)) == effects_before
        if outcome is Outcome.UNKNOWN and verb in subject.capabilities.safe_repeats:
            assert ending_of(asked.do) in _REACHED
            assert asked.shown(subject.in_books(asked.username))
            if verb is Verb.CREATE:
                assert len(subject.effects(asked.username, "create")) == 1

    def test_a_reply_sent_twice_answers_one_request(self, subject: PanelUnderTest) -> None:
        """The second copy waits on the connection; the next request must not take it for its answer."""
        subject.needs(Verb.CREATE)
        first, second = subject.made(), subject.made()
        subject.set_fault(Fault.DUPLICATE_REPLY, times=None)
        for account in (first, second, first):
            found = subject.adapter.get(account.ref)
            assert isinstance(found, Found)
            assert found.account.username == account.username
        orders = [subject.order() for _ in range(2)]
        for order in orders:
            assert subject.is_ordered(subject.made(order), order)


class Repeats(Suite):
    @pytest.mark.parametrize("verb", list(Verb))
    def test_a_repeat_changes_nothing(self, subject: PanelUnderTest, verb: Verb) -> None:
        if verb not in subject.capabilities.safe_repeats:
            pytest.skip(f"{subject.adapter.backend}: capabilities.safe_repeats lacks {verb.value}")
        asked = deed(subject, verb)
        assert ending_of(asked.do) is Outcome.DONE
        effects = subject.effects(asked.username)
        books = subject.in_books(asked.username)
        assert ending_of(asked.do) is Outcome.ALREADY
        assert subject.effects(asked.username) == effects
        assert subject.in_books(asked.username) == books

    def test_declared_repeats_buy_nothing(self, subject: PanelUnderTest) -> None:
        """A verb that buys is never declared safe to repeat."""
        safe = subject.capabilities.safe_repeats
        assert not (subject.sells and Verb.EXTEND in safe)
        purchase = subject.capabilities.change_package is PackageWrite.PURCHASE
        assert not (purchase and Verb.CHANGE_PACKAGE in safe)
