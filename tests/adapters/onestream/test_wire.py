"""What is sent, to the last field, and what each answer is taken for."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from panelbridge import (
    AccountId,
    AccountRef,
    AccountState,
    AuthenticationFailed,
    ContractBroken,
    CreateOrder,
    Credentials,
    InsufficientPanelCredit,
    Outcome,
    OutcomeUnknown,
    PanelError,
    PanelUnreachable,
    PermissionMissing,
    Purchase,
    Secret,
    SettingsInvalid,
    read_settings,
)
from panelbridge.transport import PanelReply
from panelbridge_onestream import OneStreamAdapter, OneStreamSettings, mapping
from panelbridge_onestream.client import Answered, OneStreamClient
from tests.adapters.onestream.conftest import MONTH, order

SETTINGS = {"base_url": "http://panel.example:8080/", "api_key": "geheim", "auth_user": "auch-geheim"}
NOW = datetime.now(UTC).replace(microsecond=0)
ID = "0b6e1f5e-6f1c-4a53-9a39-6f4b1d1f0001"
REF = AccountRef(id=AccountId(ID), username="anna2345", reference="b:anna2345:1")
LINE: dict[str, Any] = {
    "line_id": ID,
    "username": "anna2345",
    "password": "TrainWindow7",
    "mac_addr": None,
    "owner": "us",
    "type": "regular",
    "expire_at": (NOW + timedelta(days=30)).isoformat(),
    "is_enabled": True,
    "is_restreamer": False,
    "is_trial": False,
    "package_id": 1,
    "bouquets": [1, 2],
    "max_connections": 1,
    "reseller_notes": "b:anna2345:1",
}
SOLD = {"line_id": ID, "expire_at": LINE["expire_at"], "transaction_amount": -1.5, "rid": "x"}
PACKAGE = {"id": 1, "name": "30 days", "price_credits": 1.5, "duration_hours": 720, "max_connections": 1}
PROFILE = {"name": "us", "credits": 10.25}
MOVED = {**LINE, "expire_at": (NOW + timedelta(days=60)).isoformat()}
ERROR = {"error": "anything", "rid": "x"}


def reply(status: int, content: Any) -> PanelReply:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return PanelReply(status=status, headers={}, body=body)


class ScriptedSession:
    """Plays replies in order; an exception among them is raised."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.sent: list[tuple[str, str, Any]] = []

    def request(
        self, method: str, path: str, *, repeatable: bool, query: Any = None, json: Any = None
    ) -> Any:
        assert repeatable is (method == "GET")
        self.sent.append((method, path, query if method == "GET" else json))
        answer = self.replies.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, PanelReply) else reply(200, answer)

    @property
    def writes(self) -> list[tuple[str, Any]]:
        return [(path, body) for method, path, body in self.sent if method == "POST"]


def scripted(*replies: Any, **settings: Any) -> tuple[OneStreamAdapter, ScriptedSession]:
    adapter = OneStreamAdapter(read_settings(OneStreamSettings, {**SETTINGS, **settings}))
    adapter.close()
    session: Any = ScriptedSession(*replies)
    adapter._client._session = session
    return adapter, session


def client(*replies: Any, **settings: Any) -> OneStreamClient:
    return scripted(*replies, **settings)[0]._client


def purchase(**changes: Any) -> Purchase:
    request: dict[str, Any] = {
        "package": "1",
        "term": MONTH,
        "before": NOW + timedelta(days=30),
        "key": "b:1:8",
    }
    return Purchase(**{**request, **changes})


