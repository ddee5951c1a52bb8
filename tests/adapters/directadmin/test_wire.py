"""What is sent, exactly, and which answers count: a closed list. The rules of the mapping besides."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from panelbridge import (
    Absent,
    AccountId,
    AccountRef,
    AuthenticationFailed,
    ContractBroken,
    CreateOrder,
    Credentials,
    Found,
    InvalidOrder,
    Outcome,
    OutcomeUnknown,
    PackageChange,
    Secret,
    SettingsInvalid,
    Unknown,
    Usage,
)
from panelbridge.contract.settings import read_settings
from panelbridge.transport import PanelReply
from panelbridge_directadmin import DirectAdminAdapter, DirectAdminSettings, client, mapping
from panelbridge_directadmin.wire import Fields, decoded

ROW = {
    "username": "maria234",
    "domain": "maria.example",
    "package": "basic",
    "usertype": "user",
    "suspended": "no",
    "email": "maria@customer.example",
    "quota": "1000",
    "bandwidth": "unlimited",
}
REF = AccountRef(id=AccountId("maria234:maria.example"), username="maria234")
SETTINGS = {"base_url": "https://panel.example:2222", "login": "admin|hostbridge", "key": "K3Y" * 10}
ORDER = CreateOrder(
    credentials=Credentials(username="maria234", password=Secret("geheim-234567")),
    package="basic",
    until=datetime(2026, 12, 24, tzinfo=UTC),
    reference="bridge:7:1",
    options={"domain": "maria.example", "email": "maria@customer.example"},
)
OK, NO = "error=0&text=done&details=", "error=1&text=no&details=because"
PAGE = '<html><form action="/CMD_LOGIN"></form></html>'


class ScriptedSession:
    """Plays replies in order; an exception among them is raised."""

    replies: ClassVar[list[Any]] = []
    sent: ClassVar[list[tuple[str, str, dict[str, str]]]] = []
    logins: ClassVar[list[str]] = []

    def __init__(self, _settings: Any, *, secrets: Any, headers: dict[str, str]) -> None:
        assert [secret.get_secret_value() for secret in secrets] == [SETTINGS["key"]]
        self.headers = headers

    def request(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool,
        query: Any = None,
        form: Any = None,
        headers: Any = None,
    ) -> PanelReply:
        assert not (repeatable and method == "POST")
        self.sent.append((method, path, dict(form or query or {})))
        basic = (headers or self.headers)["Authorization"].removeprefix("Basic ")
        self.logins.append(b64decode(basic).decode())
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, PanelReply) else answered(reply)


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> DirectAdminAdapter:
    ScriptedSession.replies, ScriptedSession.sent, ScriptedSession.logins = [], [], []
    monkeypatch.setattr(client, "PanelSession", ScriptedSession)
    return DirectAdminAdapter(read_settings(DirectAdminSettings, SETTINGS))


def play(*replies: Any) -> None:
    ScriptedSession.replies[:] = replies


def writes() -> list[tuple[str, dict[str, str]]]:
    return [(path, fields) for method, path, fields in ScriptedSession.sent if method == "POST"]


def answered(text: str | bytes, status: int = 200) -> PanelReply:
    return PanelReply(status=status, headers={}, body=text if isinstance(text, bytes) else text.encode())


def row(**changes: str) -> str:
    return "&".join(f"{name}={value}" for name, value in {**ROW, **changes}.items())


def listed(*names: str) -> str:
    return "&".join(f"list[]={name}" for name in names)


ABSENT = (NO, listed("somebody"))


class TestWhatIsSent:
    def test_create(self, adapter: DirectAdminAdapter) -> None:
        play(
            NO, listed("basic"), listed("192.0.2.5", "192.0.2.7"), "status=owned", "status=shared", OK, row()
        )
        assert adapter.create(ORDER).outcome is Outcome.DONE
        assert [(path, fields) for _, path, fields in ScriptedSession.sent] == [
            ("CMD_API_SHOW_USER_CONFIG", {"user": "maria234"}),
            ("CMD_API_PACKAGES_USER", {}),
            ("CMD_API_SHOW_RESELLER_IPS", {}),
            ("CMD_API_SHOW_RESELLER_IPS", {"ip": "192.0.2.5"}),
            ("CMD_API_SHOW_RESELLER_IPS", {"ip": "192.0.2.7"}),
            (
                "CMD_API_ACCOUNT_USER",
                {
                    "action": "create",
                    "add": "Submit",
                    "username": "maria234",
                    "email": "maria@customer.example",
                    "passwd": "geheim-234567",
                    "passwd2": "geheim-234567",
                    "domain": "maria.example",
                    "package": "basic",
                    "ip": "192.0.2.7",
                    "notify": "no",
                },
            ),
            ("CMD_API_SHOW_USER_CONFIG", {"user": "maria234"}),
        ]
        assert set(ScriptedSession.logins) == {f"admin|hostbridge:{SETTINGS['key']}"}

    def test_the_other_writes(self, adapter: DirectAdminAdapter) -> None:
        play(row(), OK, row(suspended="yes"))
        adapter.suspend(REF, "overdue")
        play(row(suspended="yes"), OK, row())
        adapter.unsuspend(REF)
        play(row(), OK, row(), OK)
        adapter.reset_credentials(REF, ORDER.credentials)
        play(row(), listed("basic", "family"), OK, row(package="family"))
        adapter.change_package(REF, PackageChange(package="family"))
        play(row(), OK, *ABSENT)
        adapter.terminate(REF)
        assert writes() == [
            ("CMD_API_SELECT_USERS", {"select0": "maria234", "suspend": "Suspend", "reason": "overdue"}),
            ("CMD_API_SELECT_USERS", {"select0": "maria234", "suspend": "Unsuspend"}),
            (
                "CMD_API_USER_PASSWD",
                {"username": "maria234", "passwd": "geheim-234567", "passwd2": "geheim-234567"},
            ),
            ("CMD_API_MODIFY_USER", {"action": "package", "user": "maria234", "package": "family"}),
            ("CMD_API_SELECT_USERS", {"confirmed": "Confirm", "delete": "yes", "select0": "maria234"}),
        ]

    def test_a_new_password_is_tried_as_its_owner(self, adapter: DirectAdminAdapter) -> None:
        play(row(), OK, row(), OK)
        adapter.reset_credentials(REF, ORDER.credentials)
        assert ScriptedSession.sent[-1][1] == "CMD_API_LOGIN_TEST"
        assert ScriptedSession.logins[-1] == "maria234:geheim-234567"

    @pytest.mark.parametrize("name", ["result", "details"])
    def test_sign_on_is_asked_for_in_the_customers_name(self, adapter: DirectAdminAdapter, name: str) -> None:
        url = "https://panel.example:2222/CMD_LOGIN_URL?hash=x"
        play(row(), f"error=0&text=made&{name}={url}")
        assert adapter.sign_on(REF).url.get_secret_value() == url
        assert writes() == [
            ("CMD_API_LOGIN_KEYS", {"action": "create", "type": "one_time_url", "expiry": "30m"})
        ]
        assert ScriptedSession.logins[-1] == f"admin|maria234:{SETTINGS['key']}"


class TestClosedList:
    """A write that is not answered in one of these ways has an unknown end."""

    @pytest.mark.parametrize("answer", [NO, "text=no&error=1", answered(NO, 404)])
    def test_a_failure_of_an_unmoved_account_is_refused(
        self, adapter: DirectAdminAdapter, answer: Any
    ) -> None:
        play(row(), answer, row())
        with pytest.raises(client.PanelRefused) as caught:
            adapter.suspend(REF, "overdue")
        assert caught.value.outcome is Outcome.REFUSED

    @pytest.mark.parametrize(
        "answer",
        [
            "",
            PAGE,
            "<html>You cannot execute that command</html>",
            "text=done",
            "error=",
            "error=2",
            "error=00",
            "error=0&error=1",
            "error=1&error=0",
            "error=1&details=x&#38error=0",
            "error[]=0",
            "error",
            "OK",
            "{}",
            '{"error":"0"}',
            b"\xff\xfe",
            answered(OK, 404),
            answered(OK, 401),
        ],
    )
    def test_anything_else_is_unknown(self, adapter: DirectAdminAdapter, answer: Any) -> None:
        play(row(), answer)
        with pytest.raises(ContractBroken) as caught:
            adapter.suspend(REF, "overdue")
        assert caught.value.outcome is Outcome.UNKNOWN
        assert len(writes()) == 1

    @pytest.mark.parametrize("answer", ["", PAGE, "text=x", "username=a", "error=0&list[]=a&x=y", "list=a"])
    def test_a_list_has_rows_and_nothing_else(self, adapter: DirectAdminAdapter, answer: str) -> None:
        play(answer)
        with pytest.raises((ContractBroken, AuthenticationFailed)):
            list(adapter.list_packages())


class TestWhatIsBelieved:
    def test_a_failure_that_moved_something_is_unknown(self, adapter: DirectAdminAdapter) -> None:
        play(row(), NO, row(package="other"))
        with pytest.raises(OutcomeUnknown):
            adapter.suspend(REF, "overdue")

    def test_a_failure_that_reached_the_end_state_is_already(self, adapter: DirectAdminAdapter) -> None:
        play(row(), NO, row(suspended="yes"))
        assert adapter.suspend(REF, "overdue").outcome is Outcome.ALREADY

    def test_a_failure_that_cannot_be_read_back_is_unknown(self, adapter: DirectAdminAdapter) -> None:
        play(row(), NO, PAGE)
        with pytest.raises(OutcomeUnknown):
            adapter.suspend(REF, "overdue")

    def test_a_success_that_does_not_show_is_unknown(self, adapter: DirectAdminAdapter) -> None:
        play(row(), OK, row())
        with pytest.raises(OutcomeUnknown):
            adapter.suspend(REF, "overdue")

    def test_a_create_that_failed_half_way_is_unknown(self, adapter: DirectAdminAdapter) -> None:
        play(NO, listed("basic"), listed("192.0.2.7"), "status=shared", NO, row())
        with pytest.raises(OutcomeUnknown):
            adapter.create(ORDER)

    def test_a_delete_that_left_the_user_is_refused_or_unknown(self, adapter: DirectAdminAdapter) -> None:
        play(row(), NO, row())
        with pytest.raises(client.PanelRefused):
            adapter.terminate(REF)
        play(row(), OK, row())
        with pytest.raises(OutcomeUnknown):
            adapter.terminate(REF)

    def test_a_refusal_to_show_proves_nothing_alone(self, adapter: DirectAdminAdapter) -> None:
        play(NO, listed("somebody"))
        assert isinstance(adapter.get(REF), Absent)
        play(NO, listed("maria234"))
        assert isinstance(adapter.get(REF), Unknown)
        play(NO, "", PAGE)
        assert isinstance(adapter.get(REF), Unknown)
        play(NO, "", OK)
        assert isinstance(adapter.get(REF), Absent)

    def test_a_record_of_another_user_is_nobodys(self, adapter: DirectAdminAdapter) -> None:
        play(row(username="maria2345"))
        assert isinstance(adapter.get(REF), Unknown)
        play(row())
        assert isinstance(adapter.get(REF), Found)

    @pytest.mark.parametrize("name", ["username", "domain", "package", "usertype", "suspended"])
    def test_a_field_that_misses_or_repeats_is_loud_and_named(self, name: str) -> None:
        for text in (row().replace(f"{name}=", "other="), f"{row()}&{name}=again"):
            with pytest.raises(ContractBroken) as caught:
                mapping.row_from(Fields.read(answered(text)))
            assert caught.value.field == name

    def test_a_state_is_yes_or_no(self) -> None:
        for value in ("YES", "1", "", "perhaps"):
            with pytest.raises(ContractBroken):
                mapping.row_from(Fields.read(answered(row(suspended=value))))

    def test_usage_counts_in_megabytes(self) -> None:
        used = Fields.read(answered("quota=0.5&bandwidth=3"))
        assert mapping.usage_from(Fields.read(answered(row())), used) == Usage(
            id=REF.id,
            username="maria234",
            disk_bytes=1 << 19,
            disk_limit_bytes=1000 << 20,
            traffic_bytes=3 << 20,
            traffic_limit_bytes=None,
        )
        with pytest.raises(ContractBroken):
            mapping.usage_from(Fields.read(answered(row(quota="-1"))), used)


@pytest.mark.parametrize(
    ("told", "plain"),
    [
        ("it&#39s", "it's"),
        ("it&#39;s", "it's"),
        ("a&#38b", "a&b"),
        ("&#60b&#62", "<b>"),
        ("&amp;lt;", "&lt;"),
        ("x&quota=1&copy=2&not=3", "x&quota=1&copy=2&not=3"),
        ("&#40101", "(101"),
        ("&#127;", "\x7f"),
        ("&#5;", "&#5;"),
    ],
)
def test_entities(told: str, plain: str) -> None:
    assert decoded(told) == plain


class TestOrders:
    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"domain": "localhost"}, "options.domain"),
            ({"domain": "a.example&error=0"}, "options.domain"),
            ({"email": "nobody"}, "options.email"),
            ({"package": "x"}, "options"),
        ],
    )
    def test_a_fact_that_does_not_fit_is_refused_unsent(
        self, adapter: DirectAdminAdapter, changes: dict[str, str], field: str
    ) -> None:
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(replace(ORDER, options={**ORDER.options, **changes}))
        assert caught.value.field == field
        assert ScriptedSession.sent == []

    @pytest.mark.parametrize(
        "wrong", [{"key": "a\nb"}, {"login": "a:b"}, {"login": "a|b|c"}, {"ip": "localhost"}, {"surprise": 1}]
    )
    def test_settings_that_do_not_fit_are_named_without_their_value(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(SettingsInvalid) as caught:
            read_settings(DirectAdminSettings, {**SETTINGS, **wrong})
        assert next(iter(wrong)) in str(caught.value)
        assert "a\nb" not in str(caught.value)
