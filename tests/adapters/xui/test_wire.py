"""Replies of other releases and broken ones, played to the client; and the pure rules of the mapping."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from panelbridge import (
    AccountId,
    AccountRef,
    AccountState,
    AuthenticationFailed,
    Conflict,
    ContractBroken,
    Outcome,
    OutcomeUnknown,
    PanelError,
    PanelUnreachable,
    PermissionMissing,
    Purchase,
    Secret,
    SettingsInvalid,
    Term,
    Unknown,
    Unsupported,
)
from panelbridge.contract.settings import read_settings
from panelbridge.transport import PanelReply
from panelbridge_xui import PanelRefused, XuiSettings, mapping
from panelbridge_xui.client import XuiClient
from panelbridge_xui.kinds import Key, Kind
from panelbridge_xui.reseller import ResellerDialect
from panelbridge_xui.rows import line_row, package_row
from panelbridge_xui.search import SeenIds, short_rows

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SETTINGS = {"base_url": "http://127.0.0.1:9/", "access_code": "secretcode", "api_key": "k" * 32}
LINE: dict[str, Any] = {
    "id": "41",
    "username": "svc1001ab",
    "password": "longenough1",
    "exp_date": str(int(NOW.timestamp()) + 86400 * 40),
    "enabled": "1",
    "admin_enabled": "1",
    "package_id": "1",
    "member_id": "7",
    "bouquet": "[1,2]",
    "allowed_outputs": "[1,2]",
    "max_connections": "1",
    "reseller_notes": "bridge:501:1",
    "admin_notes": None,
    "contact": None,
    "allowed_ips": "[]",
    "allowed_ua": "[]",
    "is_trial": 0,
    "created_at": str(int(NOW.timestamp())),
}
PACKAGE: dict[str, Any] = {
    "id": "1",
    "package_name": "1 month",
    "is_line": "1",
    "is_trial": 0,
    "is_official": "1",
    "official_credits": 1,
    "trial_credits": 0,
    "official_duration": "1",
    "official_duration_in": "months",
    "trial_duration": 0,
    "trial_duration_in": "hours",
    "bouquets": "[1,2]",
    "output_formats": "[1,2]",
    "max_connections": "1",
    "check_compatible": "1",
}


class ScriptedSession:
    """Plays replies in order; an exception among them is raised."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.sent: list[list[tuple[str, str]]] = []

    def request(self, _method: str, _path: str, *, repeatable: bool, form: Sequence[tuple[str, str]]) -> Any:
        del repeatable
        self.sent.append(list(form))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, PanelReply):
            return reply
        return PanelReply(status=200, headers={}, body=json.dumps(reply).encode())


def client(*replies: Any) -> XuiClient:
    session: Any = ScriptedSession(*replies)
    return XuiClient(session, access_code=Secret("secretcode"), api_path="", api_key=Secret("k" * 32))


def reseller(*replies: Any) -> ResellerDialect:
    return ResellerDialect(client(*replies), read_settings(XuiSettings, SETTINGS), lambda: NOW)


def success(data: Any = None, **more: Any) -> dict[str, Any]:
    return {"status": "STATUS_SUCCESS", "data": data, **more}


FAILURE = {"status": "STATUS_FAILURE"}


