"""The exact requests, the closed list of refusals, and the pure rules of the mapping."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from panelbridge import (
    AccountId,
    AccountRef,
    AccountState,
    AuthenticationFailed,
    ContractBroken,
    Credentials,
    InvalidOrder,
    NotFound,
    Outcome,
    PackageChange,
    PanelError,
    PermissionMissing,
    Secret,
    SettingsInvalid,
    Unknown,
)
from panelbridge.contract.settings import read_settings
from panelbridge.transport import PanelReply
from panelbridge_dispatcharr import DispatcharrAdapter, DispatcharrSettings, mapping
from panelbridge_dispatcharr.client import DispatcharrClient

SETTINGS = {"base_url": "http://127.0.0.1:9/", "api_key": "k" * 32}
REF = AccountRef(id=AccountId("7"), username="anna2345", reference="b:1:1", password=Secret("TrainWindow7"))
ROW: dict[str, Any] = {
    "id": 7,
    "username": "anna2345",
    "user_level": 0,
    "channel_profiles": [1],
    "stream_limit": 2,
    "custom_properties": {"xc_password": "TrainWindow7", "panelbridge_reference": "b:1:1"},
}
OFF = {"panelbridge_reference": "b:1:1"}


def reply(status: int, content: Any) -> PanelReply:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return PanelReply(status=status, headers={}, body=body)


class ScriptedSession:
    """Plays replies in order, and keeps what was sent."""

    def __init__(self, *replies: PanelReply) -> None:
        self.replies = list(replies)
        self.sent: list[tuple[str, str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.repeatable: list[bool] = []

    def request(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> PanelReply:
        self.sent.append((method, path, json))
        self.headers.append(headers or {})
        self.repeatable.append(repeatable)
        return self.replies.pop(0)


def scripted(*replies: PanelReply, **settings: Any) -> tuple[DispatcharrAdapter, ScriptedSession]:
    adapter = DispatcharrAdapter(read_settings(DispatcharrSettings, {**SETTINGS, **settings}))
    session = ScriptedSession(*replies)
    adapter._client._session = session  # type: ignore[assignment]
    return adapter, session


def client(*replies: PanelReply) -> DispatcharrClient:
    return scripted(*replies)[0]._client


class TestRequests:
    def test_a_create_is_one_write_and_one_read(self, order: Any) -> None:
        request = order(username="anna2345", reference="b:1:1", connections=2)
        password = request.credentials.password.get_secret_value()
        row = {**ROW, "custom_properties": {"xc_password": password, "panelbridge_reference": "b:1:1"}}
        adapter, session = scripted(reply(201, row), reply(200, row))
        result = adapter.create(request)
        assert (result.outcome, result.differs) == (Outcome.DONE, ())
        web = session.sent[0][2]["password"]
        assert (len(web), web != password) == (40, True)  # the web login is not sold
        assert session.sent == [
            (
                "POST",
                "api/accounts/users/",
                {
                    "username": "anna2345",
                    "password": web,
                    "user_level": 0,
                    "stream_limit": 2,
                    "channel_profiles": [1],
                    "custom_properties": {"xc_password": password, "panelbridge_reference": "b:1:1"},
                },
            ),
            ("GET", "api/accounts/users/7/", None),
        ]
        assert session.repeatable == [False, True]
        assert session.headers == [{"X-API-Key": "k" * 32}] * 2

    @pytest.mark.parametrize(
        "other",
        [
            {"username": "berta234"},
            {"custom_properties": {"xc_password": "x", "panelbridge_reference": "b:1:1"}},
            {"custom_properties": {}},
            {"user_level": 10},
        ],
    )
    def test_a_create_that_shows_somebody_else_is_unknown(self, order: Any, other: Any) -> None:
        password = Secret("TrainWindow7")
        request = order(reference="b:1:1", credentials=Credentials(username="anna2345", password=password))
        adapter, _ = scripted(reply(201, ROW), reply(200, {**ROW, **other}))
        with pytest.raises(PanelError) as caught:
            adapter.create(request)
        assert caught.value.outcome is Outcome.UNKNOWN

    def test_a_suspension_takes_the_password_away(self) -> None:
        after = {**ROW, "custom_properties": OFF}
        adapter, session = scripted(reply(200, ROW), reply(200, after), reply(200, after))
        adapter.suspend(REF, "overdue")
        method, path, request = session.sent[1]
        assert (method, path) == ("PATCH", "api/accounts/users/7/")
        assert request["custom_properties"] == {"xc_password": None, "panelbridge_held_xc_password": None}
        assert len(request["password"]) == 40
        assert request.keys() == {"password", "custom_properties"}

    def test_its_end_gives_back_what_our_books_hold(self) -> None:
        before = {**ROW, "custom_properties": {**OFF, "panelbridge_held_xc_password": "another123"}}
        adapter, session = scripted(reply(200, before), reply(200, ROW), reply(200, ROW))
        adapter.unsuspend(REF)
        request = session.sent[1][2]
        assert request["custom_properties"] == {
            "xc_password": "TrainWindow7",
            "panelbridge_held_xc_password": None,
        }
        assert len(request["password"]) == 40

    def test_a_change_of_package_sends_nothing_else(self) -> None:
        after = {**ROW, "channel_profiles": [3]}
        adapter, session = scripted(reply(200, ROW), reply(200, after), reply(200, after))
        adapter.change_package(REF, PackageChange(package="3"))
        assert session.sent[1] == ("PATCH", "api/accounts/users/7/", {"channel_profiles": [3]})

    def test_a_termination_is_proved(self) -> None:
        gone = reply(404, {"detail": "no"})
        adapter, session = scripted(reply(200, ROW), reply(204, b""), gone, reply(200, []))
        assert adapter.terminate(REF).outcome is Outcome.DONE
        assert [method for method, *_ in session.sent] == ["GET", "DELETE", "GET", "GET"]
        assert session.repeatable == [True, False, True, True]

    @pytest.mark.parametrize(
        "listed", [reply(404, {"detail": "Not Found"}), reply(200, [ROW]), reply(403, {"detail": "no"})]
    )
    def test_a_404_proves_absence_beside_a_list_alone(self, listed: PanelReply) -> None:
        """Other applications say the same words of every address they do not know."""
        gone = reply(404, {"detail": "Not Found"})
        adapter, _ = scripted(gone, listed)
        assert isinstance(adapter.get(REF), Unknown)
        adapter, session = scripted(gone, listed)
        with pytest.raises(PanelError) as caught:
            adapter.terminate(REF)
        assert not isinstance(caught.value, NotFound)
        assert [method for method, *_ in session.sent] == ["GET", "GET"]

    def test_a_token_is_asked_for_once(self) -> None:
        by_name = {"api_key": None, "username": "bridge", "password": "pw"}
        me = reply(200, {"username": "bridge", "user_level": 10})
        token = reply(200, {"access": "tkn", "refresh": "r"})
        adapter, session = scripted(token, me, reply(200, {"version": "1"}), **by_name)
        adapter.test_connection()
        assert session.sent[0] == ("POST", "api/accounts/token/", {"username": "bridge", "password": "pw"})
        assert session.headers[1:] == [{"Authorization": "Bearer tkn"}] * 2

    def test_a_token_is_renewed_before_it_ends(self) -> None:
        now = [0.0]
        values = {"base_url": "http://127.0.0.1:9/", "username": "bridge", "password": "pw"}
        one = DispatcharrClient(read_settings(DispatcharrSettings, values), lambda: now[0])
        tokens = [reply(200, {"access": name}) for name in ("first", "second")]
        answer = reply(200, [])
        session = ScriptedSession(tokens[0], answer, answer, tokens[1], answer)
        one._session = session  # type: ignore[assignment]
        one.users()
        now[0] = 24 * 60
        one.users()
        now[0] = 26 * 60
        one.users()
        told = [headers.get("Authorization") for headers in session.headers]
        assert told == [None, "Bearer first", "Bearer first", None, "Bearer second"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "content", "kind"),
        [
            (401, {"detail": "no", "code": "token_not_valid"}, AuthenticationFailed),
            (403, {"detail": "no"}, PermissionMissing),
            (404, {"detail": "no"}, NotFound),
            (400, {"username": ["taken"]}, InvalidOrder),
        ],
    )
    def test_what_the_panel_itself_says_is_refused(
        self, status: int, content: Any, kind: type[PanelError]
    ) -> None:
        with pytest.raises(kind) as caught:
            client(reply(status, content)).update(7, {})
        assert caught.value.outcome is Outcome.REFUSED
        assert "taken" not in caught.value.message

    @pytest.mark.parametrize(
        ("status", "content"),
        [
            (401, {}),
            (401, b"<html>who?</html>"),
            (403, b"<html>blocked</html>"),
            (403, {"detail": ["no"]}),
            (404, b"<html>Not Found</html>"),
            (404, b""),
            (404, {"error": "no"}),
            (404, ["detail"]),
            (400, {}),
            (400, {"username": "taken"}),
            (400, {"username": []}),
            (400, {"detail": "no"}),
            (400, b"<html>Bad Request</html>"),
            (405, {"detail": "no"}),
            (409, {"detail": "no"}),
            (418, {"detail": "no"}),
            (200, {"detail": "no"}),
            (201, b"<html>One moment</html>"),
            (202, ROW),
            (204, b""),
        ],
    )
    def test_everything_else_is_unknown(self, order: Any, status: int, content: Any) -> None:
        adapter, session = scripted(reply(status, content))
        with pytest.raises(ContractBroken) as caught:
            adapter.create(order())
        assert caught.value.outcome is Outcome.UNKNOWN
        assert len(session.sent) == 1

    @pytest.mark.parametrize(
        ("wire", "field"),
        [
            ("password", "password"),
            ("channel_profiles", "package"),
            ("stream_limit", "connections"),
            ("custom_properties", "reference"),
            ("colour", None),
        ],
    )
    def test_a_field_is_named_in_our_words(self, order: Any, wire: str, field: str | None) -> None:
        adapter, _ = scripted(reply(400, {wire: ["<b>no</b>"]}))
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(order())
        assert caught.value.field == field
        assert "<b>" not in caught.value.message

    def test_a_taken_name_beside_another_fault_is_still_looked_up(self, order: Any) -> None:
        request = order(
            reference="b:1:1",
            credentials=Credentials(username="anna2345", password=Secret("TrainWindow7")),
        )
        both = {"channel_profiles": ["gone"], "username": ["taken"]}
        row = {**ROW, "stream_limit": 1}
        adapter, _ = scripted(reply(400, both), reply(200, [row]))
        assert adapter.create(request).outcome is Outcome.ALREADY

    def test_a_name_that_breaks_a_rule_is_refused(self, order: Any) -> None:
        adapter, _ = scripted(reply(400, {"username": ["no"]}), reply(200, [ROW]))
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(order())
        assert (caught.value.field, caught.value.outcome) == ("username", Outcome.REFUSED)

    @pytest.mark.parametrize("token", [None, "", 7, "a b\nc", {"x": 1}])
    def test_no_token_is_no_sign_in(self, token: Any) -> None:
        by_name = {"api_key": None, "username": "bridge", "password": "pw"}
        adapter, session = scripted(reply(200, {"access": token}), **by_name)
        with pytest.raises(ContractBroken) as caught:
            adapter.suspend(REF, "overdue")
        assert caught.value.outcome is Outcome.RETRY_LATER
        assert len(session.sent) == 1

    def test_a_reply_about_somebody_else_is_no_answer(self) -> None:
        adapter, session = scripted(reply(200, {**ROW, "id": 8}))
        with pytest.raises(PanelError) as caught:
            adapter.terminate(REF)
        assert caught.value.outcome is not Outcome.REFUSED
        assert len(session.sent) == 1

    def test_an_id_that_is_no_number_is_never_put_into_a_path(self) -> None:
        adapter, session = scripted()
        for text in ("7/../8", "", "-1", "\u0667", "7 ", "9" * 30):
            with pytest.raises(InvalidOrder):
                adapter.terminate(AccountRef(id=AccountId(text), username="anna2345"))
        assert session.sent == []


class TestMapping:
    @pytest.mark.parametrize("field", sorted(ROW))
    def test_a_missing_field_is_loud(self, field: str) -> None:
        row = {name: value for name, value in ROW.items() if name != field}
        with pytest.raises(ContractBroken, match=field) as caught:
            mapping.user_from(row)
        assert "TrainWindow7" not in str(caught.value)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("id", "7"),
            ("id", 0),
            ("id", True),
            ("username", ""),
            ("user_level", "0"),
            ("channel_profiles", None),
            ("channel_profiles", ["1"]),
            ("stream_limit", None),
            ("custom_properties", []),
            ("custom_properties", {"xc_password": 7}),
        ],
    )
    def test_a_field_of_another_type_is_loud(self, field: str, value: Any) -> None:
        with pytest.raises(ContractBroken, match=field):
            mapping.user_from({**ROW, field: value})

    @pytest.mark.parametrize(
        ("properties", "state", "password"),
        [
            ({"xc_password": "a"}, AccountState.ACTIVE, "a"),
            ({"xc_password": "a", "panelbridge_held_xc_password": "b"}, AccountState.ACTIVE, "a"),
            ({"panelbridge_held_xc_password": "b"}, AccountState.SUSPENDED, None),
            ({"panelbridge_held_xc_password": 5, "panelbridge_reference": {}}, AccountState.SUSPENDED, None),
            ({"xc_password": ""}, AccountState.SUSPENDED, None),
            ({}, AccountState.SUSPENDED, None),
            (None, AccountState.SUSPENDED, None),
        ],
    )
    def test_the_state_is_where_the_password_lies(
        self, properties: Any, state: AccountState, password: str | None
    ) -> None:
        account = mapping.account_from(mapping.user_from({**ROW, "custom_properties": properties}))
        assert account.state is state
        assert account.password == (None if password is None else Secret(password))

    def test_no_profile_is_every_channel(self) -> None:
        account = mapping.account_from(mapping.user_from({**ROW, "channel_profiles": []}))
        assert account.package == "unrestricted"

    @pytest.mark.parametrize("wrong", [{"id": None}, {"username": None}, {"id": 8, "channel_profiles": None}])
    def test_a_row_that_cannot_be_read_is_one_bad_account(self, wrong: dict[str, Any]) -> None:
        told = list(scripted(reply(200, [{**ROW, **wrong}, ROW]))[0].list_accounts())
        assert [item.state.value for item in told] == ["unreadable", "active"]

    @pytest.mark.parametrize("version", [{}, [], None, {"version": 7}, {"version": ""}])
    def test_an_untold_version_is_a_warning(self, version: Any) -> None:
        told = mapping.connection_from({"username": "bridge", "user_level": 10}, version)
        assert (told.version, len(told.warnings)) == (None, 1)

    def test_nothing_of_it_prints_a_password(self) -> None:
        user = mapping.user_from(
            {**ROW, "api_key": "TheirWindow9", "custom_properties": {"xc_password": "Window8"}}
        )
        assert "Window" not in repr([user, mapping.account_from(user)])


class TestSettings:
    @pytest.mark.parametrize(
        "values",
        [
            {"api_key": None},
            {"username": "bridge"},
            {"username": "bridge", "password": "pw"},
            {"api_key": None, "username": "bridge"},
            {"api_key": None, "password": "pw"},
            {"api_key": "k\u00e9y"},
            {"api_key": "k\r\ny"},
            {"api_key": ""},
        ],
    )
    def test_there_is_one_way_to_sign_in(self, values: Any) -> None:
        with pytest.raises(SettingsInvalid):
            read_settings(DispatcharrSettings, {**SETTINGS, **values})

    def test_building_it_asks_nothing_of_the_network(self) -> None:
        with DispatcharrAdapter(read_settings(DispatcharrSettings, SETTINGS)) as adapter:
            assert adapter.admin_link() == "http://127.0.0.1:9/"
            assert "k" * 32 not in repr([adapter, adapter.settings])

    def test_rules_of_names_and_passwords(self) -> None:
        adapter, session = scripted()
        for name, password, field in (
            ("short", "TrainWindow7", "username"),
            ("anna 2345", "TrainWindow7", "username"),
            ("anna2345", "Train/Window", "password"),
        ):
            credentials = Credentials(username=name, password=Secret(password))
            with pytest.raises(InvalidOrder) as caught:
                adapter.reset_credentials(REF, credentials)
            assert caught.value.field == field
            assert password not in str(caught.value)
        assert session.sent == []
