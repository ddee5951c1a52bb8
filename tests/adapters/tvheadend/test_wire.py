"""The exact requests, what counts as an answer, and the pure rules of the mapping."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from panelbridge import (
    Absent,
    AccountId,
    AccountRef,
    AccountState,
    AuthenticationFailed,
    ContractBroken,
    Credentials,
    Outcome,
    PackageChange,
    PanelError,
    Secret,
    SettingsInvalid,
)
from panelbridge.contract.settings import read_settings
from panelbridge.transport import PanelReply
from panelbridge_tvheadend import TvheadendAdapter, TvheadendSettings, mapping
from panelbridge_tvheadend.mapping import Pair, access_from, password_from

SETTINGS = {"base_url": "http://127.0.0.1:9/", "username": "bridge", "password": "adminsecret"}
TAG = "b1" * 16
ACCESS: dict[str, Any] = {
    "uuid": "a" * 32,
    "enabled": True,
    "username": "anna2345",
    "admin": False,
    "conn_limit": 2,
    "channel_tag": [TAG],
    "comment": "b:1:1",
}
PASSWORD: dict[str, Any] = {
    "uuid": "c" * 32,
    "enabled": True,
    "username": "anna2345",
    "password": "TrainWindow7",
    "comment": "b:1:1",
}
REF = AccountRef(id=AccountId("a" * 32), username="anna2345", reference="b:1:1")
NAME_FILTER = [{"field": "username", "type": "string", "value": "^anna2345$"}]


def page(*rows: Any, total: int | None = None) -> dict[str, Any]:
    return {"entries": list(rows), "total": len(rows) if total is None else total}


TAGS = page({"uuid": TAG, "name": "Basic"})


class ScriptedSession:
    """Plays replies in order (JSON, or a whole one), and keeps what was sent with its JSON text read."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.repeatable: list[bool] = []

    def request(self, method: str, path: str, *, repeatable: bool, form: Mapping[str, str]) -> PanelReply:
        assert method == "POST"
        assert all(isinstance(text, str) for text in form.values())
        self.sent.append((path, {name: json.loads(text) for name, text in form.items()}))
        self.repeatable.append(repeatable)
        reply = self.replies.pop(0)
        if isinstance(reply, PanelReply):
            return reply
        return PanelReply(status=200, headers={}, body=json.dumps(reply).encode())


def html(status: int) -> PanelReply:
    return PanelReply(status=status, headers={}, body=b"<HTML><BODY>secret words</BODY></HTML>")


def scripted(*replies: Any, **settings: Any) -> tuple[TvheadendAdapter, ScriptedSession]:
    adapter = TvheadendAdapter(read_settings(TvheadendSettings, {**SETTINGS, **settings}))
    session = ScriptedSession(*replies)
    adapter._client._session = session  # type: ignore[assignment]
    return adapter, session


def writes(session: ScriptedSession) -> list[tuple[str, dict[str, Any]]]:
    return [sent for sent, safe in zip(session.sent, session.repeatable, strict=True) if not safe]


def off(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "enabled": False}