class TestSent:
    def test_a_create_looks_buys_and_looks(self) -> None:
        adapter, session = scripted([], SOLD, [{**LINE, "mac_addr": "00:1a:79:00:00:01"}])
        request = order(mac="001a79000001", connections=1, options={"bouquets": "2,1"})
        assert adapter.create(request).differs == ()
        assert session.sent == [
            ("GET", "ext/lines", {"username": "anna2345"}),
            (
                "POST",
                "ext/line/create",
                {
                    "package": 1,
                    "username": "anna2345",
                    "password": "TrainWindow7",
                    "reseller_notes": "b:anna2345:1",
                    "rid": mapping.rid_of("create", "b:anna2345:7"),
                    "mac_addr": "00:1A:79:00:00:01",
                    "max_connections": 1,
                    "bouquets": [1, 2],
                },
            ),
            ("GET", "ext/lines", {"username": "anna2345"}),
        ]

    def test_a_renewal_names_package_and_rid(self) -> None:
        adapter, session = scripted([LINE], SOLD, [MOVED])
        result = adapter.extend(REF, NOW + timedelta(days=61), purchase())
        assert (result.outcome, result.differs) == (Outcome.DONE, ())
        rid = mapping.rid_of("renew", "b:1:8")
        assert session.writes == [(f"ext/line/{ID}/renew", {"package": 1, "rid": rid})]

    def test_switches_send_nothing_but_the_id(self) -> None:
        off = {**LINE, "is_enabled": False}
        adapter, session = scripted([LINE], {"line_id": ID}, [off], [off], {"line_id": ID}, [LINE])
        adapter.suspend(REF, "overdue")
        adapter.unsuspend(REF)
        assert session.writes == [(f"ext/line/{ID}/disable", {}), (f"ext/line/{ID}/enable", {})]

    def test_an_end_is_proved_by_the_list(self) -> None:
        adapter, session = scripted([LINE], {"line_id": ID}, [])
        assert adapter.terminate(REF).outcome is Outcome.DONE
        assert session.writes == [(f"ext/line/{ID}/terminate", {})]

    def test_a_reset_sends_name_and_password_and_tells_what_else_moved(self) -> None:
        after = {**LINE, "password": "TrainWindow8", "is_trial": True, "bouquets": [1]}
        adapter, session = scripted([LINE], {"line_id": ID}, [after], may_edit=True)
        new = Credentials(username="anna2345", password=Secret("TrainWindow8"))
        assert adapter.reset_credentials(REF, new).differs == ("trial", "options")
        body = {"username": "anna2345", "password": "TrainWindow8"}
        assert session.writes == [(f"ext/line/{ID}/update-advanced", body)]

    def test_the_newer_list_is_asked_by_page_and_a_heeded_filter_ends_it(self) -> None:
        page = {"status": "success", "data": {"pagination": {}, "items": [LINE]}}
        adapter, session = scripted(page, list_dialect="index")
        adapter.find(username="anna2345")
        query = {"username": "anna2345", "page": 1, "per_page": 100}
        assert session.sent == [("GET", "ext/lines/index", query)]


class TestRids:
    def test_they_are_short_plain_and_stable(self) -> None:
        first = mapping.rid_of("create", "bridge:1:2 ünd mehr")
        assert first == mapping.rid_of("create", "bridge:1:2 ünd mehr")
        assert re.fullmatch("[0-9a-f]{20}", first)
        others = {
            mapping.rid_of("create", "bridge:1:3"),
            mapping.rid_of("renew", "bridge:1:2 ünd mehr"),
            mapping.renewal_rid(ID, purchase(key=None)),
            mapping.renewal_rid(ID, purchase(key=None, package="2")),
            mapping.renewal_rid(ID, purchase(key=None, before=NOW)),
            mapping.renewal_rid(ID, purchase(key=None, before=None)),
            mapping.renewal_rid("other", purchase(key=None)),
        }
        assert len(others | {first}) == 8

    def test_with_the_journals_key_nothing_else_counts(self) -> None:
        assert mapping.renewal_rid(ID, purchase()) == mapping.renewal_rid("other", purchase(before=None))


