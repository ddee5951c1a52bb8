"""What is sent, to the last field, and what each answer is taken for."""

from __future__ import annotations

import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from panelbridge import (
    AccountId,
    AccountRef,
    AccountState,
    AuthenticationFailed,
    Conflict,
    ContractBroken,
    Credentials,
    Extend,
    Found,
    InvalidOrder,
    NotFound,
    Outcome,
    OutcomeUnknown,
    PackageChange,
    PanelError,
    PanelUnreachable,
    PermissionMissing,
    Secret,
    SettingsInvalid,
    Unsupported,
    Verb,
    read_settings,
)
from panelbridge.transport import PanelReply
from panelbridge_stalker import StalkerAdapter, StalkerSettings, dates, mapping
from panelbridge_stalker.client import Doubtful, StalkerClient
from panelbridge_stalker.mapping import Comment, Mark
from tests.adapters.stalker.conftest import order

SETTINGS = {
    "base_url": "http://portal.example/stalker_portal/api/",
    "api_login": "billing",
    "api_password": "geheim",
    "time_zone": "Europe/Berlin",
}
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
UNTIL = datetime(2027, 1, 10, 23, 30, tzinfo=UTC)
REF = AccountRef(id=AccountId("anna2345"), username="anna2345", reference="b:1:1")
USER: dict[str, Any] = {
    "login": "anna2345",
    "account_number": mapping.number_of("b:1:1"),
    "tariff_plan": "basic",
    "stb_mac": "",
    "status": 1,
    "online": "0",
    "comment": "b:1:1",
    "end_date": "2026-12-28 12:00:00",
    "subscribed": ["news"],
}
PLANS = [{"external_id": "basic", "name": "Basic", "packages": [{"external_id": "sport", "optional": "1"}]}]


def ok(results: Any = True) -> dict[str, Any]:
    return {"status": "OK", "results": results}


def error(text: str) -> dict[str, Any]:
    return {"status": "ERROR", "results": None, "error": text}


ABSENT = error("Account not found")