class TestRequests:
    def test_a_create_goes_off_then_password_then_on(self, order: Any) -> None:
        request = order(username="anna2345", reference="b:1:1", package=TAG, connections=2)
        secret = request.credentials.password.get_secret_value()
        password = {**PASSWORD, "password": secret}
        adapter, session = scripted(
            TAGS, page(), page(),
            {"uuid": "a" * 32}, {"uuid": "c" * 32},
            page(off(ACCESS)), page(password),
            {},
            page(ACCESS), page(password),
        )  # fmt: skip
        result = adapter.create(request)
        assert (result.outcome, result.differs) == (Outcome.DONE, ())
        assert writes(session) == [
            (
                "api/access/entry/create",
                {
                    "conf": {
                        "enabled": False,
                        "username": "anna2345",
                        "prefix": "0.0.0.0/0,::/0",
                        "streaming": ["basic", "htsp"],
                        "webui": False,
                        "admin": False,
                        "conn_limit_type": 0,
                        "conn_limit": 2,
                        "channel_tag": [TAG],
                        "comment": "b:1:1",
                    }
                },
            ),
            (
                "api/passwd/entry/create",
                {
                    "conf": {
                        "enabled": True,
                        "username": "anna2345",
                        "password": secret,
                        "comment": "b:1:1",
                    }
                },
            ),
            ("api/idnode/save", {"node": {"uuid": "a" * 32, "enabled": True}}),
        ]

    def test_a_read_sends_a_limit_and_a_whole_pattern(self) -> None:
        adapter, session = scripted(page(ACCESS), page(PASSWORD))
        adapter.get(REF)
        expected = {"limit": 500, "start": 0, "filter": NAME_FILTER}
        assert session.sent == [
            ("api/access/entry/grid", expected),
            ("api/passwd/entry/grid", expected),
        ]
        assert session.repeatable == [True, True]

    def test_a_suspension_saves_both_the_password_entry_first(self) -> None:
        adapter, session = scripted(
            page(ACCESS), page(PASSWORD), {}, {}, page(off(ACCESS)), page(off(PASSWORD))
        )
        adapter.suspend(REF, "overdue")
        assert writes(session) == [
            ("api/idnode/save", {"node": {"uuid": "c" * 32, "enabled": False}}),
            ("api/idnode/save", {"node": {"uuid": "a" * 32, "enabled": False}}),
        ]

    def test_its_end_saves_both_the_password_entry_last(self) -> None:
        adapter, session = scripted(
            page(off(ACCESS)), page(off(PASSWORD)), {}, {}, page(ACCESS), page(PASSWORD)
        )
        adapter.unsuspend(REF)
        assert [sent["node"]["uuid"][0] for _, sent in writes(session)] == ["a", "c"]

    def test_a_reset_saves_the_password_and_nothing_else(self) -> None:
        after = {**PASSWORD, "password": "OtherWindow8"}
        adapter, session = scripted(page(ACCESS), page(PASSWORD), {}, page(ACCESS), page(after))
        adapter.reset_credentials(REF, Credentials(username="anna2345", password=Secret("OtherWindow8")))
        assert writes(session) == [
            ("api/idnode/save", {"node": {"uuid": "c" * 32, "password": "OtherWindow8"}})
        ]

    def test_a_change_of_package_saves_the_access_entry(self) -> None:
        after = {**ACCESS, "channel_tag": ["other"], "conn_limit": 5}
        tags = page({"uuid": "other", "name": "Other"})
        adapter, session = scripted(tags, page(ACCESS), page(PASSWORD), {}, page(after), page(PASSWORD))
        adapter.change_package(REF, PackageChange(package="other", connections=5))
        node = {"uuid": "a" * 32, "channel_tag": ["other"], "conn_limit": 5}
        assert writes(session) == [("api/idnode/save", {"node": node})]

    def test_a_termination_deletes_both_and_looks_again(self) -> None:
        adapter, session = scripted(page(ACCESS), page(PASSWORD), {}, {}, page(), page())
        assert adapter.terminate(REF).outcome is Outcome.DONE
        assert writes(session) == [
            ("api/idnode/delete", {"uuid": ["c" * 32]}),
            ("api/idnode/delete", {"uuid": ["a" * 32]}),
        ]
        assert len(session.sent) == 6

    def test_the_name_goes_into_the_filter_as_text(self) -> None:
        assert mapping.exactly("a.b*c|(d)[e]{f}^$+?\\g") == (r"^a\.b\*c\|\(d\)\[e\]\{f\}\^\$\+\?\\g$")
        assert mapping.exactly("bridge:1:1-_@/ ") == "^bridge:1:1-_@/ $"


