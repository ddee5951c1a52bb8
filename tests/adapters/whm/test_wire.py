"""What is sent, exactly, and which answers count: a closed list. The rules of the mapping besides."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from panelbridge import (
    AccountId,
    AccountRef,
    AccountState,
    AuthenticationFailed,
    ContractBroken,
    CreateOrder,
    Credentials,
    InvalidOrder,
    Outcome,
    OutcomeUnknown,
    PackageChange,
    PanelError,
    Secret,
    SettingsInvalid,
)
from panelbridge.contract.settings import read_settings
from panelbridge.transport import PanelReply
from panelbridge_whm import WhmAdapter, WhmSettings, client, mapping

ROW: dict[str, Any] = {
    "user": "maria234",
    "domain": "maria.example",
    "email": "maria@customer.example",
    "plan": "hostbridge_basic",
    "owner": "hostbridge",
    "suspended": 0,
    "suspendreason": "not suspended",
    "is_locked": 0,
    "diskused": "14M",
    "disklimit": "1000M",
}
REF = AccountRef(id=AccountId("maria234:maria.example"), username="maria234")
SETTINGS = {"base_url": "https://panel.example:2087", "user": "hostbridge", "token": "T0KEN" * 6}
ORDER = CreateOrder(
    credentials=Credentials(username="maria234", password=Secret("geheim-234567")),
    package="hostbridge_basic",
    until=datetime(2026, 12, 24, tzinfo=UTC),
    reference="bridge:7:1",
    options={"domain": "Maria.example", "email": "maria@customer.example"},
)
_WANT = "user,domain,email,plan,owner,suspended,is_locked,diskused,disklimit"


class ScriptedSession:
    """Plays replies in order, for both sessions of a client; an exception among them is raised."""

    replies: ClassVar[list[Any]] = []
    sent: ClassVar[list[tuple[str, dict[str, str], bool]]] = []
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, _settings: Any, *, secrets: Any, headers: dict[str, str]) -> None:
        assert [secret.get_secret_value() for secret in secrets] == [SETTINGS["token"]]
        type(self).headers = headers

    def request(self, method: str, path: str, *, repeatable: bool, form: Any) -> PanelReply:
        assert method == "POST"  # nothing of it may stand in an access log
        fields = dict(form)
        assert len(fields) == len(form)
        assert fields.pop("api.version") == "1"
        self.sent.append((path, fields, repeatable))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        if callable(reply):
            return reply(path.removeprefix("json-api/"))
        return reply


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> WhmAdapter:
    ScriptedSession.replies, ScriptedSession.sent = [], []
    monkeypatch.setattr(client, "PanelSession", ScriptedSession)
    return WhmAdapter(read_settings(WhmSettings, {**SETTINGS, "create_poll": 0}))


def play(*replies: Any) -> None:
    ScriptedSession.replies[:] = replies


def sent(*, writes_only: bool = True) -> list[tuple[str, dict[str, str]]]:
    return [
        (path, fields)
        for path, fields, repeatable in ScriptedSession.sent
        if not (repeatable and writes_only)
    ]


def ok(**data: Any) -> Any:
    def reply(function: str) -> PanelReply:
        metadata = {"command": function, "version": 1, "result": 1, "reason": "OK"}
        return answered({"metadata": metadata, "data": data})

    return reply


def failed(reason: Any = "no") -> Any:
    return lambda function: answered({"metadata": {"command": function, "result": 0, "reason": reason}})


def answered(content: Any, status: int = 200) -> PanelReply:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return PanelReply(status=status, headers={}, body=body)


def row(**changes: Any) -> Any:
    return ok(acct=[{**ROW, **changes}])


ABSENT = (failed("gone"), ok(acct=[]))
PACKAGES = ok(pkg=[{"name": "hostbridge_basic", "QUOTA": "1000"}, {"name": "hostbridge_family"}])


class TestWhatIsSent:
    def test_the_token_goes_in_the_header(self, adapter: WhmAdapter) -> None:
        assert ScriptedSession.headers == {"Authorization": f"whm hostbridge:{SETTINGS['token']}"}

    def test_create(self, adapter: WhmAdapter) -> None:
        play(*ABSENT, PACKAGES, ok(), row())
        assert adapter.create(ORDER).outcome is Outcome.DONE
        assert sent(writes_only=False) == [
            ("json-api/accountsummary", {"user": "maria234"}),
            (
                "json-api/listaccts",
                {"want": _WANT, "search": "maria234", "searchtype": "user", "searchmethod": "exact"},
            ),
            ("json-api/listpkgs", {"want": "creatable"}),
            (
                "json-api/createacct",
                {
                    "username": "maria234",
                    "domain": "maria.example",
                    "contactemail": "maria@customer.example",
                    "plan": "hostbridge_basic",
                    "password": "geheim-234567",
                },
            ),
            ("json-api/accountsummary", {"user": "maria234"}),
        ]

    def test_suspend_never_forbids_its_end(self, adapter: WhmAdapter) -> None:
        play(row(), ok(), row(suspended=1))
        adapter.suspend(REF, "overdue")
        fields = {"user": "maria234", "reason": "overdue", "disallowun": "0"}
        assert sent() == [("json-api/suspendacct", fields)]

    def test_the_other_writes(self, adapter: WhmAdapter) -> None:
        play(row(suspended="1"), ok(), row())
        adapter.unsuspend(REF)
        play(row(), ok(app=[]), row())
        adapter.reset_credentials(REF, ORDER.credentials)
        play(row(), PACKAGES, ok(), row(plan="hostbridge_family"))
        adapter.change_package(REF, PackageChange(package="family"))
        play(row(), ok(), *ABSENT)
        adapter.terminate(REF)
        assert sent() == [
            ("json-api/unsuspendacct", {"user": "maria234"}),
            ("json-api/passwd", {"user": "maria234", "password": "geheim-234567"}),
            ("json-api/changepackage", {"user": "maria234", "pkg": "hostbridge_family"}),
            ("json-api/removeacct", {"username": "maria234", "keepdns": "0"}),
        ]

    def test_sign_on(self, adapter: WhmAdapter) -> None:
        url = "https://panel.example:2087/cpsess1/login/?session=x"
        play(row(), ok(url=url, expires=1_800_000_000))
        signed = adapter.sign_on(REF)
        assert signed.url.get_secret_value() == url
        assert signed.expires_at == datetime.fromtimestamp(1_800_000_000, UTC)
        assert sent() == [("json-api/create_user_session", {"user": "maria234", "service": "cpaneld"})]


class TestClosedList:
    """A write that is not answered in one of these ways has an unknown end."""

    @pytest.mark.parametrize(
        "answer",
        [
            failed(),
            failed(None),
            lambda _: answered({"metadata": {"result": "0"}}),
            lambda _: answered({"result": [{"status": 0, "statusmsg": "no"}]}),
            lambda _: answered({"metadata": {"command": "passwd", "result": 0}}, status=403),
        ],
    )
    def test_a_failure_of_an_unmoved_account_is_refused(self, adapter: WhmAdapter, answer: Any) -> None:
        play(row(), answer, row())
        with pytest.raises(client.PanelRefused) as caught:
            adapter.reset_credentials(REF, ORDER.credentials)
        assert caught.value.outcome is Outcome.REFUSED

    @pytest.mark.parametrize("reason", ["<img src=x onerror=alert(1)", "no<script", "no <b>way</b><a href='"])
    def test_no_markup_of_the_panel_is_passed_on(self, adapter: WhmAdapter, reason: str) -> None:
        """A tag that is never closed is closed by the page that shows it."""
        play(row(), failed(reason), row())
        with pytest.raises(client.PanelRefused) as caught:
            adapter.reset_credentials(REF, ORDER.credentials)
        assert "<" not in caught.value.message

    @pytest.mark.parametrize("status", [200, 401, 403])
    def test_refused_access(self, adapter: WhmAdapter, status: int) -> None:
        denied = {
            "cpanelresult": {"error": "Access denied", "data": {"result": "0", "reason": "Access denied"}}
        }
        play(row(), answered(denied, status))
        with pytest.raises(AuthenticationFailed) as caught:
            adapter.suspend(REF, "overdue")
        assert caught.value.outcome is Outcome.REFUSED

    @pytest.mark.parametrize(
        "answer",
        [
            answered(b""),
            answered(b"<html>Login</html>"),
            answered(b"<html>Forbidden</html>", 403),
            answered(b'{"metadata": {"result": 1'),
            answered([]),
            answered({}),
            answered({"metadata": {"command": "suspendacct", "result": None}}),
            answered({"metadata": {"command": "suspendacct", "result": True}}),
            answered({"metadata": {"command": "suspendacct", "result": 2}}),
            answered({"metadata": {"command": "unsuspendacct", "result": 1}, "data": {}}),
            answered({"metadata": {"result": 1}, "data": {}}),
            answered({"metadata": {"command": "suspendacct", "result": 1}, "data": []}),
            answered({"metadata": {"command": "suspendacct", "result": 1}, "data": {}}, 404),
            answered({"result": [{"status": 1, "statusmsg": "ok"}]}),
            answered({"cpanelresult": {"data": {"result": "1"}}}),
            answered({"cpanelresult": {"error": "x"}}),
        ],
    )
    def test_anything_else_is_unknown(self, adapter: WhmAdapter, answer: PanelReply) -> None:
        play(row(), answer)
        with pytest.raises(ContractBroken) as caught:
            adapter.suspend(REF, "overdue")
        assert caught.value.outcome is Outcome.UNKNOWN
        assert len(sent()) == 1


class TestWhatIsBelieved:
    def test_a_failure_that_moved_something_is_unknown(self, adapter: WhmAdapter) -> None:
        play(row(), failed(), row(plan="other"))
        with pytest.raises(OutcomeUnknown):
            adapter.suspend(REF, "overdue")

    def test_a_failure_that_reached_the_end_state_is_already(self, adapter: WhmAdapter) -> None:
        play(row(), failed("already suspended"), row(suspended=1))
        assert adapter.suspend(REF, "overdue").outcome is Outcome.ALREADY

    def test_a_failure_that_cannot_be_read_back_is_unknown(self, adapter: WhmAdapter) -> None:
        play(row(), failed(), AuthenticationFailed("no"))
        with pytest.raises(OutcomeUnknown):
            adapter.suspend(REF, "overdue")

    def test_a_removal_that_failed_and_removed_is_done(self, adapter: WhmAdapter) -> None:
        play(row(), failed(), *ABSENT)
        assert adapter.terminate(REF).outcome is Outcome.DONE

    def test_a_removal_that_failed_and_left_the_account_is_refused(self, adapter: WhmAdapter) -> None:
        play(row(), failed("quota daemon down"), row())
        with pytest.raises(client.PanelRefused, match="quota daemon down"):
            adapter.terminate(REF)

    def test_a_create_that_failed_half_way_is_unknown(self, adapter: WhmAdapter) -> None:
        play(*ABSENT, PACKAGES, failed("a hook failed"), row())
        with pytest.raises(OutcomeUnknown, match="a hook failed"):
            adapter.create(ORDER)

    def test_a_create_that_says_success_and_made_nothing_is_unknown(self, adapter: WhmAdapter) -> None:
        play(*ABSENT, PACKAGES, ok(), *ABSENT)
        with pytest.raises(OutcomeUnknown):
            adapter.create(ORDER)

    def test_what_the_server_set_otherwise_is_named(self, adapter: WhmAdapter) -> None:
        play(*ABSENT, PACKAGES, ok(), row(plan="default", email="root@panel.example"))
        assert adapter.create(ORDER).differs == ("package", "email")

    def test_a_create_put_under_another_owner_is_unknown(self, adapter: WhmAdapter) -> None:
        play(*ABSENT, PACKAGES, ok(), row(owner="root"))
        with pytest.raises(OutcomeUnknown):
            adapter.create(ORDER)

    def test_a_summary_of_another_account_is_nobodys(self, adapter: WhmAdapter) -> None:
        play(row(user="maria2345"))
        assert type(adapter.get(REF)).__name__ == "Unknown"

    def test_a_list_that_contradicts_the_summary_proves_nothing(self, adapter: WhmAdapter) -> None:
        play(failed(), row())
        assert type(adapter.get(REF)).__name__ == "Unknown"

    @pytest.mark.parametrize("name", ["user", "domain", "email", "plan", "owner", "suspended", "is_locked"])
    def test_a_missing_field_is_loud_and_named(self, name: str) -> None:
        with pytest.raises(ContractBroken, match=name):
            mapping.row_from({key: value for key, value in ROW.items() if key != name})

    @pytest.mark.parametrize("value", [None, True, 2, "yes", [0], ""])
    def test_a_flag_is_0_or_1(self, value: Any) -> None:
        with pytest.raises(ContractBroken):
            mapping.row_from({**ROW, "suspended": value})

    @pytest.mark.parametrize(
        ("changes", "state"),
        [
            ({}, AccountState.ACTIVE),
            ({"suspended": "1"}, AccountState.SUSPENDED),
            ({"suspended": 1, "is_locked": 1}, AccountState.BANNED),
        ],
    )
    def test_states(self, changes: dict[str, Any], state: AccountState) -> None:
        account = mapping.account_from(mapping.row_from({**ROW, **changes}))
        assert (account.state, account.expires_at, account.password) == (state, None, None)


class TestOrders:
    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"domain": ""}, "options.domain"),
            ({"domain": "localhost"}, "options.domain"),
            ({"domain": "müller.example"}, "options.domain"),
            ({"domain": "a.example; rm"}, "options.domain"),
            ({"domain": f"{'a.' * 90}example"}, "options.domain"),
            ({"email": "nobody"}, "options.email"),
            ({"email": "a@b.example\nBcc: x@y.example"}, "options.email"),
            ({"reseller": "1"}, "options"),
        ],
    )
    def test_a_fact_that_does_not_fit_is_refused_unsent(
        self, adapter: WhmAdapter, changes: dict[str, str], field: str
    ) -> None:
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(replace(ORDER, options={**ORDER.options, **changes}))
        assert caught.value.field == field
        assert ScriptedSession.sent == []

    def test_connections_are_not_sold_here(self, adapter: WhmAdapter) -> None:
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(replace(ORDER, connections=2))
        assert caught.value.field == "connections"
        with pytest.raises(PanelError):
            adapter.change_package(REF, PackageChange(package="basic", connections=2))
        assert ScriptedSession.sent == []

    @pytest.mark.parametrize(
        "wrong", [{"token": "a\nb"}, {"token": ""}, {"user": "a:b"}, {"username_max": 17}, {"surprise": 1}]
    )
    def test_settings_that_do_not_fit_are_named_without_their_value(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(SettingsInvalid) as caught:
            read_settings(WhmSettings, {**SETTINGS, **wrong})
        assert next(iter(wrong)) in str(caught.value)
        assert "a\nb" not in str(caught.value)
