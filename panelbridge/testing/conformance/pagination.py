"""A list is whole over all its pages, stays true while it changes, and a page that lacks rows is an error."""

from __future__ import annotations

import pytest

from panelbridge.contract.exceptions import PanelError
from panelbridge.contract.models import PanelAccount
from panelbridge.testing.conformance.rows import with_silent_rows
from panelbridge.testing.conformance.subject import PanelUnderTest
from panelbridge.testing.conformance.suite import Suite
from panelbridge.testing.practice import Fault

_SEVERAL = 7  # accounts; a practice panel with pages of three or less then shows several


class Pagination(Suite):
    @pytest.fixture(autouse=True)
    def _only_where_the_list_is_complete(self, subject: PanelUnderTest) -> None:
        if not subject.capabilities.list_complete:
            pytest.skip(f"{subject.adapter.backend}: capabilities.list_complete is false")

    def test_every_account_is_listed_once_over_all_pages(self, subject: PanelUnderTest) -> None:
        made = {subject.made().username for _ in range(_SEVERAL)}
        listed = [account.username for account in subject.adapter.list_accounts()]
        assert made <= set(listed)
        assert len(listed) == len(set(listed))

    def test_a_list_that_changes_meanwhile_loses_nobody(self, subject: PanelUnderTest) -> None:
        """An account deleted behind the reader shifts pages that count from the start."""
        for _ in range(_SEVERAL):
            subject.made()
        reading = iter(subject.adapter.list_accounts())
        first = next(reading)
        there_throughout = set(subject.control.books()["accounts"]) - {first.username}
        subject.act("delete", username=first.username)
        subject.made()
        try:
            listed = [first.username, *(account.username for account in reading)]
        except PanelError:
            return  # told, so nobody takes the part for the whole
        assert len(listed) == len(set(listed))
        ours = {account.username for account in subject.adapter.list_accounts()}
        assert there_throughout & ours <= set(listed)

    def test_a_row_that_tells_nothing_is_one_bad_account(self, subject: PanelUnderTest) -> None:
        """Whoever it is: it hides nobody else, and has no name that could be taken for somebody's."""
        account = subject.made()

        def ask() -> list[PanelAccount]:
            return list(subject.adapter.list_accounts())

        before = {account.username for account in ask()}
        for listed in with_silent_rows(subject, subject.read("list_accounts"), ask, of={account.username}):
            bad = [account for account in listed if account.state.value == "unreadable"]
            readable = {account.username for account in listed if account not in bad}
            assert before - readable <= {account.username}
            assert len(bad) == 1 or before == readable
            assert {account.username for account in bad} <= {"", account.username}

    def test_a_page_that_lacks_rows_is_an_error(self, subject: PanelUnderTest) -> None:
        for _ in range(_SEVERAL):
            subject.made()
        subject.set_fault(Fault.TRUNCATED_PAGE, subject.read("list_accounts"), times=None)
        with pytest.raises(PanelError):
            list(subject.adapter.list_accounts())
