"""An account that ended by itself is not one that somebody switched off: a suspend of it is still sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Found, Outcome, PanelAccount
from panelbridge.testing.conformance.deeds import state
from panelbridge.testing.conformance.subject import PanelUnderTest
from panelbridge.testing.conformance.suite import Suite


class Ended(Suite):
    def test_who_is_expired_is_told_as_that_and_can_be_suspended(self, subject: PanelUnderTest) -> None:
        subject.needs(Verb.EXTEND, Verb.SUSPEND)
        account = subject.made()
        past = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
        subject.act("set_expiry", username=account.username, expires_at=past.isoformat())
        self._is_reported_as(subject, "expired", account)

    def test_who_used_up_what_he_may_is_limited_and_can_be_suspended(self, subject: PanelUnderTest) -> None:
        subject.needs(Verb.SUSPEND)
        account = subject.made()
        subject.act("use_up", username=account.username)
        self._is_reported_as(subject, "limited", account)

    def test_a_renewal_lifts_what_was_used_up(self, subject: PanelUnderTest) -> None:
        subject.needs(Verb.EXTEND)
        account = subject.made()
        assert account.expires_at is not None
        subject.act("use_up", username=account.username)
        until = account.expires_at + timedelta(days=31)
        subject.adapter.extend(account.ref, until, subject.purchase(account))
        found = subject.adapter.get(account.ref)
        assert isinstance(found, Found)
        assert found.account.state.value == "active"
        assert state(subject.in_books(account.username)) == "active"

    def _is_reported_as(self, subject: PanelUnderTest, reported: str, account: PanelAccount) -> None:
        found = subject.adapter.get(account.ref)
        assert isinstance(found, Found)
        assert found.account.state.value == reported
        assert subject.adapter.suspend(account.ref, "overdue").outcome is Outcome.DONE
        after = subject.adapter.get(account.ref)
        assert isinstance(after, Found)
        assert after.account.state.value == "suspended"
        assert state(subject.in_books(account.username)) == "suspended"