class TestReplies:
    @pytest.mark.parametrize("reply", [[PACKAGE], success([PACKAGE])])
    def test_packages_come_bare_or_in_an_envelope(self, reply: Any) -> None:
        assert [row.id for row in client(reply).get_packages()] == [1]

    @pytest.mark.parametrize("name", ["id", "line_id", "user_id"])
    def test_a_create_may_answer_the_id_alone(self, name: str) -> None:
        written = client(success({name: "41"})).create_line([])
        assert (written.key, written.line) == (Key(Kind.LINE, 41), None)

    def test_a_half_readable_answer_to_a_write_still_gives_the_id(self) -> None:
        written = client(success({**LINE, "enabled": "perhaps"})).create_line([])
        assert (written.key, written.line) == (Key(Kind.LINE, 41), None)

    def test_every_number_may_be_a_string_or_an_int(self) -> None:
        as_text = {name: str(value) if isinstance(value, int) else value for name, value in LINE.items()}
        as_int = {
            name: int(value) if isinstance(value, str) and value.isdigit() else value
            for name, value in LINE.items()
        }
        assert line_row(as_text) == line_row(as_int) == line_row(LINE)

    @pytest.mark.parametrize("name", sorted(set(LINE) - {"is_trial"}))
    def test_a_missing_field_is_loud_and_named(self, name: str) -> None:
        with pytest.raises(ContractBroken) as caught:
            line_row({key: value for key, value in LINE.items() if key != name})
        assert caught.value.field == name

    @pytest.mark.parametrize(
        ("name", "value"),
        [("id", None), ("enabled", None), ("enabled", "2"), ("exp_date", "soon"), ("exp_date", 10**17),
         ("bouquet", "1,2"), ("bouquet", {"1": 2}), ("password", ["x"]), ("username", "")],
    )  # fmt: skip
    def test_a_value_of_the_wrong_kind_is_loud_and_not_shown(self, name: str, value: Any) -> None:
        with pytest.raises(ContractBroken) as caught:
            line_row({**LINE, name: value})
        assert caught.value.field == name
        assert caught.value.outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize(
        ("reply", "error"),
        [
            (None, PermissionMissing),
            ({"status": "STATUS_FAILURE", "error": "Invalid API key."}, AuthenticationFailed),
            ({"status": "STATUS_FAILURE", "error": "Invalid action."}, Unsupported),
            ({"status": "STATUS_NEWS"}, ContractBroken),
            ({"data": []}, ContractBroken),
            ("fine", ContractBroken),
            (PanelReply(status=404, headers={}, body=b"<html>"), AuthenticationFailed),
            (PanelReply(status=403, headers={}, body=b""), AuthenticationFailed),
            (PanelReply(status=418, headers={}, body=b"{}"), ContractBroken),
        ],
    )
    def test_what_else_can_come_instead_of_a_list(self, reply: Any, error: type[PanelError]) -> None:
        with pytest.raises(error):
            client(reply).rows()

    @pytest.mark.parametrize("reply", [None, [], [LINE], "fine"])
    def test_a_write_needs_an_envelope(self, reply: Any) -> None:
        with pytest.raises(ContractBroken) as caught:
            client(reply).edit(Key(Kind.LINE, 41), [])
        assert caught.value.outcome is Outcome.UNKNOWN

    def test_a_balance_keeps_its_decimals(self) -> None:
        body = b'{"status":"STATUS_SUCCESS","data":{"id":"7","username":"us","credits":12.3450}}'
        assert client(PanelReply(status=200, headers={}, body=body)).user_info().credits == Decimal("12.3450")


class TestPurchaseAnswers:
    def extended(self, *replies: Any) -> Any:
        line = line_row(LINE)
        ref = AccountRef(id=AccountId("41"), username="svc1001ab")
        purchase = Purchase(package="1", term=Term(months=1), before=line.expires_at)
        dialect = reseller(success([PACKAGE]), success(LINE), *replies)
        return dialect.extend(ref, NOW + timedelta(days=70), purchase)

    def test_the_loser_of_two_simultaneous_purchases_may_try_again(self) -> None:
        """Later releases answer a bare failure, uncharged."""
        with pytest.raises(PanelRefused) as caught:
            self.extended(FAILURE, success(LINE))
        assert caught.value.outcome is Outcome.RETRY_LATER

    def test_a_failure_that_moved_the_expiry_is_unknown(self) -> None:
        moved = {**LINE, "exp_date": str(int(LINE["exp_date"]) + 86400 * 30)}
        with pytest.raises(OutcomeUnknown):
            self.extended(FAILURE, success(moved))

    def test_a_success_that_moved_nothing_is_unknown(self) -> None:
        with pytest.raises(OutcomeUnknown):
            self.extended(success(LINE))

    @pytest.mark.parametrize(
        "broken",
        [PanelUnreachable("gone"), {"status": "STATUS_FAILURE", "error": "Invalid API key."}, FAILURE],
    )
    def test_a_bought_term_is_never_told_as_not_bought(self, broken: Any) -> None:
        """The purchase was accepted with an id alone; whatever befalls the read after it, it is unknown."""
        with pytest.raises(PanelError) as caught:
            self.extended(success({"id": "41"}), broken)
        assert caught.value.outcome is Outcome.UNKNOWN

    def test_an_expiry_far_from_the_one_asked_for_is_told(self) -> None:
        restarted = {**LINE, "exp_date": str(int(LINE["exp_date"]) - 86400)}
        assert self.extended(success(restarted)).differs == ("until",)


