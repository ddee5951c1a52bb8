"""What a verb means, for any file: the exact requests, and what counts as done, refused, unknown."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panelbridge import (
    Absent,
    AccountState,
    AuthenticationFailed,
    Conflict,
    ContractBroken,
    Credentials,
    Extend,
    Found,
    InsufficientPanelCredit,
    InvalidOrder,
    NotFound,
    Outcome,
    OutcomeUnknown,
    PanelBusy,
    PanelError,
    PanelUnreachable,
    PermissionMissing,
    RateLimited,
    Secret,
    SettingsInvalid,
    Unknown,
    Unsupported,
    Verb,
)
from panelbridge.contract.models import AccountId, PackageChange
from panelbridge.transport import PanelReply
from tests.adapters.declarative.conftest import ACCOUNT, ACME, GONE, ORDER, REF, UNTIL, Panel, answer, rows

OK = answer({})
ON = answer(ACCOUNT)
OFF = answer({**ACCOUNT, "on": False})
LOST = OutcomeUnknown("the panel at panel.test did not answer in time")


class TestCreate:
    def test_it_looks_sends_once_and_reads_back(self, panel: Panel) -> None:
        adapter, session = panel(ACME, rows(), answer({}, 201), rows(ACCOUNT))
        result = adapter.create(ORDER)
        assert (result.outcome, result.differs) == (Outcome.DONE, ())
        assert result.account is not None
        assert (result.account.id, result.account.expires_at) == ("7", UNTIL)
        assert session.lines == ["GET /users", "POST /users", "GET /users"]
        assert session.writes[0]["json"] == {
            "login": "svc00001",
            "password": "Passw0rd1",
            "note": "bridge:1:1",
            "until": 1924992000,
            "plan": "gold",
        }  # seats are null, so the key is not there
        assert session.writes[0]["headers"]["X-Key"] == "s3cret-k3y"
        assert [one["repeatable"] for one in session.sent] == [True, False, True]

    def test_what_the_panel_set_otherwise_is_named(self, panel: Panel) -> None:
        other = {**ACCOUNT, "password": "theirs", "note": "cut", "until": 1924992000 + 60}
        adapter, _ = panel(ACME, rows(), answer({}, 201), rows(other))
        assert adapter.create(ORDER).differs == ("password", "reference", "expires_at")

    def test_a_taken_name_is_ours_only_when_everything_readable_is(self, panel: Panel) -> None:
        adapter, session = panel(ACME, rows(ACCOUNT))
        assert adapter.create(ORDER).outcome is Outcome.ALREADY
        assert session.writes == []
        for foreign in ({"note": "bridge:2:1"}, {"password": "other"}, {"note": "x", "password": "y"}):
            adapter, session = panel(ACME, rows({**ACCOUNT, **foreign}))
            with pytest.raises(Conflict):
                adapter.create(ORDER)
            assert session.writes == []

    def test_exists_is_no_success_by_itself(self, panel: Panel) -> None:
        taken = answer({}, 409)
        adapter, _ = panel(ACME, rows(), taken, rows(ACCOUNT))
        assert adapter.create(ORDER).outcome is Outcome.ALREADY
        adapter, _ = panel(ACME, rows(), taken, rows({**ACCOUNT, "note": "bridge:2:1"}))
        with pytest.raises(Conflict) as conflict:
            adapter.create(ORDER)
        assert conflict.value.outcome is Outcome.REFUSED
        adapter, _ = panel(ACME, rows(), taken, rows())
        with pytest.raises(ContractBroken) as caught:
            adapter.create(ORDER)
        assert caught.value.outcome is Outcome.UNKNOWN

    def test_a_name_whose_owner_nobody_can_read_is_unknown(self, panel: Panel) -> None:
        blind = ACME.replace('password = "row.password", reference = "row.note", ', "").replace(
            'password = "body.password", reference = "body.note", ', ""
        )
        adapter, _ = panel(
            blind.replace('reference_field = "note"', ""), rows(), answer({}, 409), rows(ACCOUNT)
        )
        assert Verb.CREATE not in adapter.capabilities.safe_repeats
        with pytest.raises(OutcomeUnknown):
            adapter.create(ORDER)

    @pytest.mark.parametrize(
        "lost", [LOST, answer({}, 500), answer(b"<html>", 200, "text/html"), answer(b"", 200)]
    )
    def test_a_lost_create_is_looked_up_and_never_sent_again(self, panel: Panel, lost: Any) -> None:
        adapter, session = panel(ACME, rows(), lost, rows(ACCOUNT))
        assert adapter.create(ORDER).outcome is Outcome.DONE
        assert len(session.writes) == 1
        adapter, session = panel(ACME, rows(), lost, rows())
        with pytest.raises(PanelError) as caught:
            adapter.create(ORDER)
        assert caught.value.outcome is Outcome.UNKNOWN  # it may still land
        assert len(session.writes) == 1

    def test_an_account_without_our_marks_after_a_lost_create_may_be_ours_half_made(
        self, panel: Panel
    ) -> None:
        adapter, session = panel(ACME, rows(), answer({}, 500), rows({**ACCOUNT, "note": ""}))
        with pytest.raises(OutcomeUnknown):
            adapter.create(ORDER)
        assert len(session.writes) == 1

    @pytest.mark.parametrize(
        ("reply", "error", "outcome"),
        [
            (answer({"error": "full"}, 400), InvalidOrder, Outcome.REFUSED),
            (answer({}, 401), AuthenticationFailed, Outcome.REFUSED),
            (answer({}, 403), PermissionMissing, Outcome.REFUSED),
            (answer({}, 402), InsufficientPanelCredit, Outcome.RETRY_LATER),
            (answer({}, 429, **{"Retry-After": "7"}), RateLimited, Outcome.RETRY_LATER),
            (answer({}, 503), PanelBusy, Outcome.RETRY_LATER),
            (PanelUnreachable("gone"), PanelUnreachable, Outcome.RETRY_LATER),
        ],
    )
    def test_what_a_rule_says_did_not_happen(
        self, panel: Panel, reply: Any, error: type[PanelError], outcome: Outcome
    ) -> None:
        adapter, session = panel(ACME, rows(), reply)
        with pytest.raises(error) as caught:
            adapter.create(ORDER)
        assert caught.value.outcome is outcome
        assert len(session.sent) == 2
        if error is InvalidOrder:
            assert (caught.value.field, "full" in caught.value.message) == ("package", True)

    def test_a_read_that_fails_before_it_has_sent_nothing(self, panel: Panel) -> None:
        adapter, session = panel(ACME, answer({}, 500))
        with pytest.raises(OutcomeUnknown) as caught:
            adapter.create(ORDER)
        assert (caught.value.outcome, session.writes) == (Outcome.RETRY_LATER, [])

    def test_a_read_that_fails_after_it_makes_it_unknown(self, panel: Panel) -> None:
        adapter, _ = panel(ACME, rows(), answer({}, 201), answer({}, 401))
        with pytest.raises(OutcomeUnknown) as caught:
            adapter.create(ORDER)
        assert caught.value.outcome is Outcome.UNKNOWN

    def test_without_a_look_the_panel_refuses_the_name(self, panel: Panel) -> None:
        adapter, session = panel(
            ACME.replace("[op.create]", "[op.create]\nlook_first = false"), answer({}, 201), rows(ACCOUNT)
        )
        assert adapter.create(ORDER).outcome is Outcome.DONE
        assert session.lines == ["POST /users", "GET /users"]

    def test_a_panel_that_cannot_be_read_is_believed_only_in_a_plain_success(self, panel: Panel) -> None:
        text = _without_reads(ACME)
        adapter, session = panel(text, answer({"id": 9}, 201))
        result = adapter.create(ORDER)
        assert result.account is not None
        assert (result.account.id, session.lines) == ("9", ["POST /users"])
        for doubt in (answer({}, 409), answer({}, 500), LOST, answer({}, 201)):
            adapter, _ = panel(text, doubt)
            with pytest.raises(PanelError) as caught:
                adapter.create(ORDER)
            assert caught.value.outcome is Outcome.UNKNOWN

    def test_options_nobody_reads_are_refused_and_needed_facts_named(self, panel: Panel) -> None:
        text = ACME.replace(
            'plan = "{{package.id}}"', 'plan = "{{package.id}}", mail = "{{options.email}}"'
        ).replace('reference_field = "note"', 'reference_field = "note"\nneeds = ["email"]')
        adapter, session = panel(text, rows(), answer({}, 201), rows(ACCOUNT))
        for options, field in (({}, "email"), ({"email": "a@b.example", "emial": "x"}, "options.emial")):
            with pytest.raises(InvalidOrder) as caught:
                adapter.create(replace(ORDER, options=options))
            assert field in (caught.value.field or "")
        assert session.sent == []
        adapter.create(replace(ORDER, options={"email": "a@b.example"}))
        assert session.writes[0]["json"]["mail"] == "a@b.example"


def _without_reads(text: str) -> str:
    lines = [line for line in text.splitlines() if "reference_field" not in line]
    start, end = lines.index("[op.find]"), lines.index("[op.create]")
    kept = [*lines[:start], *lines[end:]]
    kept.insert(kept.index("[op.create]") + 1, 'result = { id = "body.id" }')
    extend = kept.index("[op.extend]")
    del kept[extend : extend + 2]
    return "\n".join(kept)


class TestChanges:
    def test_what_is_so_already_is_not_sent(self, panel: Panel) -> None:
        adapter, session = panel(ACME, OFF)
        assert adapter.suspend(REF, "overdue").outcome is Outcome.ALREADY
        adapter, session = panel(ACME, ON)
        assert adapter.unsuspend(REF).outcome is Outcome.ALREADY
        assert adapter.extend(REF, UNTIL).outcome is Outcome.ALREADY
        assert adapter.reset_credentials(REF, ORDER.credentials).outcome is Outcome.ALREADY
        assert session.writes == []

    def test_it_writes_once_and_believes_only_the_read_after_it(self, panel: Panel) -> None:
        adapter, session = panel(ACME, ON, OK, OFF)
        result = adapter.suspend(REF, "overdue")
        assert result.account is not None
        assert (result.outcome, result.account.state) == (Outcome.DONE, AccountState.SUSPENDED)
        assert session.writes[0]["json"] == {"on": False, "why": "overdue"}
        adapter, _ = panel(ACME, ON, OK, ON)
        with pytest.raises(ContractBroken, match="did not do it") as caught:
            adapter.suspend(REF, "overdue")
        assert caught.value.outcome is Outcome.UNKNOWN

    def test_an_unknown_that_is_reached_is_done(self, panel: Panel) -> None:
        adapter, _ = panel(ACME, ON, answer({}, 500), OFF)
        assert adapter.suspend(REF, "overdue").outcome is Outcome.DONE
        adapter, session = panel(ACME, ON, LOST, ON)
        with pytest.raises(OutcomeUnknown):
            adapter.suspend(REF, "overdue")
        assert len(session.writes) == 1

    def test_within_one_call_nothing_is_sent_twice_even_with_resend(self, panel: Panel) -> None:
        text = ACME.replace("[op.suspend]", '[op.suspend]\nretry = { after_unknown = "resend" }')
        adapter, session = panel(text, ON, LOST, ON)
        with pytest.raises(OutcomeUnknown):
            adapter.suspend(REF, "overdue")
        assert len(session.writes) == 1
        assert Verb.SUSPEND in adapter.capabilities.safe_repeats

    def test_stop_leaves_the_journal_no_repeat(self, panel: Panel) -> None:
        text = ACME.replace("[op.suspend]", '[op.suspend]\nretry = { after_unknown = "stop" }')
        adapter, session = panel(text, ON, LOST)
        with pytest.raises(OutcomeUnknown):
            adapter.suspend(REF, "overdue")
        assert Verb.SUSPEND not in adapter.capabilities.safe_repeats
        assert len(session.sent) == 2

    def test_an_account_of_another_name_or_reference_is_spared(self, panel: Panel) -> None:
        for ref in (
            replace(REF, username="somebodyelse"),
            replace(REF, reference="bridge:2:1"),
            replace(REF, id=AccountId("8")),
        ):
            adapter, session = panel(ACME, ON)
            for call in (lambda: adapter.suspend(ref, "x"), lambda: adapter.terminate(ref)):  # noqa: B023
                with pytest.raises(Conflict):
                    call()
            assert session.writes == []

    def test_absent_is_told_by_the_panels_word_only(self, panel: Panel) -> None:
        adapter, _ = panel(ACME, GONE)
        with pytest.raises(NotFound):
            adapter.suspend(REF, "overdue")
        adapter, _ = panel(ACME, answer({"error": "no_route"}, 404))
        with pytest.raises(OutcomeUnknown):
            adapter.suspend(REF, "overdue")

    def test_a_state_the_panel_does_not_show_is_what_it_said_it_did(self, panel: Panel) -> None:
        text = ACME.replace(
            ', state = { at = "body.on", map = { true = "active", false = "suspended" } }', ""
        )
        adapter, _ = panel(text, ON, OK, ON)
        result = adapter.suspend(REF, "overdue")
        assert result.account is not None
        assert (result.outcome, result.account.state) == (Outcome.DONE, AccountState.SUSPENDED)
        assert Verb.SUSPEND not in adapter.capabilities.safe_repeats

    def test_already_is_done_without_being_declared(self, panel: Panel) -> None:
        """HestiaCP answers 401 and a code to a second suspend; its rule comes first."""
        text = ACME.replace(
            "[op.suspend]",
            '[op.suspend]\noutcomes = [{ status = 401, match = "body.code == `5`", is = "already" }]',
        )
        adapter, _ = panel(text, ON, answer({"code": 5}, 401), OFF)
        assert adapter.suspend(REF, "overdue").outcome is Outcome.DONE
        adapter, _ = panel(text, ON, answer({}, 401))
        with pytest.raises(AuthenticationFailed):
            adapter.suspend(REF, "overdue")

    def test_also_ok(self, panel: Panel) -> None:
        text = ACME.replace("[op.suspend]", '[op.suspend]\nalso_ok = ["exists"]')
        adapter, _ = panel(text, ON, answer({}, 409), OFF)
        assert adapter.suspend(REF, "overdue").outcome is Outcome.DONE

    def test_an_expiry_that_moved_elsewhere_is_told(self, panel: Panel) -> None:
        adapter, _ = panel(ACME, ON, OK, answer({**ACCOUNT, "until": 1}))
        with pytest.raises(ContractBroken):
            adapter.extend(REF, UNTIL + timedelta(days=31))

    def test_a_rename_and_an_unfit_password_are_refused_unsent(self, panel: Panel) -> None:
        adapter, session = panel(ACME, ON)
        for credentials, field in (
            (Credentials(username="other2345", password=Secret("Passw0rd2")), "username"),
            (Credentials(username="svc00001", password=Secret("short")), "password"),
        ):
            with pytest.raises(InvalidOrder) as caught:
                adapter.reset_credentials(REF, credentials)
            assert caught.value.field == field
        assert session.sent == []

    def test_a_missing_operation_is_a_missing_verb(self, panel: Panel) -> None:
        adapter, session = panel(_without_reads(ACME), OK)
        assert adapter.capabilities.extend is Extend.NONE
        assert adapter.capabilities.verbs >= {Verb.CREATE, Verb.SUSPEND}
        with pytest.raises(Unsupported):
            adapter.extend(REF, UNTIL)
        with pytest.raises(Unsupported):
            adapter.change_package(REF, PackageChange(package="gold"))
        with pytest.raises(Unsupported):
            adapter.list_accounts()
        assert session.sent == []


class TestTerminate:
    def test_done_is_absent_and_a_panel_that_still_answers(self, panel: Panel) -> None:
        adapter, session = panel(ACME, ON, OK, GONE, OK)
        assert adapter.terminate(REF).outcome is Outcome.DONE
        assert session.lines == ["GET /users/7", "DELETE /users/7", "GET /users/7", "GET /me"]

    def test_a_500_that_did_it(self, panel: Panel) -> None:
        adapter, _ = panel(ACME, ON, answer(b"Internal", 500, "text/plain"), GONE, OK)
        assert adapter.terminate(REF).outcome is Outcome.DONE

    def test_a_panel_that_knows_nobody_at_all_proves_nothing(self, panel: Panel) -> None:
        """Outline and 3x-ui answer 404 to everything when the path or the token is wrong."""
        adapter, session = panel(ACME, GONE, answer({}, 401))
        with pytest.raises(OutcomeUnknown) as caught:
            adapter.terminate(REF)
        assert caught.value.outcome is Outcome.UNKNOWN
        assert session.writes == []

    def test_gone_before_is_already(self, panel: Panel) -> None:
        adapter, session = panel(ACME, GONE, OK)
        assert adapter.terminate(REF).outcome is Outcome.ALREADY
        assert session.writes == []

    def test_an_accepted_delete_that_deleted_nothing(self, panel: Panel) -> None:
        adapter, _ = panel(ACME, ON, OK, ON)
        with pytest.raises(ContractBroken):
            adapter.terminate(REF)

    def test_a_panel_without_delete_says_what_was_done(self, panel: Panel) -> None:
        text = ACME.replace(
            "[op.terminate]\nrequest = { DELETE",
            "[op.terminate]\nverify = \"result.state == 'suspended'\"\n"
            'note = "switched off for good"\nrequest = { POST',
        )
        adapter, session = panel(text, ON, OK, OFF)
        result = adapter.terminate(REF)
        assert (result.outcome, result.note) == (Outcome.DONE, "switched off for good")
        adapter, session = panel(text, OFF)
        assert (adapter.terminate(REF).outcome, session.writes) == (Outcome.ALREADY, [])
        adapter, session = panel(text, GONE, OK)
        assert adapter.terminate(REF).outcome is Outcome.ALREADY

    def test_without_a_read_the_panels_word_counts(self, panel: Panel) -> None:
        text = _without_reads(ACME)
        adapter, _ = panel(text, OK)
        assert adapter.terminate(REF).outcome is Outcome.DONE
        adapter, session = panel(text, GONE, OK)
        assert adapter.terminate(REF).outcome is Outcome.ALREADY
        assert session.lines == ["DELETE /users/7", "GET /me"]


class TestLookups:
    def test_found_absent_unknown(self, panel: Panel) -> None:
        for reply, kind in (
            (ON, Found),
            (GONE, Absent),
            (answer({}, 500), Unknown),
            (answer({}, 404), Unknown),
        ):
            assert isinstance(panel(ACME, reply)[0].get(REF), kind)

    def test_a_search_finds_the_one_that_is_meant(self, panel: Panel) -> None:
        near = {**ACCOUNT, "login": "svc000011", "id": 8}
        for found, kind in (
            (rows(near, ACCOUNT), Found),
            (rows(near), Absent),
            (rows(), Absent),
            (rows(ACCOUNT, ACCOUNT), Unknown),
            (rows({**near, "login": ["svc00001"]}), Unknown),
            (rows({"user": "svc00001"}), Unknown),
            (answer({"rows": None}), Unknown),
            (answer({}), Unknown),
            (answer([]), Unknown),
        ):
            assert isinstance(panel(ACME, found)[0].find(username="svc00001"), kind), found

    def test_a_condition_may_tell_found_from_absent(self, panel: Panel) -> None:
        text = ACME.replace("[op.get]", '[op.get]\nfound = { when = "body.gone == `false`" }')
        assert isinstance(panel(text, answer({**ACCOUNT, "gone": False}))[0].get(REF), Found)
        assert isinstance(panel(text, answer({**ACCOUNT, "gone": True}))[0].get(REF), Absent)
        doubtful = text.replace("body.gone == `false`", "body.gone")
        assert isinstance(panel(doubtful, answer(ACCOUNT))[0].get(REF), Unknown)

    def test_by_reference_only_where_the_file_can(self, panel: Panel) -> None:
        assert isinstance(panel(ACME, ON)[0].find(reference="bridge:1:1"), Unknown)
        search = ACME[ACME.index("[op.find]") : ACME.index("[op.get]")].replace(
            "[op.find]", "[op.find_reference]"
        )
        text = ACME + search.replace("account.username}}", "account.reference}}").replace(
            "row.login == account.username", "row.note == account.reference"
        )
        adapter, session = panel(text, rows(ACCOUNT))
        assert isinstance(adapter.find(reference="bridge:1:1"), Found)
        assert session.sent[0]["query"] == [("q", "bridge:1:1")]

    @pytest.mark.parametrize("name", ["id", "login", "until", "on", "note", "password"])
    def test_a_missing_field_is_loud_and_named(self, panel: Panel, name: str) -> None:
        lacking = {key: value for key, value in ACCOUNT.items() if key != name}
        found = panel(ACME, answer(lacking))[0].get(REF)
        assert isinstance(found, Unknown)
        for wrong in ([ACCOUNT[name]], {"x": 1}, None):
            assert isinstance(panel(ACME, answer({**ACCOUNT, name: wrong}))[0].get(REF), Unknown)

    def test_a_hostile_id_is_refused_unsent(self, panel: Panel) -> None:
        for text in ("..", ".", "", "a\nb", "\ud800"):
            adapter, session = panel(ACME, ON)
            assert isinstance(adapter.get(replace(REF, id=AccountId(text))), Unknown)
            assert session.sent == []
        adapter, session = panel(ACME, ON)
        adapter.get(replace(REF, id=AccountId("../me?x=1#y")))
        assert session.lines == ["GET /users/..%2Fme%3Fx%3D1%23y"]


LIST = """
[op.list]
request = { GET = "/users", query = { from = "{{page.offset}}", after = "{{page.after}}" } }
rows = "body.rows"
page = { size = 2, PAGE }
like = "get"
[op.usage]
request = { GET = "/usage" }
rows = "body.rows"
result = { username = "row.login", traffic_bytes = { at = "row.mib", unit = "mib" } }
[op.packages]
request = { GET = "/plans" }
rows = "body"
result = { id = "row.id", price = "row.price", seats = "row.seats" }
[op.balance]
request = { GET = "/me" }
result = { amount = "body.credit", unit = { at = "body.unit", missing = "EUR" } }
[op.sign_on]
request = { POST = "/users/{{account.id|path}}/login" }
result = { url = "body.url" }
"""


class TestLists:
    def page(self, *names: str, **more: Any) -> PanelReply:
        return answer({"rows": [{**ACCOUNT, "login": name, "id": name} for name in names], **more})

    @pytest.mark.parametrize(
        ("paging", "replies", "whole"),
        [
            ('total = "body.n"', [{"names": "ab", "n": 3}, {"names": "c", "n": 3}], True),
            ('total = "body.n"', [{"names": "ab", "n": 3}, {"names": "", "n": 3}], False),
            ('total = "body.n"', [{"names": "ab", "n": "3"}], False),
            ('next = "body.next"', [{"names": "ab", "next": "x"}, {"names": "c", "next": None}], True),
            ('next = "body.next"', [{"names": "ab", "next": "x"}, {"names": "cd", "next": "x"}], False),
            ('next = "body.next"', [{"names": "ab", "next": "x"}, {"names": "ab", "next": None}], False),
        ],
    )
    def test_pages_to_the_end_or_an_error(
        self, panel: Panel, paging: str, replies: list[dict[str, Any]], whole: bool
    ) -> None:
        pages = [
            self.page(*one["names"], **{k: v for k, v in one.items() if k != "names"}) for one in replies
        ]
        adapter, session = panel(ACME + LIST.replace("PAGE", paging), *pages)
        if whole:
            assert [account.username for account in adapter.list_accounts()] == ["a", "b", "c"]
            assert session.sent[1]["query"][0] == ("from", "2")
        else:
            with pytest.raises(PanelError):
                list(adapter.list_accounts())

    def test_a_short_page_ends_where_nothing_else_tells(self, panel: Panel) -> None:
        adapter, _ = panel(ACME + LIST.replace(", PAGE", ""), self.page("a", "b"), self.page("c"))
        assert len(list(adapter.list_accounts())) == 3

    def test_a_broken_row_breaks_the_list(self, panel: Panel) -> None:
        broken = answer({"rows": [ACCOUNT, {**ACCOUNT, "until": None}], "n": 2})
        adapter, _ = panel(ACME + LIST.replace("PAGE", 'total = "body.n"'), broken)
        with pytest.raises(ContractBroken):
            list(adapter.list_accounts())

    def test_usage_packages_balance_sign_on(self, panel: Panel) -> None:
        text = ACME + LIST.replace(", PAGE", "")
        adapter, _ = panel(text, answer({"rows": [{"login": "a", "mib": 1.5}]}))
        assert [one.traffic_bytes for one in adapter.usages()] == [1572864]
        adapter, _ = panel(text, answer([{"id": 3, "price": 1.25, "seats": 2}]))
        assert [(one.id, str(one.price)) for one in adapter.list_packages()] == [("3", "1.25")]
        adapter, _ = panel(text, answer({"credit": "12.340"}))
        balance = adapter.balance()
        assert balance is not None
        assert (str(balance.amount), balance.unit) == ("12.340", "EUR")
        adapter, _ = panel(text, answer({"url": "https://panel.test/once/x"}))
        assert adapter.sign_on(REF).url == Secret("https://panel.test/once/x")
        adapter, _ = panel(text, answer({"url": "javascript:alert(1)"}))
        with pytest.raises(ContractBroken):
            adapter.sign_on(REF)

    def test_a_package_that_is_not_listed_is_refused_before_the_create(self, panel: Panel) -> None:
        text = ACME.replace("{{package.id}}", "{{package.seats}}") + LIST.replace(", PAGE", "")
        plans = answer([{"id": "gold", "price": 1, "seats": 2}])
        adapter, session = panel(text, plans, rows(), answer({}, 201), rows(ACCOUNT))
        assert adapter.create(ORDER).outcome is Outcome.DONE
        assert session.writes[0]["json"]["plan"] == 2
        adapter, session = panel(text, plans)
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(replace(ORDER, package="silver"))
        assert (caught.value.field, session.lines) == ("package", ["GET /plans"])


STEPS = """
[[op.create.steps]]
name = "customer"
request = { POST = "/customers", json = { name = "{{account.username}}" } }
take = { id = "body.id" }
undo = { DELETE = "/customers/{{took.id|path}}" }
[[op.create.steps]]
when = "account.connections == 2"
request = { POST = "/seats", json = { of = "{{took.id}}" } }
undo = { DELETE = "/seats/{{took.id|path}}" }
[[op.create.steps]]
request = { POST = "/sites", json = { owner = "{{took.id}}" } }
"""


class TestSteps:
    @pytest.fixture
    def text(self) -> str:
        lines = [line for line in ACME.splitlines() if not line.startswith('request = { POST = "/users",')]
        lines[lines.index("[op.create]")] = STEPS
        return "\n".join(lines)

    def test_in_order_with_what_earlier_ones_took(self, panel: Panel, text: str) -> None:
        adapter, session = panel(text, rows(), answer({"id": 5}, 201), answer({}, 201), rows(ACCOUNT))
        assert adapter.create(ORDER).outcome is Outcome.DONE
        assert [(one["path"], one["json"]) for one in session.writes] == [
            ("/customers", {"name": "svc00001"}),
            ("/sites", {"owner": 5}),
        ]

    def test_a_step_that_is_refused_undoes_the_earlier_ones_last_first(self, panel: Panel, text: str) -> None:
        made = answer({"id": 5}, 201)
        adapter, session = panel(text, rows(), made, made, answer({"error": "bad"}, 400), OK, OK)
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(replace(ORDER, connections=2))
        assert caught.value.outcome is Outcome.REFUSED
        assert [f"{one['method']} {one['path']}" for one in session.writes][3:] == [
            "DELETE /seats/5",
            "DELETE /customers/5",
        ]

    @pytest.mark.parametrize("undone", [answer({}, 500), LOST, PanelUnreachable("gone"), answer({}, 403)])
    def test_what_cannot_be_undone_is_unknown(self, panel: Panel, text: str, undone: Any) -> None:
        adapter, _ = panel(text, rows(), answer({"id": 5}, 201), answer({}, 400), undone, rows())
        with pytest.raises(OutcomeUnknown, match="nobody knows"):
            adapter.create(ORDER)

    def test_a_step_that_never_left_is_undone_as_well(self, panel: Panel, text: str) -> None:
        adapter, session = panel(text, rows(), answer({"id": 5}, 201), PanelUnreachable("gone"), OK)
        with pytest.raises(PanelError) as caught:
            adapter.create(ORDER)
        assert caught.value.outcome is Outcome.RETRY_LATER
        assert session.lines[-1] == "DELETE /customers/5"

    @pytest.mark.parametrize("lost", [answer({}, 500), LOST])
    def test_a_lost_step_is_unknown_and_nothing_is_undone(self, panel: Panel, text: str, lost: Any) -> None:
        adapter, session = panel(text, rows(), answer({"id": 5}, 201), lost, rows())
        with pytest.raises(OutcomeUnknown):
            adapter.create(ORDER)
        assert all(one["method"] == "POST" for one in session.writes)

    def test_a_reply_without_what_it_takes_is_unknown(self, panel: Panel, text: str) -> None:
        adapter, session = panel(text, rows(), answer({}, 201), rows())
        with pytest.raises(OutcomeUnknown):
            adapter.create(ORDER)
        assert len(session.writes) == 1

    def test_the_first_step_alone_may_be_refused(self, panel: Panel, text: str) -> None:
        adapter, session = panel(text, rows(), answer({}, 403))
        with pytest.raises(PermissionMissing):
            adapter.create(ORDER)
        assert len(session.writes) == 1


class TestLookupAndPoll:
    def test_a_look_up_comes_before_the_request(self, panel: Panel) -> None:
        text = ACME.replace(
            '[op.suspend]\nrequest = { POST = "/users/{{account.id|path}}"',
            '[op.suspend]\nlookup = { pk = { op = "find", take = "id" } }\n'
            'request = { POST = "/users/{{lookup.pk|path}}"',
        )
        adapter, session = panel(text, ON, rows({**ACCOUNT, "id": 99}), OK, OFF)
        assert adapter.suspend(REF, "x").outcome is Outcome.DONE
        assert session.lines[2] == "POST /users/99"
        adapter, session = panel(text, ON, rows())
        with pytest.raises(NotFound):
            adapter.suspend(REF, "x")
        adapter, session = panel(text, ON, answer({}, 500))
        with pytest.raises(OutcomeUnknown):
            adapter.suspend(REF, "x")
        assert session.writes == []

    @pytest.fixture
    def polling(self) -> str:
        return ACME.replace(
            "[op.suspend]",
            '[op.suspend]\ntake = { task = "body.task" }\n'
            'poll = { request = { GET = "/tasks/{{took.task|path}}" }, until = "body.state == \'done\'",'
            " fail_when = \"body.state == 'failed'\", every = 0, at_most = 0.05 }",
        )

    def test_it_asks_until_the_panel_is_done(self, panel: Panel, polling: str) -> None:
        adapter, session = panel(
            polling,
            ON,
            answer({"task": "t1"}),
            answer({"state": "busy"}),
            answer({}, 500),
            answer({"state": "done"}),
            OFF,
        )
        assert adapter.suspend(REF, "x").outcome is Outcome.DONE
        assert session.lines[2:5] == ["GET /tasks/t1"] * 3

    @pytest.mark.parametrize("state", ["failed", "busy"])
    def test_a_task_that_fails_or_takes_too_long_is_looked_up(
        self, panel: Panel, polling: str, state: str
    ) -> None:
        told = answer({**ACCOUNT, "state": state})
        adapter, session = panel(polling, ON, answer({"task": "t1"}), told)
        with pytest.raises(OutcomeUnknown):
            adapter.suspend(REF, "x")
        assert len(session.writes) == 1

    @pytest.mark.parametrize(
        ("location", "asked"),
        [
            ("/tasks/9", "/tasks/9"),
            ("https://panel.test/tasks/9?x=1", "/tasks/9"),
            ("https://evil.test/tasks/9", None),
            ("http://panel.test/tasks/9", None),
            ("https://panel.test:8443/tasks/9", None),
            ("https://panel.test@evil.test/", None),
            ("//evil.test/x", None),
            ("/a/%2e%2e/b", None),
            ("/{{config.key}}", None),
            ("/tasks/9?x=%7B%7Bconfig.key%7D%7D", None),
            (7, None),
        ],
    )
    def test_a_location_is_followed_only_below_our_own_address(
        self, panel: Panel, location: Any, asked: str | None
    ) -> None:
        text = ACME.replace(
            "[op.suspend]",
            '[op.suspend]\npoll = { follow = "headers.location || body.at",'
            ' until = "body.on == `false`", every = 0, at_most = 0.01 }',
        )
        reply = answer({"at": location})
        adapter, session = panel(text, ON, reply, OFF)
        if asked is None:
            adapter.suspend(REF, "x")  # looked up instead: it reads as suspended
            assert session.lines == ["GET /users/7", "POST /users/7", "GET /users/7"]
        else:
            assert adapter.suspend(REF, "x").outcome is Outcome.DONE
            assert session.sent[2]["path"] == asked


LOGIN = ACME.replace(
    '[auth.send]\nheaders = { "X-Key" = "{{config.key}}" }',
    '[auth.login]\nrequest = { POST = "/login", form = { key = "{{config.key}}" } }\ntoken = "body.token"\n'
    '[auth.send]\nheaders = { Authorization = "Bearer {{token}}" }',
)


class TestAuth:
    def test_a_token_is_asked_for_once_and_kept(self, panel: Panel) -> None:
        adapter, session = panel(LOGIN, answer({"token": "t1"}), ON)
        for _ in range(3):
            adapter.get(REF)
        assert session.lines == ["POST /login", *["GET /users/7"] * 3]
        assert session.sent[0]["form"] == [("key", "s3cret-k3y")]
        assert session.sent[1]["headers"]["Authorization"] == "Bearer t1"

    def test_a_stale_token_is_one_silent_new_login_and_one_resend(self, panel: Panel) -> None:
        logins = [answer({"token": token}) for token in ("t1", "t2")]
        adapter, session = panel(LOGIN, logins[0], ON, answer({}, 401), logins[1], ON, OK, OFF)
        adapter.get(REF)
        assert adapter.suspend(REF, "x").outcome is Outcome.DONE
        assert session.sent[5]["headers"]["Authorization"] == "Bearer t2"
        adapter, session = panel(
            LOGIN, answer({"token": "t1"}), answer({}, 401), answer({"token": "t2"}), answer({}, 401)
        )
        with pytest.raises(AuthenticationFailed):
            adapter.test_connection()
        assert session.lines == ["POST /login", "GET /me", "POST /login", "GET /me"]

    def test_a_write_is_sent_again_only_for_a_token_nobody_accepted_just_now(self, panel: Panel) -> None:
        logins = [answer({"token": token}) for token in ("t1", "t2")]
        adapter, session = panel(_without_reads(LOGIN), logins[0], answer({}, 401), logins[1], OK)
        assert adapter.suspend(REF, "x").outcome is Outcome.DONE
        assert len(session.writes) == 4  # two logins among them
        adapter, session = panel(LOGIN, logins[0], ON, answer({}, 401), logins[1], OK)
        with pytest.raises(AuthenticationFailed):
            adapter.suspend(REF, "x")
        assert session.lines == ["POST /login", "GET /users/7", "POST /users/7"]

    @pytest.mark.parametrize(
        ("reply", "outcome"),
        [
            (answer({}, 401), Outcome.REFUSED),
            (answer({}, 500), Outcome.RETRY_LATER),
            (LOST, Outcome.RETRY_LATER),
            (answer({"token": None}), Outcome.RETRY_LATER),
            (answer({"token": ["x"]}), Outcome.RETRY_LATER),
            (answer(b"<html>", 200, "text/html"), Outcome.RETRY_LATER),
        ],
    )
    def test_a_login_that_fails_has_changed_nothing(self, panel: Panel, reply: Any, outcome: Outcome) -> None:
        adapter, session = panel(LOGIN, reply)
        with pytest.raises(PanelError) as caught:
            adapter.create(ORDER)
        assert caught.value.outcome is outcome
        assert len(session.sent) == 1

    def test_basic_and_form_fields(self, panel: Panel) -> None:
        text = ACME.replace(
            'headers = { "X-Key" = "{{config.key}}" }',
            'basic = { user = "admin", password = "{{config.key}}" }\n'
            'form = { hash = "{{config.key}}", json = "yes" }',
        ).replace(
            'request = { GET = "/me" }',
            'request = { POST = "/me", form = { cmd = "info", on = true,'
            ' off = "{{config.key if 1 > 2 else none}}", many = ["a", "b"] } }',
        )
        adapter, session = panel(text, OK)
        adapter.test_connection()
        assert session.sent[0]["headers"]["Authorization"] == "Basic YWRtaW46czNjcmV0LWszeQ=="
        assert session.sent[0]["form"] == [
            ("hash", "s3cret-k3y"), ("json", "yes"), ("cmd", "info"), ("on", "true"),
            ("many", "a"), ("many", "b"),
        ]  # fmt: skip

    def test_what_the_panel_repeats_of_a_secret_is_starred(self, panel: Panel) -> None:
        adapter, _ = panel(ACME, rows(), answer({"error": "bad key s3cret-k3y for Passw0rd1"}, 400))
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(ORDER)
        assert caught.value.message.endswith("bad key *** for ***")

    @pytest.mark.parametrize("key", ["two\r\nX-Evil: 1", " blank", "\u2028", "名"])
    def test_a_header_value_that_is_none_is_refused_unsent(self, panel: Panel, key: str) -> None:
        sessions = []

        def use() -> None:
            adapter, session = panel(ACME, OK, key=key)
            sessions.append(session)
            adapter.test_connection()

        with pytest.raises((SettingsInvalid, InvalidOrder)) as caught:  # when it is entered, or used
            use()
        assert [session.sent for session in sessions] in ([], [[]])
        assert key not in str(caught.value)


class TestBodies:
    def test_xml_values_are_escaped(self, panel: Panel) -> None:
        text = ACME.replace(
            'request = { GET = "/me" }',
            'request = { POST = "/me", reply = "xml",'
            " xml = '<q key=\"{{config.key}}\"><a>{{config.key}}</a></q>' }",
        ).replace('type = "application/json", is = "ok"', 'is = "ok"')
        adapter, session = panel(text, answer(b"<r/>", 200, "text/xml"), key="<a>&\"'é")
        adapter.test_connection()
        assert (
            session.sent[0]["json"]
            == '<q key="&lt;a&gt;&amp;&quot;&apos;é"><a>&lt;a&gt;&amp;&quot;&apos;é</a></q>'.encode()
        )
        with pytest.raises(SettingsInvalid):
            panel(text, answer(b"<r/>", 200, "text/xml"), key="a\x08b")

    @pytest.mark.parametrize(
        "text", ['a"b\\', "{{7*7}}", "a\nb", "../x", "ü名🙂", "x" * 10_240, "%00", "\u2028"]
    )
    def test_hostile_text_arrives_as_data(self, panel: Panel, text: str) -> None:
        adapter, session = panel(ACME, ON, OK, OFF)
        adapter.suspend(REF, text)
        assert session.writes[0]["json"]["why"] == text

    def test_what_is_no_text_is_refused(self, panel: Panel) -> None:
        adapter, session = panel(ACME, ON)
        with pytest.raises(InvalidOrder) as caught:
            adapter.suspend(REF, "\ud800")
        assert (caught.value.field, session.writes) == ("reason", [])


class TestLimits:
    def test_they_are_defaults_of_the_settings(self, panel: Panel) -> None:
        text = ACME + "[limits]\nconcurrent = 3\nmax_reply_kib = 64\ntimeout_s = 9\ncreate_timeout_s = 240\n"
        adapter, _ = panel(text, OK)
        chosen = adapter.settings
        assert (chosen.max_connections, chosen.max_reply_bytes, chosen.total_timeout) == (3, 65536, 240.0)
        assert panel(text, OK, total_timeout=30)[0].settings.total_timeout == 30

    def test_the_pace_is_kept_and_a_turn_beyond_the_deadline_is_not_sent(self, panel: Panel) -> None:
        from panelbridge.transport import deadline

        adapter, session = panel(ACME + "[limits]\nper_second = 0.1\n", OK)
        with deadline(1.0):
            adapter.test_connection()
            with pytest.raises(PanelUnreachable, match="pace"):
                adapter.test_connection()
        assert len(session.sent) == 1

    def test_the_wait_a_panel_asks_for_is_bounded(self, panel: Panel) -> None:
        reply = answer({}, 429, **{"Retry-After": "86400"})
        adapter, _ = panel(ACME + "[limits]\nretry_after_at_most_s = 60\n", reply)
        with pytest.raises(RateLimited) as caught:
            adapter.test_connection()
        assert caught.value.retry_after == 60


BODIES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**40) | st.sampled_from(["no_user", "svc00001", ""]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["error", "rows", *ACCOUNT]), inner, max_size=4)
    ),
    max_leaves=6,
)
REPLIES = st.one_of(
    st.sampled_from([OK, ON, OFF, GONE, LOST, rows(), rows(ACCOUNT), PanelUnreachable("gone")]),
    st.builds(
        lambda body, status, kind, cut: PanelReply(
            status=status, headers={"Content-Type": kind}, body=json.dumps(body).encode()[:cut]
        ),
        BODIES,
        st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 409, 429, 500, 503]),
        st.sampled_from(["application/json", "text/html", ""]),
        st.none() | st.integers(0, 30),
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(replies=st.lists(REPLIES, min_size=1, max_size=6), verb=st.sampled_from(list(Verb)))
def test_whatever_comes_a_write_is_sent_once_and_done_is_shown(
    panel: Panel, replies: list[Any], verb: Verb
) -> None:
    adapter, session = panel(ACME, *replies)
    calls: dict[Verb, Any] = {
        Verb.CREATE: lambda: adapter.create(ORDER),
        Verb.EXTEND: lambda: adapter.extend(REF, UNTIL),
        Verb.SUSPEND: lambda: adapter.suspend(REF, "x"),
        Verb.UNSUSPEND: lambda: adapter.unsuspend(REF),
        Verb.RESET_CREDENTIALS: lambda: adapter.reset_credentials(REF, ORDER.credentials),
        Verb.CHANGE_PACKAGE: lambda: adapter.change_package(REF, PackageChange(package="x")),
        Verb.TERMINATE: lambda: adapter.terminate(REF),
    }
    try:
        result = calls[verb]()
    except PanelError:
        result = None
    assert len(session.writes) <= 1
    if result is not None and verb is Verb.SUSPEND:
        assert result.account.state is AccountState.SUSPENDED
    if result is not None and verb is Verb.TERMINATE:
        assert session.lines[-1] == "GET /me"


def test_a_last_use_that_never_was_is_told_as_never(panel: Panel) -> None:
    usage = """
[op.usage]
request = { GET = "/usage" }
rows = "body"
[op.usage.result]
username = "row.login"
last_seen = { at = "row.seen", unit = "epoch_s", never = [0] }
address = { at = "row.ip", optional = true }
"""
    told = answer([{"login": "svc00001", "seen": 0}, {"login": "b", "seen": 60, "ip": "192.0.2.7"}])
    never, once = list(panel(ACME + usage, told)[0].usages())
    assert (never.never_seen, never.last_seen, never.address) == (True, None, None)
    assert (once.never_seen, once.address) == (False, "192.0.2.7")
    assert once.last_seen == datetime.fromtimestamp(60, UTC)
