"""Traps of ``api.php``: the naive call falls in, the adapter does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from panelbridge import (
    AccountState,
    AuthenticationFailed,
    Conflict,
    ContractBroken,
    Credentials,
    Found,
    InvalidOrder,
    Outcome,
    OutcomeUnknown,
    PackageChange,
    PanelError,
    Secret,
    Unknown,
    Unsupported,
)
from panelbridge.testing.practice import Fault

UNTIL = datetime(2031, 1, 31, 12, 0, 5, tzinfo=UTC)


def pair(request: Any) -> dict[str, str]:
    credentials = request.credentials
    return {"username": credentials.username, "password": credentials.password.get_secret_value()}


class TestTheGate:
    @pytest.mark.parametrize(("state", "text"), [("allowed", "KEY WRONG"), ("forbidden", "IP FORBIDDEN")])
    def test_its_refusal_lies_under_the_key_nought(
        self, panel: Any, order: Any, state: str, text: str
    ) -> None:
        panel.control.act("address", state=state)
        naive = panel.post("user", "info", api_pass="wrong", username="a", password="b")
        assert naive.ok  # HTTP says nothing
        assert naive.json() == {"result": False, "0": text}
        assert naive.json().get("error") is None  # where a client looks for the reason

        with pytest.raises(AuthenticationFailed):
            panel.adapter(api_pass="wrong").create(order())
        assert panel.lines() == []

    @pytest.mark.parametrize("denied", ["empty", "html"])
    def test_what_forks_say_instead_proves_nothing(self, panel_with: Any, order: Any, denied: str) -> None:
        panel = panel_with(denied=denied)
        with pytest.raises(ContractBroken) as caught:
            panel.adapter(api_pass="wrong").create(order())
        assert caught.value.outcome is Outcome.UNKNOWN

    def test_an_open_gate_asks_for_no_key(self, panel_with: Any, made: Any) -> None:
        panel = panel_with(gate="open")
        assert "api_pass" not in panel.settings
        assert made(panel.adapter()).state is AccountState.ACTIVE

    def test_an_unknown_action_prints_nothing(self, panel: Any) -> None:
        naive = panel.post("user", "disable", username="a", password="b")
        assert (naive.status_code, naive.content) == (200, b"")


class TestResultTrue:
    def test_beside_an_error_it_means_that_nothing_was_done(self, panel: Any) -> None:
        naive = panel.naive("reg_user", "credits", username="practice", amount="-5000")
        assert naive["result"] is True  # a client that looks at it alone has spent credit it never had
        assert panel.adapter().balance().amount == 100

    @pytest.mark.parametrize("word", ['"success"', "1", '"true"', "[true]", "null"])
    def test_only_the_boolean_is_success(self, panel: Any, made: Any, word: str) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.set_reply("suspend", body=f'{{"result": {word}}}'.encode())
        with pytest.raises(ContractBroken):
            adapter.suspend(account.ref, "overdue")

    def test_credit_is_never_moved(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        adapter.extend(account.ref, UNTIL)
        adapter.terminate(account.ref)
        assert not [name for name in panel.operations() if name.startswith("reg_user_credits")]


class TestPairs:
    def test_a_retry_with_another_password_makes_a_second_line(self, panel: Any, order: Any) -> None:
        request = order()
        name = request.credentials.username
        panel.control.set_fault(Fault.CUT_AFTER_COMMIT, "create")
        for password in ("firstpass1", "secondpass1"):
            try:
                panel.naive("user", "create", _username=name, _password=password)
            except OSError:
                continue
        assert [line["username"] for line in panel.lines()] == [name, name]

    def test_our_retry_sends_the_identical_pair_and_finds_its_own(self, panel: Any, order: Any) -> None:
        adapter, request = panel.adapter(), order()
        panel.control.set_fault(Fault.CUT_AFTER_COMMIT, "create")
        with pytest.raises(OutcomeUnknown):
            adapter.create(request)
        again = adapter.create(request)
        assert (again.outcome, again.differs) == (Outcome.ALREADY, ())
        assert [line["id"] for line in panel.lines()] == [int(again.account.id)]

    def test_a_pair_of_other_values_is_told_as_different(self, panel: Any, order: Any) -> None:
        adapter, request = panel.adapter(), order()
        adapter.create(request)
        again = adapter.create(replace(request, package="family", until=UNTIL))
        assert (again.outcome, again.differs) == (Outcome.ALREADY, ("expires_at", "package", "connections"))

    def test_the_id_outlives_a_reset(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        wanted = Credentials(username=account.username, password=Secret("newpassword1"))
        assert adapter.reset_credentials(account.ref, wanted).account.id == account.id

    def test_a_line_remade_with_our_pair_is_not_ours(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("remove", username=account.username)
        told = {"_username": account.username, "_password": account.password.get_secret_value()}
        panel.naive("user", "create", **told)
        with pytest.raises(Conflict):
            adapter.terminate(account.ref)
        assert isinstance(adapter.get(account.ref), Unknown)
        assert panel.books(account.username)["state"] == "active"

    def test_where_info_shows_no_number_the_first_answer_does(self, panel_with: Any, order: Any) -> None:
        panel = panel_with(ids="hidden")
        adapter, request = panel.adapter(), order()
        account = adapter.create(request).account
        assert account.id == str(panel.lines()[0]["id"])
        assert adapter.suspend(account.ref, "overdue").account.id == account.id
        # After a lost answer nothing tells the number any more: the name it was made under stands for it.
        assert adapter.create(request).account.id == f"name:{account.username}"

    def test_a_search_by_name_is_not_possible_and_says_so(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        assert isinstance(adapter.find(username=account.username), Unknown)
        assert isinstance(adapter.get(replace(account.ref, password=None)), Unknown)
        with pytest.raises(InvalidOrder) as caught:
            adapter.suspend(replace(account.ref, password=None), "overdue")
        assert caught.value.field == "password"
        with pytest.raises(Unsupported):
            adapter.list_accounts()


class TestNotExists:
    """It speaks of a pair. A changed password is no deletion."""

    def test_a_changed_password_reads_as_gone_and_is_told_as_unknown(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("password", username=account.username, value="byhand1234")
        naive = panel.naive(
            "user", "info", username=account.username, password=account.password.get_secret_value()
        )
        assert naive["error"] == "NOT EXISTS"  # and yet the line lives and plays
        assert panel.books(account.username)["state"] == "active"

        assert isinstance(adapter.get(account.ref), Unknown)
        for verb in (adapter.terminate, adapter.unsuspend):
            with pytest.raises(Conflict) as caught:
                verb(account.ref)
            assert caught.value.outcome is Outcome.REFUSED
        assert panel.books(account.username)["state"] == "active"

    def test_a_line_that_is_gone_is_unknown_too(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("remove", username=account.username)
        assert isinstance(adapter.get(account.ref), Unknown)


class TestReset:
    def test_after_a_lost_answer_the_new_pair_is_asked_first(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        wanted = Credentials(username=account.username, password=Secret("newpassword1"))
        panel.control.set_fault(Fault.CUT_AFTER_COMMIT, "reset_credentials")
        with pytest.raises(OutcomeUnknown):
            adapter.reset_credentials(account.ref, wanted)
        # A naive look with the pair it knows finds nothing, and would say that the account is gone.
        assert isinstance(adapter.get(account.ref), Unknown)
        again = adapter.reset_credentials(account.ref, wanted)
        assert (again.outcome, again.account.password) == (Outcome.ALREADY, wanted.password)

    def test_before_it_the_old_pair_still_lives(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        wanted = Credentials(username=account.username, password=Secret("newpassword1"))
        panel.control.set_fault(Fault.CUT_BEFORE, "reset_credentials")
        with pytest.raises(OutcomeUnknown):
            adapter.reset_credentials(account.ref, wanted)
        assert isinstance(adapter.get(account.ref), Found)
        assert adapter.reset_credentials(account.ref, wanted).outcome is Outcome.DONE

    def test_a_rename_is_refused_before_any_call(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        before = len(panel.operations())
        with pytest.raises(InvalidOrder) as caught:
            adapter.reset_credentials(
                account.ref, Credentials(username="othername1", password=Secret("newpassword1"))
            )
        assert caught.value.field == "username"
        assert len(panel.operations()) == before


class TestBouquets:
    @pytest.mark.parametrize("text", ["1,2", "[1,2", "1|2"])
    def test_what_is_no_json_array_is_silently_none(self, panel: Any, text: str) -> None:
        naive = panel.naive("user", "create", _username="naive12345", _password="longenough1", _bouquet=text)
        assert naive["result"] is True
        assert panel.books("naive12345")["bouquets"] == []  # an account without a channel, and a success

    def test_ours_are_read_back(self, panel: Any, order: Any) -> None:
        result = panel.adapter().create(order())
        assert (result.differs, result.account.package) == ((), "basic")
        assert panel.books(result.account.username)["bouquets"] == [1, 2]

    def test_a_line_that_lost_them_has_no_package(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("edit", username=account.username, columns={"bouquet": "[]"})
        found = adapter.get(account.ref)
        assert isinstance(found, Found)
        assert found.account.package is None
        assert adapter.change_package(account.ref, PackageChange(package="basic")).outcome is Outcome.DONE

    @pytest.mark.parametrize(
        "packages",
        ['{"a": {"bouquets": []}}', '{"a": {"bouquets": ["x"]}}', '{"a": {}}', "[1]", "{", '{"a b": {}}'],
    )
    def test_a_table_that_would_empty_them_is_no_setting(self, panel: Any, packages: str) -> None:
        with pytest.raises(ValueError, match="packages"):
            panel.adapter(packages=packages)

    def test_the_table_may_come_as_text_from_a_command_line(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter(packages='{"small": {"bouquets": [3]}}')
        assert [package.id for package in adapter.list_packages()] == ["small"]
        assert made(adapter, package="small").package == "small"

    def test_packages_of_the_same_bouquets_are_told_apart_by_connections(self, panel: Any, made: Any) -> None:
        table = {"one": {"bouquets": [1]}, "two": {"bouquets": [1], "connections": 2}}
        adapter = panel.adapter(packages=table)
        assert made(adapter, package="two").package == "two"
        assert made(adapter, package="one", connections=9).package is None  # nobody can tell


class TestDates:
    def test_an_empty_date_on_an_edit_is_1970(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        password = account.password.get_secret_value()
        panel.naive("user", "edit", username=account.username, password=password, _exp_date="")
        found = adapter.get(account.ref)
        assert isinstance(found, Found)
        assert found.account.expires_at == datetime(1970, 1, 1, tzinfo=UTC)
        assert (found.account.state, found.account.never_expires) == (AccountState.EXPIRED, False)

    def test_and_on_a_create_it_is_never(self, panel: Any) -> None:
        panel.naive("user", "create", _username="naive12345", _password="longenough1", _exp_date="0")
        assert panel.books("naive12345")["expires_at"] is None

    def test_an_extend_moves_the_date_alone(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        before = panel.books(account.username)
        assert adapter.extend(account.ref, UNTIL).account.expires_at == UNTIL
        assert {**panel.books(account.username), "expires_at": None} == {**before, "expires_at": None}


class TestTerminate:
    def test_it_is_disabled_expired_scrambled_and_says_so(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        result = adapter.terminate(account.ref)
        books = panel.books(account.username)
        assert (result.outcome, result.account) == (Outcome.DONE, None)
        assert "no delete" in result.note
        assert (books["state"], books["expires_at"]) == ("suspended", "1970-01-01T00:00:01+00:00")
        assert books["password"] != account.password.get_secret_value()

    def test_again_it_is_already_and_looked_at_it_is_not_usable(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        adapter.terminate(account.ref)
        found = adapter.get(account.ref)
        assert isinstance(found, Found)
        assert (found.account.id, found.account.state) == (account.id, AccountState.SUSPENDED)
        again = adapter.terminate(account.ref)
        assert (again.outcome, "no delete" in again.note) == (Outcome.ALREADY, True)

    def test_no_verb_revives_it(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        adapter.terminate(account.ref)
        for verb in (adapter.unsuspend, lambda ref: adapter.extend(ref, UNTIL)):
            with pytest.raises(Conflict):
                verb(account.ref)
        assert panel.books(account.username)["state"] == "suspended"

    def test_one_revived_by_hand_is_ended_again(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        adapter.terminate(account.ref)
        panel.control.act("edit", username=account.username, columns={"enabled": 1})
        assert adapter.terminate(account.ref).outcome is Outcome.DONE
        assert panel.books(account.username)["state"] == "suspended"

    def test_the_scrambled_password_cannot_be_made_from_the_old_one_alone(
        self, panel_with: Any, made: Any
    ) -> None:
        ended = []
        for panel in (panel_with(), panel_with()):
            adapter = panel.adapter()
            request = Credentials(username="samename123", password=Secret("samepassword1"))
            adapter.terminate(made(adapter, credentials=request).ref)
            ended.append(panel.books("samename123")["password"])
        assert ended[0] != ended[1]  # each is keyed with its panel's api_pass


class TestAHalfMadeLine:
    def test_it_exists_and_plays_nothing(self, panel: Any) -> None:
        panel.control.act("half_create", state="next")
        told = {"username": "naive12345", "password": "longenough1"}
        cut = panel.post("user", "create", **{f"_{name}": value for name, value in told.items()})
        assert cut.content == b""
        again = panel.naive("user", "create", **{f"_{name}": value for name, value in told.items()})
        assert again["error"] == "EXISTS"  # which a retrying client takes for done
        assert panel.books("naive12345")["outputs"] == []

    def test_ours_is_completed_by_the_repeat(self, panel: Any, order: Any) -> None:
        adapter, request = panel.adapter(), order()
        panel.control.act("half_create", state="next")
        with pytest.raises(ContractBroken) as caught:
            adapter.create(request)
        assert caught.value.outcome is Outcome.UNKNOWN
        assert adapter.create(request).outcome is Outcome.ALREADY
        assert panel.books(request.credentials.username)["outputs"] == [1, 2]
        assert len(panel.lines()) == 1

    def test_where_it_cannot_be_mended_it_is_not_told_as_done(self, panel_with: Any, order: Any) -> None:
        panel = panel_with(outputs="fixed")
        adapter, request = panel.adapter(), order()
        panel.control.act("half_create", state="next")
        for _ in range(2):
            with pytest.raises(PanelError) as caught:
                adapter.create(request)
            assert caught.value.outcome is Outcome.UNKNOWN


class TestEdits:
    def test_an_unknown_column_is_refused(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        naive = panel.naive(
            "user", "edit", username=account.username, password=account.password.get_secret_value(), _nick="x"
        )
        assert naive == {"result": False, "error": "PARAMETER ERROR"}

    def test_omitted_fields_are_kept(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter, connections=4)
        before = panel.lines()
        adapter.suspend(account.ref, "overdue")
        adapter.unsuspend(account.ref)
        assert panel.lines() == before

    def test_a_reseller_of_no_such_name_is_named(self, panel: Any) -> None:
        with pytest.raises(InvalidOrder) as caught:
            panel.adapter(reseller="nobody").balance()
        assert caught.value.field == "reseller"
        assert panel.adapter(reseller=None).balance() is None

    def test_a_panel_user_can_own_what_we_make(self, panel: Any, made: Any) -> None:
        made(panel.adapter(member_id=2))
        with panel.practice.books.reading() as db:
            assert db.execute("SELECT member_id FROM users").fetchone()[0] == 2


def test_an_account_beyond_its_date_reads_as_expired(panel: Any, made: Any) -> None:
    account = made(panel.adapter(), until=datetime.now(UTC) - timedelta(days=1))
    assert account.state is AccountState.EXPIRED