class TestReadingBack:
    """What a panel accepts and then does not show is never told as done."""

    REF = AccountRef(id=AccountId("41"), username="svc1001ab")
    OFF: ClassVar = {**LINE, "enabled": 0}

    def test_a_switch_that_did_not_move(self) -> None:
        with pytest.raises(OutcomeUnknown):
            reseller(success(LINE), success(), success(LINE)).suspend(self.REF)
        with pytest.raises(OutcomeUnknown):
            reseller(success(self.OFF), success(), success(self.OFF)).unsuspend(self.REF)

    def test_a_delete_that_left_the_line(self) -> None:
        with pytest.raises(OutcomeUnknown):
            reseller(success(LINE), success(), success(LINE)).terminate(self.REF)
        with pytest.raises(PanelRefused) as caught:
            reseller(success(LINE), FAILURE, success(LINE)).terminate(self.REF)
        assert caught.value.outcome is Outcome.REFUSED

    def test_a_delete_by_two_at_once_is_done(self) -> None:
        user = success({"id": "7", "username": "us", "credits": 0}, permissions={})
        result = reseller(success(LINE), FAILURE, FAILURE, user).terminate(self.REF)
        assert (result.outcome, result.account) == (Outcome.DONE, None)

    def test_a_bare_refusal_of_a_key_that_is_refused_elsewhere_proves_nothing(self) -> None:
        refused = {"status": "STATUS_FAILURE", "error": "Invalid API key."}
        assert isinstance(reseller(FAILURE, refused).get(self.REF), Unknown)
        with pytest.raises(AuthenticationFailed):
            reseller(FAILURE, refused).terminate(self.REF)


class TestPages:
    def page(self, *ids: int, total: int = 3) -> dict[str, Any]:
        rows = [{"id": str(number), "username": f"line{number}"} for number in ids]
        return success(rows, recordsTotal=str(total), recordsFiltered=total)

    def test_pages_overlap_by_one_row(self) -> None:
        rows = short_rows(client(self.page(1, 2), self.page(2, 3)))
        assert [row.id for row in rows] == [1, 2, 3]

    def test_a_deletion_between_pages_is_noticed(self) -> None:
        with pytest.raises(OutcomeUnknown):
            short_rows(client(self.page(1, 2), self.page(3, 4)))
        with pytest.raises(OutcomeUnknown):
            short_rows(client(self.page(1, 2), self.page(2, total=2)))

    def test_fewer_rows_than_told_are_an_error(self) -> None:
        with pytest.raises(ContractBroken):
            short_rows(client(self.page()))
        with pytest.raises(ContractBroken):
            short_rows(client(self.page(1, 2), self.page(2)))


class TestCandidates:
    def test_upwards_from_where_the_create_was_sent(self) -> None:
        seen = SeenIds(10)
        seen.sending("lost")
        seen.note(50)
        seen.sending("lost")
        assert list(seen.candidates("lost", 3)) == [11, 12, 13]

    def test_both_ways_when_another_process_sent_it(self) -> None:
        assert list(SeenIds(10).candidates("lost", 4)) == [11, 12, 10, 9]
        assert list(SeenIds(1).candidates("lost", 6)) == [2, 3, 4, 1]

    def test_nowhere_when_nothing_is_known(self) -> None:
        assert list(SeenIds(None).candidates("lost", 6)) == []


