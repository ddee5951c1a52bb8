"""Failures are told apart, and nothing that is reported holds a secret."""

from __future__ import annotations

import logging
import traceback
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import pytest

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.exceptions import (
    AuthenticationFailed,
    PanelError,
    PanelUnreachable,
    RateLimited,
    SettingsInvalid,
)
from panelbridge.contract.models import AccountId, AccountRef, Outcome, Unknown
from panelbridge.contract.secret import Secret, random_text
from panelbridge.contract.settings import secret_fields
from panelbridge.testing.conformance.deeds import deed
from panelbridge.testing.conformance.faults import BROKEN_WRITES
from panelbridge.testing.conformance.lookup import PATIENCE
from panelbridge.testing.conformance.subject import PanelUnderTest
from panelbridge.testing.conformance.suite import Suite
from panelbridge.testing.practice import Fault, ScriptedReply
from panelbridge.transport import Redactor, deadline


class Errors(Suite):
    def test_the_connection_test_tells_who_we_are(self, subject: PanelUnderTest) -> None:
        connection = subject.adapter.test_connection()
        assert connection.identity
        assert connection.missing_permissions == ()

    def test_a_wrong_credential_is_refused_as_such(self, subject: PanelUnderTest) -> None:
        used = subject.adapter.settings.model_dump(exclude_none=True)
        wrong = {
            name: random_text(32) for name in secret_fields(type(subject.adapter.settings)) & used.keys()
        }
        if not wrong:
            pytest.skip(f"{subject.adapter.backend}: its settings hold no secret")
        order = subject.order()
        try:
            stranger = subject.adapter_with(**wrong)
        except SettingsInvalid:
            pytest.skip(f"{subject.adapter.backend}: its secret has a form, no wrong one can be made up")
        with stranger, pytest.raises(PanelError) as caught:
            stranger.create(order)
        assert subject.effects(order.credentials.username) == []
        # Where the secret is part of the address, a wrong one meets a web server that proves nothing.
        assert isinstance(caught.value, AuthenticationFailed) or caught.value.outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("odd", ["9f3\u200bc", "9f\u20acc", "9f3c\n"])
    def test_an_odd_credential_ends_in_an_error_that_is_told(self, subject: PanelUnderTest, odd: str) -> None:
        """Refused when it is entered, or reported by every call: what a header cannot carry is no crash."""
        used = subject.adapter.settings.model_dump(exclude_none=True)
        names = sorted(secret_fields(type(subject.adapter.settings)) & used.keys() - {"proxy"})
        if not names:
            pytest.skip(f"{subject.adapter.backend}: its settings hold no secret")
        order = subject.order()
        for name in names:
            try:
                stranger = subject.adapter_with(**{name: odd})
            except SettingsInvalid:
                continue
            with stranger:
                for call in (stranger.test_connection, lambda: stranger.create(order)):  # noqa: B023
                    with pytest.raises(Exception) as caught:  # noqa: PT011 - judged below
                        call()
                    assert isinstance(caught.value, PanelError), f"{name}: {caught.value!r}"
        assert subject.effects(order.credentials.username) == []

    @pytest.mark.parametrize("location", ["http://[", "http://h:99999/"])
    def test_a_redirect_to_no_address_is_told(self, subject: PanelUnderTest, location: str) -> None:
        reply = ScriptedReply(status=302, headers={"Location": location})
        account, asked = subject.made(), deed(subject, Verb.CREATE)
        for match in (subject.read("get"), subject.operation(Verb.CREATE)):
            subject.set_reply(match, reply)
        with deadline(PATIENCE * 10):
            assert isinstance(subject.adapter.get(account.ref), Unknown)
            with pytest.raises(Exception) as caught:  # noqa: PT011 - judged below
                asked.do()
        assert isinstance(caught.value, PanelError), repr(caught.value)
        assert caught.value.outcome is not Outcome.REFUSED or not asked.shown(
            subject.in_books(asked.username)
        )

    def test_being_asked_to_slow_down_is_retry_later(self, subject: PanelUnderTest) -> None:
        subject.set_fault(Fault.RATE_LIMITED, seconds=1, times=None)
        order = subject.order()
        with pytest.raises(RateLimited) as caught:
            subject.adapter.create(order)
        assert caught.value.outcome is Outcome.RETRY_LATER
        assert caught.value.retry_after == 1
        assert subject.effects(order.credentials.username) == []

    def test_a_panel_that_is_down_is_unreachable_and_its_accounts_unknown(
        self, subject: PanelUnderTest
    ) -> None:
        if "base_url" not in subject.adapter.settings_model.model_fields:
            pytest.skip(f"{subject.adapter.backend}: its settings hold no base_url")
        with subject.adapter_with(base_url="http://127.0.0.1:9/") as lost:  # the discard port: nobody listens
            with pytest.raises(PanelUnreachable) as caught:
                lost.create(subject.order())
            assert caught.value.outcome is Outcome.RETRY_LATER
            ref = AccountRef(id=AccountId("1"), username="anybody")
            assert isinstance(lost.get(ref), Unknown)
            assert isinstance(lost.find(username="anybody"), Unknown)


class SecretScan(Suite):
    @pytest.mark.parametrize("fault", [None, *BROKEN_WRITES])
    def test_no_log_no_error_no_repr_holds_a_secret(
        self, subject: PanelUnderTest, caplog: pytest.LogCaptureFixture, fault: Fault | None
    ) -> None:
        caplog.set_level(logging.DEBUG)
        reported: list[str] = [repr(subject.adapter), repr(subject.adapter.settings)]
        order = subject.order()
        if fault is not None:
            subject.set_fault(fault, subject.operation(Verb.CREATE))
        printed = StringIO()
        try:
            with deadline(PATIENCE), redirect_stdout(printed), redirect_stderr(printed):
                reported.append(repr(subject.adapter.create(order)))
        except PanelError as error:
            reported += [repr(error), error.message, error.advice, "".join(traceback.format_exception(error))]
        reported.append(printed.getvalue())
        subject.control.clear_faults()
        subject.control.release()
        reported.append(repr(subject.adapter.find(username=order.credentials.username)))
        reported += [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
        reported.append(repr(subject.control.requests()[-5:]))
        secrets = [*self._settings_secrets(subject), order.credentials.password]
        redactor = Redactor(secrets)
        assert [text for text in reported if redactor.text(text) != text] == []

    def test_a_reset_tells_no_password(
        self, subject: PanelUnderTest, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        reported = repr(deed(subject, Verb.RESET_CREDENTIALS).do())
        reported += "".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
        accounts = subject.control.books()["accounts"].values()
        passwords = [account["password"] for account in accounts if account["password"]]
        assert Redactor(passwords).text(reported) == reported

    def _settings_secrets(self, subject: PanelUnderTest) -> list[Secret]:
        values = (
            getattr(subject.adapter.settings, name) for name in secret_fields(type(subject.adapter.settings))
        )
        return [value for value in values if isinstance(value, Secret)]
