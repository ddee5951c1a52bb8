"""The conformance suite catches what it is there for: each lie of an adapter fails a named test."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from panelbridge import (
    Absent,
    AccountRef,
    AccountState,
    Capabilities,
    CapacityExhausted,
    Conflict,
    CreateOrder,
    Credentials,
    Found,
    InvalidOrder,
    Lookup,
    Outcome,
    OutcomeUnknown,
    PackageChange,
    PanelAccount,
    PanelError,
    Purchase,
    Secret,
    Unknown,
    Verb,
    VerbResult,
)
from panelbridge.testing import conformance
from panelbridge.testing.practice import Fault
from panelbridge_dispatcharr import DispatcharrAdapter
from panelbridge_pterodactyl import PterodactylAdapter
from panelbridge_reference import ReferenceAdapter


class SaysRefusedWhenCut(ReferenceAdapter):
    def create(self, order: CreateOrder) -> VerbResult:
        try:
            return super().create(order)
        except OutcomeUnknown:
            raise CapacityExhausted("surely not") from None


class SaysDoneWhenCut(ReferenceAdapter):
    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        try:
            return super().suspend(ref, reason)
        except PanelError:
            return VerbResult(outcome=Outcome.DONE, account=None)


class ReadsAnOutageAsAbsence(ReferenceAdapter):
    def get(self, ref: AccountRef) -> Lookup:
        answer = super().get(ref)
        return Absent(proof="no answer") if isinstance(answer, Unknown) else answer


class FindsTheNearest(ReferenceAdapter):
    def find(self, *, username: str | None = None, reference: str | None = None) -> Lookup:
        for account in self.list_accounts():
            if username and username in account.username:
                return Found(account=account)
        return Absent(proof="none")


class ListsAPart(ReferenceAdapter):
    def list_accounts(self) -> Iterator[PanelAccount]:
        try:
            yield from super().list_accounts()
        except PanelError:
            return


class BuysWithoutLooking(ReferenceAdapter):
    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        found = self.get(ref)
        assert isinstance(found, Found)
        assert purchase is not None
        return super().extend(ref, until, replace(purchase, before=found.account.expires_at))


class TakesAnyName(ReferenceAdapter):
    def create(self, order: CreateOrder) -> VerbResult:
        try:
            return super().create(order)
        except Conflict:
            found = self.find(username=order.credentials.username)
            assert isinstance(found, Found)
            return VerbResult(outcome=Outcome.ALREADY, account=found.account)


class DeletesByIdAlone(ReferenceAdapter):
    def terminate(self, ref: AccountRef) -> VerbResult:
        self._client.delete(ref.id)
        return VerbResult(outcome=Outcome.DONE, account=None)


class LogsThePassword(ReferenceAdapter):
    def create(self, order: CreateOrder) -> VerbResult:
        logging.getLogger("panel").info("creating %s", order.credentials.password.get_secret_value())
        return super().create(order)


class UnsuspendsOnExtend(ReferenceAdapter):
    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        result = super().extend(ref, until, purchase)
        self.unsuspend(ref)
        return result


class BelievesTheStatus(ReferenceAdapter):
    """Any reply below 400 is a success."""

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        path = f"v1/accounts/{ref.id}/suspension"
        reply = self._client._session.request("PUT", path, json={"reason": reason}, repeatable=False)
        if reply.status >= 400:
            raise OutcomeUnknown("no success")
        return VerbResult(outcome=Outcome.DONE, account=None)


class TrustsTheShape(ReferenceAdapter):
    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        self._client.put(ref.id, "suspension", {"reason": reason})["enabled"].conjugate()
        raise OutcomeUnknown("never done")


class SendsTwice(ReferenceAdapter):
    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        try:
            return super().suspend(ref, reason)
        except OutcomeUnknown:
            return super().suspend(ref, reason)


class LooksUpAloud(ReferenceAdapter):
    def get(self, ref: AccountRef) -> Lookup:
        return Found(account=self._lookups.read(ref.id))


class TrimsTheReference(ReferenceAdapter):
    def create(self, order: CreateOrder) -> VerbResult:
        return super().create(replace(order, reference=order.reference.strip()))


class NamesNoField(ReferenceAdapter):
    def create(self, order: CreateOrder) -> VerbResult:
        try:
            return super().create(order)
        except InvalidOrder as error:
            raise InvalidOrder(error.message) from None


class ListsTheFirstPage(ReferenceAdapter):
    def list_accounts(self) -> Iterator[PanelAccount]:
        return islice(super().list_accounts(), 3)


class CountsFromTheStart(ReferenceAdapter):
    def list_accounts(self) -> Iterator[PanelAccount]:
        """Each account by its place, asked for anew."""
        for place in count():
            row = next(islice(super().list_accounts(), place, None), None)
            if row is None:
                return
            yield row


class TakesAnyPage(ReferenceAdapter):
    def list_accounts(self) -> Iterator[PanelAccount]:
        after: str | None = ""
        while after is not None:
            page = self._client._read("v1/accounts", {"after": after} if after else {})
            yield from map(self._lookups.account_of, page["accounts"])
            after = page["next"]


class HidesThatPasswordsAreRead(ReferenceAdapter):
    @property
    def capabilities(self) -> Capabilities:
        return super().capabilities.model_copy(update={"password_readable": False})


class TerminatesUndeclared(ReferenceAdapter):
    @property
    def capabilities(self) -> Capabilities:
        declared = super().capabilities
        return declared.model_copy(update={"verbs": declared.verbs - {Verb.TERMINATE}})


class DeletesOnTrust(ReferenceAdapter):
    def terminate(self, ref: AccountRef) -> VerbResult:
        self._client.delete(ref.id)
        return VerbResult(outcome=Outcome.DONE, account=None)


class DropsTheReference(ReferenceAdapter):
    """A change of package that writes the whole account, and forgets a field of it."""

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        result = super().change_package(ref, change)
        credentials = Credentials(username=ref.username, password=Secret("Forgotten1234567"))
        super().reset_credentials(ref, credentials)
        return result


class PrintsThePassword(ReferenceAdapter):
    def create(self, order: CreateOrder) -> VerbResult:
        sys.stdout.write(f"creating {order.credentials.password.get_secret_value()}\n")
        return super().create(order)


class TakesAnyMissingPage(ReferenceAdapter):
    def get(self, ref: AccountRef) -> Lookup:
        reply = self._client._session.request("GET", f"v1/accounts/{ref.id}", repeatable=True)
        return Absent(proof="404") if reply.status == 404 else super().get(ref)


class NeverShortens(ReferenceAdapter):
    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None = None) -> VerbResult:
        found = self.get(ref)
        assert isinstance(found, Found)
        if found.account.expires_at is not None and until < found.account.expires_at:
            return VerbResult(outcome=Outcome.ALREADY, account=found.account)
        return super().extend(ref, until, purchase)


class HidesTheReadBack(DispatcharrAdapter):
    """Believes the write when the read after it is refused."""

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        try:
            return super().suspend(ref, reason)
        except PanelError:
            return VerbResult(outcome=Outcome.DONE, account=None)


class ExpiredIsSwitchedOff(ReferenceAdapter):
    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        found = self.get(ref)
        if isinstance(found, Found) and found.account.state is AccountState.EXPIRED:
            return VerbResult(outcome=Outcome.ALREADY, account=found.account)
        return super().suspend(ref, reason)


class TellsRefusedWhileQueued(PterodactylAdapter):
    def create(self, order: CreateOrder) -> VerbResult:
        try:
            return super().create(order)
        except OutcomeUnknown:
            raise CapacityExhausted("it did not end in time") from None


Test = Callable[[conformance.PanelUnderTest], Any]


def called(subject: conformance.PanelUnderTest, suite: str, name: str, *arguments: Any) -> None:
    """That test of the suite; a suite that does not have it yet catches nothing."""
    test = getattr(getattr(conformance, suite, None), name, None)
    assert test is not None, f"the suite has no {name}"
    test(getattr(conformance, suite)(), subject, *arguments)


BITES = (AssertionError, pytest.fail.Exception, AttributeError, KeyError, TypeError, ExceptionGroup)
LIES: list[tuple[type[ReferenceAdapter], str, Test]] = [
    (
        SaysRefusedWhenCut,
        "set",
        lambda s: conformance.Faults().test_the_outcome_told_is_true(s, Verb.CREATE, Fault.CUT_AFTER_COMMIT),
    ),
    (
        SaysRefusedWhenCut,
        "set",
        lambda s: conformance.Faults().test_the_outcome_told_is_true(s, Verb.CREATE, Fault.CUT_THEN_COMMIT),
    ),
    (
        SaysDoneWhenCut,
        "set",
        lambda s: conformance.Faults().test_the_outcome_told_is_true(s, Verb.SUSPEND, Fault.CUT_BEFORE),
    ),
    (
        ReadsAnOutageAsAbsence,
        "set",
        lambda s: conformance.Lookups().test_an_outage_is_unknown(s, Fault.HTML_502),
    ),
    (
        FindsTheNearest,
        "set",
        lambda s: conformance.Lookups().test_find_finds_ours_and_nothing_else(
            s, next(by for by in s.capabilities.find_by if by.value == "username")
        ),
    ),
    (
        ListsAPart,
        "set",
        lambda s: conformance.Lookups().test_a_broken_list_is_an_error_and_never_a_part(s, Fault.HTML_502),
    ),
    (
        BuysWithoutLooking,
        "add",
        lambda s: conformance.Fence().test_a_second_call_on_the_same_plan_is_refused(s),
    ),
    (
        BuysWithoutLooking,
        "add",
        lambda s: conformance.Fence().test_a_purchase_planned_on_another_expiry_is_refused(s),
    ),
    (
        TakesAnyName,
        "set",
        lambda s: conformance.Lifecycle().test_create_never_takes_a_name_that_is_not_ours(s),
    ),
    (
        DeletesByIdAlone,
        "set",
        lambda s: conformance.Lifecycle().test_terminate_spares_an_account_of_another_name(s),
    ),
    (
        UnsuspendsOnExtend,
        "set",
        lambda s: conformance.Lifecycle().test_extend_leaves_a_suspended_account_suspended(s),
    ),
    *(
        (liar, "set", lambda s: conformance.RandomReplies().test_no_reply_makes_a_verb_lie(s, Verb.SUSPEND))
        for liar in (BelievesTheStatus, TrustsTheShape, SendsTwice)
    ),
    (
        LooksUpAloud,
        "set",
        lambda s: conformance.RandomReplies().test_no_reply_makes_a_look_up_raise_or_find_another(s, "get"),
    ),
    (
        TrimsTheReference,
        "set",
        lambda s: conformance.HostileValues().test_a_value_is_data_or_refused_by_name(
            s, "reference", "blanks"
        ),
    ),
    (
        NamesNoField,
        "set",
        lambda s: conformance.HostileValues().test_a_value_is_data_or_refused_by_name(s, "username", "dots"),
    ),
    (
        ListsTheFirstPage,
        "set",
        lambda s: conformance.Pagination().test_every_account_is_listed_once_over_all_pages(s),
    ),
    (
        CountsFromTheStart,
        "set",
        lambda s: conformance.Pagination().test_a_list_that_changes_meanwhile_loses_nobody(s),
    ),
    (TakesAnyPage, "set", lambda s: conformance.Pagination().test_a_page_that_lacks_rows_is_an_error(s)),
    (
        HidesThatPasswordsAreRead,
        "set",
        lambda s: conformance.CapabilityTruth().test_the_password_is_readable_exactly_where_declared(s),
    ),
    (
        DropsTheReference,
        "set",
        lambda s: conformance.Packages().test_change_package_sets_it_and_keeps_the_term(s),
    ),
    *(
        (liar, "set", lambda s, suite=suite, name=name: called(s, suite, name))
        for liar, suite, name in (
            (TakesAnyMissingPage, "Lookups", "test_a_404_that_says_nothing_is_no_absence"),
            (NeverShortens, "Lifecycle", "test_extend_to_an_earlier_date_shortens"),
        )
    ),
    (
        ExpiredIsSwitchedOff,
        "set",
        lambda s: called(s, "Ended", "test_who_is_expired_is_told_as_that_and_can_be_suspended"),
    ),
    (
        DeletesOnTrust,
        "set",
        lambda s: conformance.LyingSuccess().test_a_success_that_changed_nothing_is_not_done(
            s, Verb.TERMINATE
        ),
    ),
]


@pytest.fixture(scope="module")
def panels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, conformance.PanelUnderTest]]:
    folder = tmp_path_factory.mktemp
    with (
        conformance.panel_under_test("reference", folder("set"), setup="set") as sets,
        conformance.panel_under_test("reference", folder("add"), setup="add") as adds,
    ):
        yield {"set": sets, "add": adds}


@pytest.mark.parametrize(
    ("liar", "dialect", "test"), LIES, ids=lambda value: getattr(value, "__name__", None)
)
def test_a_lie_fails_the_suite(
    panels: dict[str, conformance.PanelUnderTest], liar: type[ReferenceAdapter], dialect: str, test: Test
) -> None:
    honest = panels[dialect]
    test(honest)  # the same test passes for the truth
    honest.control.clear_faults()
    with liar(honest.adapter.settings) as adapter:
        lying = replace(honest, adapter=adapter)
        with pytest.raises(BITES):
            test(lying)
    honest.control.clear_faults()


def test_a_verb_that_is_not_declared_and_works_is_found(
    panels: dict[str, conformance.PanelUnderTest],
) -> None:
    honest = panels["set"]
    test = conformance.CapabilityTruth().test_an_undeclared_verb_is_unsupported_and_sends_nothing
    with TerminatesUndeclared(honest.adapter.settings) as adapter, pytest.raises((*BITES, PanelError)):
        test(replace(honest, adapter=adapter), Verb.TERMINATE)


def test_a_logged_password_fails_the_scan(
    panels: dict[str, conformance.PanelUnderTest], caplog: pytest.LogCaptureFixture
) -> None:
    honest = panels["set"]
    conformance.SecretScan().test_no_log_no_error_no_repr_holds_a_secret(honest, caplog, None)
    lying = replace(honest, adapter=LogsThePassword(honest.adapter.settings))
    with lying.adapter, pytest.raises(AssertionError):
        conformance.SecretScan().test_no_log_no_error_no_repr_holds_a_secret(lying, caplog, None)


def test_a_printed_password_fails_the_scan(
    panels: dict[str, conformance.PanelUnderTest], caplog: pytest.LogCaptureFixture
) -> None:
    honest = panels["set"]
    lying = replace(honest, adapter=PrintsThePassword(honest.adapter.settings))
    with lying.adapter, pytest.raises(AssertionError):
        conformance.SecretScan().test_no_log_no_error_no_repr_holds_a_secret(lying, caplog, None)


def test_a_queue_that_stands_still_told_as_refused_fails_the_suite(tmp_path: Path) -> None:
    name = "test_work_that_is_queued_for_ever_is_unknown"
    with conformance.panel_under_test("pterodactyl", tmp_path, setup="1.11") as honest:
        called(honest, "LyingSuccess", name)
        with TellsRefusedWhileQueued(honest.adapter.settings) as adapter, pytest.raises(AssertionError):
            called(replace(honest, adapter=adapter), "LyingSuccess", name)


def test_a_read_back_that_hides_a_refusal_fails_the_suite(tmp_path: Path) -> None:
    name = "test_a_read_back_that_is_refused_is_not_done"
    with conformance.panel_under_test("dispatcharr", tmp_path, setup="key") as honest:
        called(honest, "LyingSuccess", name, Verb.SUSPEND)
        honest.control.clear_faults()
        with HidesTheReadBack(honest.adapter.settings) as adapter, pytest.raises(AssertionError):
            called(replace(honest, adapter=adapter), "LyingSuccess", name, Verb.SUSPEND)


def test_a_practice_panel_that_does_not_start_is_told_and_nothing_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "sitecustomize.py"
    broken.write_text(
        "import sys\nif 'panelbridge.testing.practice' in ' '.join(sys.orig_argv): "
        "raise SystemExit('the books are of another release')\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "panelbridge.testing.check",
            "reference",
            "--setup",
            "set",
            "--part",
            "errors",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "the books are of another release" in ran.stderr


def test_the_practice_kit_needs_no_pytest() -> None:
    """Demos start practice panels where no test runner is installed."""
    program = "import sys, panelbridge.testing.practice.__main__; print('pytest' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.strip() == "False"
