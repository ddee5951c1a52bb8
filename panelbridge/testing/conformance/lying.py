"""A panel that says success and changed nothing is not believed."""

from __future__ import annotations

import pytest

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Outcome
from panelbridge.testing.conformance.deeds import deed
from panelbridge.testing.conformance.lookup import PATIENCE
from panelbridge.testing.conformance.subject import PanelUnderTest, ending_of
from panelbridge.testing.conformance.suite import Suite
from panelbridge.testing.practice import Fault, ScriptedReply
from panelbridge.transport import deadline

_WRITES = ("PUT", "PATCH", "DELETE")  # a POST may be a read


class LyingSuccess(Suite):
    @pytest.mark.parametrize("verb", list(Verb))
    def test_a_success_that_changed_nothing_is_not_done(self, subject: PanelUnderTest, verb: Verb) -> None:
        """Only what a read of the panel shows is done; else nobody knows."""
        if verb in subject.unseen:
            pytest.skip(f"{subject.adapter.backend}: the panel lets nobody see what came of {verb.value}")
        asked = deed(subject, verb)
        before, mark = subject.in_books(asked.username), subject.mark()
        subject.set_fault(Fault.SUCCESS_BUT_NOTHING, subject.operation(verb), times=None)
        outcome = ending_of(asked.do)
        sent = subject.sent(since=mark)
        lies = [one for one in sent if one["fault"] == Fault.SUCCESS_BUT_NOTHING]
        assert lies, "nothing was hit"
        # A verb of several writes meets one lie among steps that are honest: those may be seen in the books.
        honest = [one for one in sent if one not in lies and one.get("method") in _WRITES]
        assert honest or subject.in_books(asked.username) == before
        assert outcome not in (Outcome.DONE, Outcome.ALREADY)

    @pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.TERMINATE])
    def test_a_read_back_that_is_refused_is_not_done(self, subject: PanelUnderTest, verb: Verb) -> None:
        """200 with ``ok: false`` in place of what was written: nobody has seen it."""
        if verb in subject.unseen:
            pytest.skip(f"{subject.adapter.backend}: the panel lets nobody see what came of {verb.value}")
        asked, mark = deed(subject, verb), subject.mark()
        assert ending_of(asked.do) is Outcome.DONE
        sent = [one["operation"] for one in subject.sent(since=mark)]
        read = subject.read("get")
        if not sent or sent[-1] != read:
            pytest.skip(f"{subject.adapter.backend}: {verb.value} does not end with a read of the account")
        asked = deed(subject, verb)
        subject.set_reply(read, ScriptedReply(body=b'{"ok": false}'), skip=sent.count(read) - 1)
        assert ending_of(asked.do) not in (Outcome.DONE, Outcome.ALREADY)

    def test_work_that_is_queued_for_ever_is_unknown(self, subject: PanelUnderTest) -> None:
        """A job that was taken and does not end may still run: it is neither done nor refused."""
        asked = deed(subject, Verb.CREATE)
        subject.act("queue", on=True)
        try:
            with deadline(PATIENCE * 10):
                assert ending_of(asked.do) is Outcome.UNKNOWN
        finally:
            subject.act("queue", on=False)