class ScriptedSession:
    """Plays replies in order; an exception among them is raised."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.sent: list[tuple[str, str, Any]] = []

    def request(
        self, method: str, path: str, *, repeatable: bool, form: Any = None, headers: Any = None
    ) -> Any:
        del headers
        assert repeatable is (method == "GET")
        self.sent.append((method, path, form))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, PanelReply):
            return reply
        return PanelReply(status=200, headers={}, body=json.dumps(reply).encode())

    def close(self) -> None:
        return

    @property
    def writes(self) -> list[tuple[str, str, dict[str, str]]]:
        return [(method, path, dict(form or ())) for method, path, form in self.sent if method != "GET"]


def scripted(*replies: Any, **settings: Any) -> tuple[StalkerAdapter, ScriptedSession]:
    adapter = StalkerAdapter(read_settings(StalkerSettings, {**SETTINGS, **settings}))
    adapter.close()
    session: Any = ScriptedSession(*replies)
    adapter._client._session = session
    return adapter, session


def client(*replies: Any) -> StalkerClient:
    return scripted(*replies)[0]._client


class TestSent:
    def test_a_create_is_two_writes_between_reads(self) -> None:
        done = {**USER, "end_date": "2027-01-12 00:30:00"}
        adapter, session = scripted(ABSENT, ok(PLANS), ok(), ok(), ok(done))
        request = order(until=UNTIL, reference="b:1:1", mac="001a79000001")
        assert adapter.create(request).differs == ("mac",)
        assert [(method, path) for method, path, _ in session.sent] == [
            ("GET", "users/anna2345"),
            ("GET", "tariffs"),
            ("POST", "accounts/"),
            ("PUT", "users/anna2345"),
            ("GET", "users/anna2345"),
        ]
        assert session.writes[0][2] == {
            "login": "anna2345",
            "password": "TrainWindow7",
            "account_number": USER["account_number"],
            "tariff_plan": "basic",
            "status": "0",
            "comment": "b:1:1 (unfinished)",
            "end_date": "2027-01-12 00:30:00",  # half past midnight there, and a day later
            "stb_mac": "00:1A:79:00:00:01",
        }
        assert session.writes[1][2] == {"password": "TrainWindow7", "comment": "b:1:1", "status": "1"}

    def test_an_extend_writes_date_and_switch(self) -> None:
        moved = {**USER, "end_date": "2027-01-12 00:30:00"}
        adapter, session = scripted(ok(USER), ok(), ok(moved))
        adapter.extend(REF, UNTIL)
        fields = {"end_date": "2027-01-12 00:30:00", "status": "1"}
        assert session.writes == [("PUT", "users/anna2345", fields)]

    def test_an_extend_of_a_suspended_account_says_so_again(self) -> None:
        off = {**USER, "status": 0, "comment": "b:1:1 (suspended)"}
        adapter, session = scripted(ok(off), ok(), ok({**off, "end_date": "2027-01-12 00:30:00"}))
        result = adapter.extend(REF, UNTIL)
        assert result.account is not None
        assert result.account.state is AccountState.SUSPENDED
        assert session.writes[0][2]["status"] == "0"

    def test_suspend_and_unsuspend_write_switch_and_comment(self) -> None:
        off = {**USER, "status": 0, "comment": "b:1:1 (suspended)"}
        adapter, session = scripted(ok(USER), ok(), ok(off), ok(off), ok(), ok(USER))
        adapter.suspend(REF, "overdue")
        adapter.unsuspend(REF)
        assert session.writes == [
            ("PUT", "users/anna2345", {"status": "0", "comment": "b:1:1 (suspended)"}),
            ("PUT", "users/anna2345", {"status": "1", "comment": "b:1:1"}),
        ]

    def test_packages_are_replaced_by_account_number(self) -> None:
        number = USER["account_number"]
        after = {**USER, "subscribed": ["news", "sport"]}
        adapter, session = scripted(ok(USER), ok(PLANS), ok([USER]), ok(), ok(after))
        adapter.change_package(REF, PackageChange(package="basic", options={"packages": "sport"}))
        assert session.writes == [("POST", f"account_subscription/{number}", {"subscribed[]": "sport"})]
        adapter, session = scripted(ok(after), ok(PLANS), ok([USER]), ok(), ok(USER))
        adapter.change_package(REF, PackageChange(package="basic", options={"packages": ""}))
        assert session.writes == [("DELETE", f"account_subscription/{number}", {})]

    def test_an_end_is_by_login_and_proved(self) -> None:
        adapter, session = scripted(ok(USER), ok(), ABSENT)
        assert adapter.terminate(REF).outcome is Outcome.DONE
        assert session.writes == [("DELETE", "users/anna2345", {})]

    def test_a_strange_name_is_quoted(self) -> None:
        adapter, session = scripted(ABSENT)
        adapter.find(username="käthe & co?")
        assert session.sent[0][1] == "users/k%C3%A4the%20%26%20co%3F"


class TestAnswers:
    @pytest.mark.parametrize(
        ("reply", "kind"),
        [
            (ABSENT, NotFound),
            (error("Login already in use"), Conflict),
            (error("MAC address already in use"), Conflict),
            (error("Not valid mac address"), InvalidOrder),
            (error("Login required"), InvalidOrder),
            (error("HTTP POST data is empty"), InvalidOrder),
            (error("Insert data is empty"), InvalidOrder),
            (error("Identifier required"), InvalidOrder),
            (error("Only one identifier allowed"), InvalidOrder),
            (error("Not supported method"), Unsupported),
            (PanelReply(status=404, headers={}, body=b"API not enabled\n"), PermissionMissing),
            (
                PanelReply(
                    status=401, headers={}, body=json.dumps(error("401 Unauthorized request")).encode()
                ),
                AuthenticationFailed,
            ),
        ],
    )
    def test_the_closed_list_of_refusals(self, reply: Any, kind: type[PanelError]) -> None:
        with pytest.raises(kind) as caught:
            client(reply).update("anna2345", {"status": "0"})
        assert caught.value.outcome is Outcome.REFUSED

    @pytest.mark.parametrize(
        "reply",
        [
            ok(False),
            ok(None),
            ok(1),
            ok("true"),
            {"status": "OK"},
            {"results": True},
            {"status": "ok", "results": True},
            error("Account not found."),
            error(""),
            {"status": "ERROR", "results": None},
            {"status": "FAIL", "results": None, "error": "Account not found"},
            [],
            None,
            PanelReply(status=200, headers={}, body=b""),
            PanelReply(status=200, headers={}, body=b"<html></html>"),
            PanelReply(status=404, headers={}, body=b"<html>API not enabled</html>"),
            PanelReply(status=404, headers={}, body=json.dumps(ABSENT).encode()),
            PanelReply(status=401, headers={}, body=b"<html>proxy</html>"),
            PanelReply(status=401, headers={}, body=b"[]"),
            PanelReply(status=201, headers={}, body=json.dumps(ok()).encode()),
        ],
    )
    def test_everything_else_is_unknown(self, reply: Any) -> None:
        with pytest.raises(ContractBroken) as caught:
            client(reply).update("anna2345", {"status": "0"})
        assert caught.value.outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("text", ["Insert data is empty", "Not supported method", "Time zone"])
    def test_no_error_of_a_subscription_proves_that_nothing_happened(self, text: str) -> None:
        with pytest.raises(Doubtful):
            client(error(text)).subscribe("abcdefghijk", frozenset({"sport"}))

    @pytest.mark.parametrize("broken", [PanelUnreachable("gone"), ABSENT, ok({**USER, "login": "other234"})])
    def test_a_failed_read_after_a_write_is_unknown(self, broken: Any) -> None:
        adapter, _ = scripted(ok(USER), ok(), broken)
        with pytest.raises(OutcomeUnknown):
            adapter.extend(REF, UNTIL)

    def test_a_failed_read_before_a_write_changed_nothing_yet(self) -> None:
        adapter, session = scripted(PanelReply(status=200, headers={}, body=b""))
        with pytest.raises(ContractBroken) as caught:
            adapter.extend(REF, UNTIL)
        assert caught.value.outcome is Outcome.RETRY_LATER
        assert session.writes == []

    def test_a_doubtful_write_that_the_account_shows_is_done(self) -> None:
        adapter, _ = scripted(ok(USER), ok(False), ok({**USER, "end_date": "2027-01-12 00:30:00"}))
        assert adapter.extend(REF, UNTIL).outcome is Outcome.DONE

    def test_a_doubtful_create_is_looked_for(self) -> None:
        half = {**USER, "status": 0, "comment": "b:1:1 (unfinished)"}
        adapter, _ = scripted(ABSENT, ok(PLANS), ok(False), ok(half), ok(), ok(USER))
        assert adapter.create(order(until=UNTIL, reference="b:1:1")).outcome is Outcome.DONE
        adapter, session = scripted(ABSENT, ok(PLANS), ok(False), ABSENT)
        with pytest.raises(Doubtful):
            adapter.create(order(reference="b:1:1"))
        assert len(session.writes) == 1
        adapter, _ = scripted(ABSENT, ok(PLANS), error("Login already in use"), ABSENT)
        with pytest.raises(ContractBroken):
            adapter.create(order(reference="b:1:1"))

    def test_a_create_that_stays_off_is_unknown(self) -> None:
        half = {**USER, "status": 0, "comment": "b:1:1 (unfinished)"}
        adapter, _ = scripted(ABSENT, ok(PLANS), ok(), ok(), ok(half))
        with pytest.raises(ContractBroken):
            adapter.create(order(reference="b:1:1"))

    def test_an_end_that_left_the_account_is_unknown(self) -> None:
        adapter, _ = scripted(ok(USER), ok(), ok(USER))
        with pytest.raises(ContractBroken):
            adapter.terminate(REF)

    def test_a_reset_without_its_word_in_the_comment_is_unknown(self) -> None:
        adapter, session = scripted(ok(USER), ok(), ok(USER))
        with pytest.raises(ContractBroken):
            adapter.reset_credentials(REF, Credentials(username="anna2345", password=Secret("TrainWindow8")))
        assert session.writes[0][2]["comment"].startswith("b:1:1 (reset ")

    def test_packages_that_were_not_set_are_unknown(self) -> None:
        adapter, _ = scripted(ok(USER), ok(PLANS), ok([USER]), ok(), ok(USER))
        with pytest.raises(ContractBroken):
            adapter.change_package(REF, PackageChange(package="basic", options={"packages": "sport"}))


class TestRows:
    @pytest.mark.parametrize("name", sorted(USER.keys() - {"online"}))
    def test_a_missing_field_is_loud_and_named(self, name: str) -> None:
        payload = {key: value for key, value in USER.items() if key != name}
        with pytest.raises(ContractBroken, match=name):
            mapping.row_from(payload, BERLIN, NOW)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("status", 2), ("status", None), ("end_date", "soon"), ("end_date", ""),
         ("end_date", None), ("end_date", 1797766312), ("end_date", "0001-01-01 00:00:00"), ("login", 7),
         ("subscribed", "news"), ("subscribed", [1])],
    )  # fmt: skip
    def test_a_value_of_another_kind_is_loud(self, name: str, value: Any) -> None:
        with pytest.raises(ContractBroken, match=name):
            mapping.row_from({**USER, name: value}, BERLIN, NOW)

    @pytest.mark.parametrize(
        ("changes", "state"),
        [
            ({}, AccountState.ACTIVE),
            ({"status": "1"}, AccountState.ACTIVE),
            ({"end_date": "0000-00-00 00:00:00"}, AccountState.ACTIVE),
            ({"end_date": "2026-11-20 00:00:00"}, AccountState.EXPIRED),
            ({"status": 0}, AccountState.SUSPENDED),
            ({"status": 0, "end_date": "2026-11-20 00:00:00"}, AccountState.EXPIRED),
            ({"status": 0, "end_date": "2026-11-20 00:00:00", "comment": "b:1:1 (suspended)"},
             AccountState.SUSPENDED),
            ({"status": 0, "end_date": "0000-00-00 00:00:00"}, AccountState.SUSPENDED),
        ],
    )  # fmt: skip
    def test_states(self, changes: dict[str, Any], state: AccountState) -> None:
        assert mapping.row_from({**USER, **changes}, BERLIN, NOW).account.state is state

    @pytest.mark.parametrize(
        "comment",
        [
            Comment(reference="b:1:1"),
            Comment(reference=None),
            Comment(reference="b:1:1", mark=Mark.SUSPENDED),
            Comment(reference="b:1:1", reset="a2b3c4", mark=Mark.UNFINISHED),
            Comment(reference=None, reset="a2b3c4"),
            Comment(reference=None, mark=Mark.SUSPENDED),
            Comment(reference="Frau Meier\n2nd floor (suspended) twice", mark=Mark.SUSPENDED),
        ],
    )
    def test_a_comment_reads_as_written(self, comment: Comment) -> None:
        assert Comment.read(comment.written()) == comment

    @pytest.mark.parametrize("reference", ["b (suspended)", "b (reset abc)", "-", "", "x" * 201, "ä", "a\nb"])
    def test_a_reference_that_would_not_come_back_is_refused(self, reference: str) -> None:
        adapter, session = scripted()
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(order(reference=reference))
        assert (caught.value.field, session.sent) == ("reference", [])

    @pytest.mark.parametrize(
        "until",
        [datetime(2027, 3, 27, 1, 30, tzinfo=UTC), datetime(2027, 3, 28, 1, 30, tzinfo=UTC),
         datetime(2027, 7, 1, tzinfo=UTC), datetime(2027, 10, 30, 23, 59, 59, tzinfo=UTC)],
    )  # fmt: skip
    def test_a_date_comes_back_as_it_was_over_summer_time(self, until: datetime) -> None:
        assert dates.expiry_from(dates.end_date_to(until, BERLIN), BERLIN) == until


class TestLists:
    def listed(self, body: bytes) -> list[str]:
        adapter, _ = scripted(PanelReply(status=200, headers={}, body=body))
        return [account.username for account in adapter.list_accounts()]

    def test_it_may_be_printed_in_any_way(self) -> None:
        row = json.dumps(USER)
        other = json.dumps({**USER, "login": "berta234"}, indent=2)
        for body in (
            f'{{"status":"OK","results":[{row},{other}]}}',
            f' {{ "status" : "OK" , "results" : [ {row} , {other} ] , "output" : "notice" }} ',
            f'{{"output":"notice","status":"OK","results":[{row},{other}]}}',
        ):
            assert self.listed(body.encode()) == ["anna2345", "berta234"]
        assert self.listed(b'{"status":"OK","results":[]}') == []

    @pytest.mark.parametrize(
        "body",
        [
            f'{{"status":"OK","results":[{json.dumps(USER)}',
            f'{{"status":"OK","results":[{json.dumps(USER)}]',
            f'{{"status":"OK","results":[{json.dumps(USER)}],',
            f'{{"status":"OK","results":[{json.dumps(USER)} {json.dumps(USER)}]}}',
            f'{{"status":"OK","results":[{json.dumps(USER)},]}}',
            f'{{"status":"OK","results":[{json.dumps(USER)}]}}]',
            '{"status":"OK","results":[{"login":',
            '{"status":"OK","results":{"1":{}}}',
            '{"status":"OK","results":[' + "[" * 100_000,
            '{"status":"OK","results":["\ud800"]}',
            "",
            "null",
        ],
    )  # fmt: skip
    def test_a_broken_list_is_an_error_and_never_a_part(self, body: str) -> None:
        with pytest.raises(ContractBroken):
            self.listed(body.encode("utf-8", "surrogatepass"))

    def test_twenty_thousand_accounts_are_held_as_text_only(self) -> None:
        row = json.dumps(USER).encode()
        body = b'{"status":"OK","results":[' + b",".join([row] * 20_000) + b"]}"
        adapter, _ = scripted(PanelReply(status=200, headers={}, body=body))
        tracemalloc.start()
        try:
            count = sum(1 for _ in adapter.list_accounts())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert count == 20_000
        assert peak < 1.5 * len(body)  # its text once; as objects it is ten times that

    def test_its_default_limit_holds_tens_of_thousands(self) -> None:
        limit = read_settings(StalkerSettings, SETTINGS).max_reply_bytes
        assert limit > 50_000 * len(json.dumps(USER))


class TestDeclared:
    def test_without_internal_billing_the_panel_keeps_no_expiry(self) -> None:
        row = {key: value for key, value in USER.items() if key != "end_date"}
        adapter, session = scripted(ok(row), ABSENT, ok(PLANS), ok(), ok(), ok(row), internal_billing=False)
        assert adapter.capabilities.extend is Extend.NONE
        assert Verb.EXTEND not in adapter.capabilities.verbs
        with pytest.raises(Unsupported):
            adapter.extend(REF, UNTIL)
        assert session.sent == []
        found = adapter.get(REF)
        assert isinstance(found, Found)
        assert (found.account.expires_at, found.account.never_expires) == (None, False)
        assert adapter.create(order(reference="b:1:1")).differs == ()
        assert "end_date" not in session.writes[0][2]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"time_zone": "Mars/Olympus"},
            {"time_zone": "../etc/passwd"},
            {"time_zone": ""},
            {"api_login": "a:b"},
            {"api_login": ""},
            {"surprise": "1"},
        ],
    )
    def test_what_does_not_fit_is_named_without_its_value(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(SettingsInvalid, match=next(iter(wrong))) as caught:
            read_settings(StalkerSettings, {**SETTINGS, **wrong})
        assert "geheim" not in str(caught.value)
