"""A panel that says success and changed nothing is not believed."""

from __future__ import annotations

import pytest

from panelbridge.capabilities import Verb
from panelbridge.models import Outcome
from panelbridge.testing.conformance.deeds import deed
from panelbridge.testing.conformance.subject import PanelUnderTest, ending_of
from panelbridge.testing.conformance.suite import Suite
from panelbridge.testing.practice import Fault


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
        lies = [one for one in subject.sent(since=mark) if one["fault"] == Fault.SUCCESS_BUT_NOTHING]
        assert lies, "nothing was hit"
        assert subject.in_books(asked.username) == before
        assert outcome not in (Outcome.DONE, Outcome.ALREADY)