class TestAnswers:
    @pytest.mark.parametrize("status", [401, 403])
    def test_a_read_that_is_not_let_in_is_our_credential(self, order: Any, status: int) -> None:
        adapter, session = scripted(html(status))
        with pytest.raises(AuthenticationFailed) as caught:
            adapter.create(order(package=TAG))
        assert caught.value.outcome is Outcome.REFUSED
        assert "secret words" not in caught.value.message
        assert len(session.sent) == 1

    @pytest.mark.parametrize("status", [200, 201, 204, 302, 400, 401, 403, 404, 409, 418])
    def test_a_page_in_answer_to_a_write_is_unknown(self, status: int) -> None:
        adapter, session = scripted(page(ACCESS), page(PASSWORD), html(status))
        with pytest.raises(PanelError) as caught:
            adapter.suspend(REF, "overdue")
        assert caught.value.outcome is Outcome.UNKNOWN
        assert "secret words" not in caught.value.message
        assert len(session.sent) == 3

    @pytest.mark.parametrize("answer", [None, [], "", 7, True])
    def test_an_answer_to_a_write_that_is_no_object_is_unknown(self, answer: Any) -> None:
        adapter, _ = scripted(page(ACCESS), page(PASSWORD), answer)
        with pytest.raises(ContractBroken) as caught:
            adapter.terminate(REF)
        assert caught.value.outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("answer", [{}, {"uuid": ""}, {"uuid": None}, {"uuid": ["a"]}, {"id": "a"}])
    def test_a_create_that_tells_no_uuid_is_unknown(self, order: Any, answer: Any) -> None:
        adapter, session = scripted(TAGS, page(), page(), answer)
        with pytest.raises(ContractBroken) as caught:
            adapter.create(order(package=TAG))
        assert caught.value.outcome is Outcome.UNKNOWN
        assert len(session.sent) == 4

    def test_an_entry_is_switched_on_by_the_uuid_that_is_read_under_its_name(self, order: Any) -> None:
        """A told uuid may be somebody else's."""
        request = order(username="anna2345", reference="b:1:1", package=TAG)
        adapter, session = scripted(
            TAGS, page(), page(), {"uuid": "f" * 32}, {"uuid": "c" * 32}, page(), page(PASSWORD)
        )
        with pytest.raises(PanelError) as caught:
            adapter.create(request)
        assert caught.value.outcome is Outcome.UNKNOWN
        assert "api/idnode/save" not in [path for path, _ in session.sent]

    @pytest.mark.parametrize(
        "broken",
        [
            {},
            [],
            {"entries": [ACCESS]},
            {"total": 0},
            {"entries": None, "total": 0},
            {"entries": [], "total": "0"},
            {"entries": [], "total": True},
            {"entries": [], "total": 2},
            {"entries": [ACCESS, ACCESS], "total": 1},
            {"entries": ["x"], "total": 1},
        ],
    )
    def test_a_page_that_does_not_add_up_is_no_answer(self, broken: Any) -> None:
        adapter, session = scripted(broken)
        with pytest.raises(PanelError) as caught:
            adapter.terminate(REF)
        assert caught.value.outcome is Outcome.RETRY_LATER
        assert writes(session) == []

    @pytest.mark.parametrize("name", ["Anna2345", "anna23456", "xanna2345"])
    def test_a_filter_that_matches_more_than_asked_finds_nobody(self, name: str) -> None:
        other = {"username": name}
        adapter, _ = scripted(page({**ACCESS, **other}), page({**PASSWORD, **other}))
        assert isinstance(adapter.find(username="anna2345"), Absent)
        rows = page({**ACCESS, "comment": "B:1:1"}), page({**PASSWORD, "comment": "b:1:10"})
        assert isinstance(scripted(*rows)[0].find(reference="b:1:1"), Absent)

    def test_pages_overlap_by_one(self) -> None:
        rows = [{**ACCESS, "uuid": str(number), "username": f"name{number}"} for number in range(4)]
        pages = [page(), page(*rows[:2], total=4), page(*rows[1:3], total=4), page(*rows[2:], total=4)]
        adapter, session = scripted(*pages, page_rows=2)
        assert [account.id for account in adapter.list_accounts()] == ["0", "1", "2", "3"]
        assert [sent["start"] for _, sent in session.sent] == [0, 0, 1, 2]

    @pytest.mark.parametrize(
        "second",
        [
            page({**ACCESS, "uuid": "9"}, {**ACCESS, "uuid": "2"}, total=3),
            page({**ACCESS, "uuid": "1"}, {**ACCESS, "uuid": "2"}, total=4),
            page({**ACCESS, "uuid": "1"}, total=3),
            page(total=3),
        ],
    )
    def test_a_list_that_moved_is_no_list(self, second: Any) -> None:
        first = page({**ACCESS, "uuid": "0"}, {**ACCESS, "uuid": "1"}, total=3)
        adapter, _ = scripted(page(), first, second, page_rows=2)
        with pytest.raises(ContractBroken):
            list(adapter.list_accounts())