class TestAnswers:
    @pytest.mark.parametrize(("status", "kind"), [(401, AuthenticationFailed), (403, PermissionMissing)])
    def test_the_closed_list_of_refusals(self, status: int, kind: type[PanelError]) -> None:
        with pytest.raises(kind) as caught:
            client(reply(status, ERROR)).switch(ID, "disable")
        assert caught.value.outcome is Outcome.REFUSED

    @pytest.mark.parametrize("status", [200, 400, 402, 404, 409, 422])
    def test_any_other_error_of_the_panel_is_to_be_read_back(self, status: int) -> None:
        with pytest.raises(Answered) as caught:
            client(reply(status, ERROR)).switch(ID, "disable")
        assert caught.value.outcome is Outcome.UNKNOWN
        assert "anything" not in str(caught.value)

    @pytest.mark.parametrize(
        "answer",
        [
            reply(200, b""),
            reply(200, b"<html></html>"),
            reply(404, b"<html>not found</html>"),
            reply(401, b"<html>proxy</html>"),
            reply(404, {"message": "no"}),
            reply(408, ERROR),
            reply(418, ERROR),
            reply(201, SOLD),
            reply(200, {"error": None, "line_id": ID}),
            reply(200, {"error": ""}),
            reply(200, {"error": {"code": 1}}),
            reply(200, {"line_id": ""}),
            reply(200, {"line_id": 7}),
            reply(200, {}),
            reply(200, []),
            reply(200, None),
        ],
    )
    def test_everything_else_is_unknown(self, answer: Any) -> None:
        with pytest.raises(ContractBroken) as caught:
            client(answer).switch(ID, "disable")
        assert not isinstance(caught.value, Answered)
        assert caught.value.outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("broken", [PanelUnreachable("gone"), reply(401, ERROR), reply(200, b""), []])
    def test_a_purchase_that_cannot_be_read_back_is_unknown(self, broken: Any) -> None:
        adapter, _ = scripted([LINE], SOLD, broken, [])
        with pytest.raises(PanelError) as caught:
            adapter.extend(REF, NOW + timedelta(days=60), purchase())
        assert caught.value.outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("sold", [SOLD, {**SOLD, "line_id": "another"}])
    def test_a_purchase_that_moved_nothing_or_another_is_unknown(self, sold: Any) -> None:
        after = [LINE] if sold is SOLD else [MOVED]
        adapter, _ = scripted([LINE], sold, after)
        with pytest.raises(ContractBroken):
            adapter.extend(REF, NOW + timedelta(days=60), purchase())

    def test_a_failed_read_before_a_purchase_changed_nothing_yet(self) -> None:
        adapter, session = scripted(reply(200, b""))
        with pytest.raises(ContractBroken) as caught:
            adapter.extend(REF, NOW + timedelta(days=60), purchase())
        assert caught.value.outcome is Outcome.RETRY_LATER
        assert session.writes == []

    def test_an_error_that_moved_the_expiry_is_unknown(self) -> None:
        adapter, _ = scripted([LINE], reply(409, ERROR), [MOVED])
        with pytest.raises(OutcomeUnknown):
            adapter.extend(REF, NOW + timedelta(days=60), purchase())

    def test_an_error_that_did_it_is_done(self) -> None:
        adapter, _ = scripted([LINE], reply(409, ERROR), [{**LINE, "is_enabled": False}])
        assert adapter.suspend(REF, "overdue").outcome is Outcome.DONE

    def test_the_reason_of_a_refusal_is_read_and_not_believed(self) -> None:
        adapter, _ = scripted([], reply(400, ERROR), [], [PACKAGE], {"name": "us", "credits": 1})
        with pytest.raises(InsufficientPanelCredit):
            adapter.create(order())
        adapter, _ = scripted([], reply(400, ERROR), [], reply(200, b""))
        with pytest.raises(ContractBroken) as caught:
            adapter.create(order())
        assert caught.value.outcome is Outcome.UNKNOWN

    def test_a_sold_line_that_is_not_listed_is_unknown(self) -> None:
        adapter, _ = scripted([], SOLD, [])
        with pytest.raises(ContractBroken):
            adapter.create(order())

    def test_values_of_the_panels_own_are_named(self) -> None:
        other = {
            **LINE,
            "password": "Chosen",
            "reseller_notes": None,
            "package_id": 2,
            "max_connections": 3,
            "mac_addr": "junk",
            "expire_at": None,
        }
        adapter, _ = scripted([], SOLD, [other])
        request: CreateOrder = order(mac="00:1A:79:00:00:01", connections=1)
        told = adapter.create(request).differs
        assert told == ("password", "reference", "package", "connections", "mac", "expires_at")