class TestMapping:
    @pytest.mark.parametrize(
        ("changes", "state"),
        [
            ({}, AccountState.ACTIVE),
            ({"exp_date": None}, AccountState.ACTIVE),
            ({"exp_date": 0}, AccountState.EXPIRED),
            ({"exp_date": 0, "enabled": 0}, AccountState.SUSPENDED),
            ({"enabled": 0, "admin_enabled": 0}, AccountState.BANNED),
        ],
    )
    def test_banned_beats_suspended_beats_expired(self, changes: Any, state: AccountState) -> None:
        assert mapping.account_from(line_row({**LINE, **changes}), NOW).state is state

    @pytest.mark.parametrize(
        ("count", "unit", "term"),
        [
            (3, "months", Term(months=3)),
            (1, "years", Term(months=12)),
            (2, "weeks", Term(days=14)),
            (48, "hours", Term(days=2)),
            (6, "hours", None),
            (0, "months", None),
            (1, "fortnight", None),
        ],
    )
    def test_lengths(self, count: int, unit: str, term: Term | None) -> None:
        assert mapping.term(count, unit) == term

    @pytest.mark.parametrize(
        "name", ["bouquets", "output_formats", "max_connections", "is_restreamer", "is_isplock",
                 "force_server_id", "forced_country", "lock_device"],
    )  # fmt: skip
    def test_what_makes_packages_incompatible(self, name: str) -> None:
        value = {"bouquets": "[1]", "output_formats": "[1]", "forced_country": "DE"}.get(name, "7")
        value = "1" if name.startswith(("is_", "lock_")) else value
        present, wanted = package_row(PACKAGE), package_row({**PACKAGE, name: value})
        assert mapping.restarts_term(present, wanted)
        assert mapping.restarts_term(None, wanted)
        assert not mapping.restarts_term(present, replace(wanted, check_compatible=False))
        assert not mapping.restarts_term(present, package_row({**PACKAGE, "bouquets": "[2,1]"}))

    def test_a_month_may_end_differently_but_not_a_day(self) -> None:
        since = datetime(2027, 1, 31, tzinfo=UTC)
        assert mapping.expiry_fits(datetime(2027, 2, 28, tzinfo=UTC), datetime(2027, 3, 3, tzinfo=UTC), since)
        assert not mapping.expiry_fits(since + timedelta(days=1), since + timedelta(days=2), since)
        assert not mapping.expiry_fits(since, None, since)

    def test_an_edit_never_sends_trial_nor_a_flag_that_is_off(self) -> None:
        on = line_row({**LINE, "is_trial": "1", "is_isplock": "1", "bypass_ua": 0})
        assert dict(mapping.reseller_echo(on, ["1"])).keys() & {"trial", "is_trial", "bypass_ua"} == set()
        assert dict(mapping.reseller_echo(on, ["1"]))["is_isplock"] == "1"
        assert "is_trial" not in dict(mapping.admin_echo(line_row(LINE), {}))


class TestSettings:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"admin_api_key": "x"},
            {"admin_access_code": "x"},
            {"api_path": "../etc"},
            {"dialect": "other"},
            {"probe_limit": -1},
            {"api_key": ""},
            {"surprise": "1"},
        ],
    )
    def test_what_does_not_fit_is_named_without_its_value(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(SettingsInvalid) as caught:
            read_settings(XuiSettings, {**SETTINGS, **wrong})
        assert "k" * 32 not in str(caught.value)

    def test_a_re_branding_has_a_path_behind_the_code(self) -> None:
        session: Any = ScriptedSession(success([]))
        asked: list[str] = []
        played = session.request

        def listening(method: str, path: str, **more: Any) -> Any:
            asked.append(path)
            return played(method, path, **more)

        session.request = listening
        made = XuiClient(
            session, access_code=Secret("a/b"), api_path="reseller/index.php", api_key=Secret("k")
        )
        assert list(made.packages()) == []
        assert asked == ["a%2Fb/reseller/index.php"]

    def test_a_conflict_is_what_a_taken_name_is_to_a_caller(self) -> None:
        with pytest.raises(Conflict):
            client({"status": "STATUS_EXISTS_USERNAME", "data": {"password": "x"}}).edit(
                Key(Kind.LINE, 41), []
            )
