"""Found, absent, unknown: an outage never reads as absence, and a list is whole or an error."""

from __future__ import annotations

from contextlib import suppress

import pytest

from panelbridge.contract.capabilities import FindBy
from panelbridge.contract.exceptions import PanelError
from panelbridge.contract.models import Absent, Found, Unknown
from panelbridge.testing.conformance.subject import PanelUnderTest
from panelbridge.testing.conformance.suite import Suite
from panelbridge.testing.practice import Fault, ScriptedReply
from panelbridge.transport import deadline

ABOUT_WRITES = frozenset({Fault.COMMIT_AFTER_HANGUP, Fault.CUT_THEN_COMMIT, Fault.SUCCESS_BUT_NOTHING})
# A test of its own aims these: the answer itself is what it should be, or what the test says.
OF_THEIR_OWN = frozenset({Fault.DUPLICATE_REPLY, Fault.TRUNCATED_PAGE, Fault.SCRIPTED})
OUTAGES = tuple(fault for fault in Fault if fault not in ABOUT_WRITES | OF_THEIR_OWN)
PATIENCE = 0.3  # seconds for a call that meets a fault


class Lookups(Suite):
    def test_get_finds_what_is_there(self, subject: PanelUnderTest) -> None:
        account = subject.made()
        found = subject.adapter.get(account.ref)
        assert isinstance(found, Found)
        assert (found.account.id, found.account.username) == (account.id, account.username)
        assert found.account.expires_at == account.expires_at

    def test_get_proves_what_is_gone(self, subject: PanelUnderTest) -> None:
        account = subject.made()
        subject.act("delete", username=account.username)
        assert isinstance(subject.adapter.get(account.ref), Absent)

    @pytest.mark.parametrize("by", list(FindBy))
    def test_find_finds_ours_and_nothing_else(self, subject: PanelUnderTest, by: FindBy) -> None:
        if by not in subject.capabilities.find_by:
            pytest.skip(f"{subject.adapter.backend}: capabilities.find_by lacks {by.value}")
        if subject.device and by is FindBy.USERNAME:
            pytest.skip(f"{subject.adapter.backend}: a device's login is of the panel's making")
        order = subject.order()
        account = subject.made(order)
        wanted = {FindBy.USERNAME: order.credentials.username, FindBy.REFERENCE: order.reference}
        found = subject.adapter.find(**{by.value: wanted[by]})
        assert isinstance(found, Found)
        assert found.account.id == account.id
        # A piece of the name must not match: panels search for text anywhere.
        assert not isinstance(subject.adapter.find(**{by.value: wanted[by][:-1]}), Found)

    def test_a_404_that_says_nothing_is_no_absence(self, subject: PanelUnderTest) -> None:
        """Any web server says 404; the panel's own, documented words are what proves."""
        account = subject.made()
        subject.set_reply(subject.read("get"), ScriptedReply(status=404, body=b"{}"))
        assert not isinstance(subject.adapter.get(account.ref), Absent)

    @pytest.mark.parametrize("fault", OUTAGES)
    def test_an_outage_is_unknown(self, subject: PanelUnderTest, fault: Fault) -> None:
        account = subject.made()
        subject.set_fault(fault, subject.read("get"), times=None)
        with deadline(PATIENCE):
            answer = subject.adapter.get(account.ref)
        assert isinstance(answer, Unknown), answer
        assert answer.cause

    @pytest.mark.parametrize("fault", OUTAGES)
    def test_an_outage_while_searching_is_unknown(self, subject: PanelUnderTest, fault: Fault) -> None:
        account = subject.made()
        subject.set_fault(fault, subject.read("find"), times=None)
        with deadline(PATIENCE):
            answer = subject.adapter.find(username=account.username)
        assert isinstance(answer, Unknown), answer

    def test_the_list_is_whole(self, subject: PanelUnderTest) -> None:
        made = {subject.made().id for _ in range(5)}
        if not subject.capabilities.list_complete:
            pytest.skip(f"{subject.adapter.backend}: capabilities.list_complete is false")
        listed = [account.id for account in subject.adapter.list_accounts()]
        assert made <= set(listed)
        assert len(listed) == len(set(listed))

    @pytest.mark.parametrize("fault", [Fault.HTML_502, Fault.EMPTY_BODY, Fault.WRONG_TYPES, Fault.CUT_BEFORE])
    def test_a_broken_list_is_an_error_and_never_a_part(self, subject: PanelUnderTest, fault: Fault) -> None:
        if not subject.capabilities.list_complete:
            pytest.skip(f"{subject.adapter.backend}: capabilities.list_complete is false")
        for _ in range(3):
            subject.made()
        whole = len(list(subject.adapter.list_accounts()))
        subject.set_fault(fault, subject.read("list_accounts"), times=None)
        reported = None
        with suppress(PanelError), deadline(PATIENCE):
            reported = list(subject.adapter.list_accounts())
        rows_alone_are_broken = fault is Fault.WRONG_TYPES and reported is not None and len(reported) >= whole
        assert reported is None or rows_alone_are_broken, reported