class TestRecords:
    @pytest.mark.parametrize("name", sorted(LINE.keys() - {"owner", "type", "is_restreamer"}))
    def test_a_missing_field_is_loud_and_named(self, name: str) -> None:
        with pytest.raises(ContractBroken, match=name) as caught:
            mapping.line_from({key: value for key, value in LINE.items() if key != name}, NOW)
        assert "TrainWindow7" not in str(caught.value)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("is_enabled", 1), ("is_enabled", "true"), ("expire_at", "soon"),
         ("expire_at", "2027-01-01T00:00:00"),
         ("expire_at", 1797766312), ("expire_at", "1797766312"), ("package_id", "1"),
         ("max_connections", None), ("bouquets", "1,2"), ("line_id", ""), ("username", None)],
    )  # fmt: skip
    def test_a_value_of_another_kind_is_loud(self, name: str, value: Any) -> None:
        with pytest.raises(ContractBroken, match=name):
            mapping.line_from({**LINE, name: value}, NOW)

    @pytest.mark.parametrize(
        ("changes", "state"),
        [
            ({}, AccountState.ACTIVE),
            ({"expire_at": None}, AccountState.ACTIVE),
            ({"expire_at": "2020-01-01T00:00:00+02:00"}, AccountState.EXPIRED),
            ({"expire_at": "2020-01-01T00:00:00+02:00", "is_enabled": False}, AccountState.SUSPENDED),
        ],
    )
    def test_states(self, changes: dict[str, Any], state: AccountState) -> None:
        assert mapping.line_from({**LINE, **changes}, NOW).account.state is state

    def test_an_offset_is_heeded_and_credit_keeps_its_digits(self) -> None:
        line = mapping.line_from({**LINE, "expire_at": "2027-01-01T01:00:00+02:00"}, NOW)
        assert line.account.expires_at == datetime(2026, 12, 31, 23, tzinfo=UTC)
        adapter, _ = scripted(reply(200, b'{"name":"us","credits":12.3450}'))
        balance = adapter.balance()
        assert balance is not None
        assert balance.amount == Decimal("12.3450")

    @pytest.mark.parametrize(
        ("after", "until", "fits"),
        [(30, 31, True), (30, 28, True), (30, 60, False), (365, 365, True), (30, 1, False)],
    )
    def test_months_end_differently_and_lengths_do_not(self, after: int, until: int, fits: bool) -> None:
        moment = NOW + timedelta(days=after)
        assert mapping.expiry_fits(moment, NOW + timedelta(days=until), NOW) is fits
        assert not mapping.expiry_fits(None, NOW, NOW)


class TestPages:
    @staticmethod
    def page(*names: str) -> dict[str, Any]:
        rows = [{**LINE, "line_id": name, "username": name * 8} for name in names]
        return {"status": "success", "data": {"pagination": {"anything": 1}, "items": rows}}

    def listed(self, *pages: Any) -> list[str]:
        adapter, _ = scripted(*pages, list_dialect="index")
        return [account.id for account in adapter.list_accounts()]

    def test_to_the_page_without_rows(self) -> None:
        page = self.page
        assert self.listed(page("a", "b"), page("c"), page("b"), page(), page("c")) == ["a", "b", "c"]
        assert self.listed(page()) == []

    def test_a_row_that_comes_twice_is_told_once(self) -> None:
        page = self.page
        assert self.listed(page("a", "b"), page("b", "c"), page("b"), page(), page("c")) == ["a", "b", "c"]

    def test_each_place_is_asked_for_again(self) -> None:
        adapter, session = scripted(
            self.page("a", "b"),
            self.page("c"),
            self.page("b"),
            self.page(),
            self.page("c"),
            list_dialect="index",
        )
        list(adapter.list_accounts())
        asked = [(query["page"], query["per_page"]) for _, _, query in session.sent]
        assert asked == [(1, 100), (2, 100), (2, 1), (3, 100), (3, 1)]

    @pytest.mark.parametrize(
        "pages",
        [
            ("ab", "d", "c"),  # a line went, and c moved to page 1
            ("ab", "c", ""),
            ("ab", "ab", "b"),  # in a circle
            ("ab", "cde", "b"),  # more than a page holds
            ("ab", "c", "b", "d", "c"),  # a short page with another behind it
        ],
    )
    def test_pages_that_do_not_add_up_are_an_error(self, pages: tuple[str, ...]) -> None:
        with pytest.raises(PanelError):
            self.listed(*(self.page(*names) for names in pages))

    @pytest.mark.parametrize(
        "broken",
        [
            {"status": "success", "data": {"pagination": {}}},
            {"status": "success", "data": []},
            {"status": "error", "data": {"items": []}},
            {"status": "success", "data": {"items": 7}},
            [LINE],
        ],
    )
    def test_what_is_no_page_is_loud(self, broken: Any) -> None:
        with pytest.raises(ContractBroken):
            self.listed(broken)


class TestSettings:
    @pytest.mark.parametrize(
        "wrong", [{"api_key": ""}, {"auth_user": ""}, {"list_dialect": "x"}, {"surprise": "1"}]
    )
    def test_what_does_not_fit_is_named_without_its_value(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(SettingsInvalid, match=next(iter(wrong))) as caught:
            read_settings(OneStreamSettings, {**SETTINGS, **wrong})
        assert "geheim" not in str(caught.value)

    def test_both_secrets_go_in_headers(self) -> None:
        adapter = OneStreamAdapter(read_settings(OneStreamSettings, SETTINGS))
        headers = adapter._client._session._session.headers
        assert (headers["X-Api-Key"], headers["X-Auth-User"]) == ("geheim", "auch-geheim")
        assert "geheim" not in repr(adapter.settings)
        adapter.close()