class TestMapping:
    @pytest.mark.parametrize("field", sorted(ACCESS.keys() - {"comment"}))
    def test_a_missing_field_of_an_access_entry_is_loud(self, field: str) -> None:
        with pytest.raises(ContractBroken, match=field):
            access_from({name: value for name, value in ACCESS.items() if name != field})

    @pytest.mark.parametrize("field", sorted(PASSWORD.keys() - {"comment"}))
    def test_a_missing_field_of_a_password_entry_is_loud(self, field: str) -> None:
        with pytest.raises(ContractBroken, match=field) as caught:
            password_from({name: value for name, value in PASSWORD.items() if name != field})
        assert "TrainWindow7" not in str(caught.value)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("enabled", 1),
            ("enabled", "true"),
            ("admin", None),
            ("conn_limit", "2"),
            ("channel_tag", TAG),
            ("channel_tag", [7]),
            ("uuid", ""),
        ],
    )
    def test_a_field_of_another_type_is_loud(self, field: str, value: Any) -> None:
        with pytest.raises(ContractBroken, match=field):
            access_from({**ACCESS, field: value})

    @pytest.mark.parametrize(
        ("access", "password", "state", "unfinished"),
        [
            (True, True, AccountState.ACTIVE, False),
            (True, False, AccountState.SUSPENDED, False),
            (False, True, AccountState.SUSPENDED, True),
            (False, False, AccountState.SUSPENDED, False),
            (True, None, AccountState.SUSPENDED, False),
            (False, None, AccountState.SUSPENDED, True),
        ],
    )
    def test_a_name_is_active_when_both_entries_are(
        self, access: bool, password: bool | None, state: AccountState, unfinished: bool
    ) -> None:
        passwords = () if password is None else (password_from({**PASSWORD, "enabled": password}),)
        pair = Pair(
            username="anna2345", access=(access_from({**ACCESS, "enabled": access}),), passwords=passwords
        )
        assert (pair.state, pair.was_never_enabled) == (state, unfinished)
        assert mapping.account_from(pair).state is state

    def test_an_entry_without_a_comment_is_nobodys(self) -> None:
        access = access_from({name: value for name, value in ACCESS.items() if name != "comment"})
        pair = Pair(username="anna2345", access=(access,), passwords=(password_from(PASSWORD),))
        assert not pair.belongs_to("b:1:1")
        assert mapping.account_from(pair).reference is None

    def test_no_tag_is_every_channel(self) -> None:
        pair = Pair(username="anna2345", access=(access_from({**ACCESS, "channel_tag": []}),))
        assert mapping.account_from(pair).package == "unrestricted"

    def test_one_bad_row_is_one_bad_account(self) -> None:
        other = {**ACCESS, "uuid": "d" * 32, "username": "berta234", "conn_limit": "many"}
        adapter, _ = scripted(page(PASSWORD), page(other, ACCESS))
        told = {item.username: item.state.value for item in adapter.list_accounts()}
        assert told == {"berta234": "unreadable", "anna2345": "active"}

    def test_nothing_of_it_prints_a_password(self) -> None:
        pair = Pair(username="a", access=(access_from(ACCESS),), passwords=(password_from(PASSWORD),))
        assert "TrainWindow7" not in repr([pair, *pair.passwords, mapping.account_from(pair)])


class TestSettings:
    @pytest.mark.parametrize("name", ["", 'a"b', "a:b", "a\\b", "a\r\nb", "n\u00e4me"])
    def test_a_name_that_breaks_the_digest_header_is_refused(self, name: str) -> None:
        with pytest.raises(SettingsInvalid, match="username"):
            read_settings(TvheadendSettings, {**SETTINGS, "username": name})

    def test_building_it_asks_nothing_of_the_network(self) -> None:
        with TvheadendAdapter(read_settings(TvheadendSettings, SETTINGS)) as adapter:
            assert adapter.admin_link() == "http://127.0.0.1:9/"
            assert "adminsecret" not in repr([adapter, adapter.settings, adapter._client.__dict__])
