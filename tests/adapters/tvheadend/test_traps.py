"""What the panel does to a client that believes it, and that ours does not fall for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from requests.auth import HTTPDigestAuth

from panelbridge import (
    Absent,
    AccountState,
    Conflict,
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
from panelbridge.testing.conformance.subject import ending_of
from panelbridge.testing.practice import Fault
from panelbridge.transport import deadline
from panelbridge_tvheadend.practice import TAGS

PACKAGE, OTHER, *_ = TAGS


def secret_of(account: Any) -> str:
    return str(account.password.get_secret_value())


class TestDuplicates:
    def test_a_reset_by_create_leaves_the_old_password_working(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        conf = {"enabled": True, "username": account.username, "password": "second12345"}
        for _ in range(2):  # and the repeat of a lost one makes a third
            assert panel.naive("passwd/entry/create", conf=conf).status_code == 200
        assert panel.logs_in(account.username, secret_of(account))
        assert panel.logs_in(account.username, "second12345")
        assert panel.entries() == (1, 3)

        credentials = Credentials(username=account.username, password=Secret("third123456"))
        ref = replace(account.ref, reference=None)  # the extra ones carry no reference of ours
        assert adapter.reset_credentials(ref, credentials).outcome is Outcome.DONE
        assert panel.entries() == (1, 1)
        assert panel.logs_in(account.username, "third123456")
        assert not panel.logs_in(account.username, secret_of(account))
        assert not panel.logs_in(account.username, "second12345")

    def test_a_lost_create_that_is_repeated_makes_no_second(self, panel: Any, order: Any) -> None:
        conf = {"username": "naive12345", "password": "x"}
        for _ in range(2):
            panel.naive("passwd/entry/create", conf=conf)
        assert panel.entries() == (0, 2)

        adapter, wanted = panel.adapter(), order()
        for operation in ("create", "create_password"):
            panel.control.set_fault(Fault.CUT_AFTER_COMMIT, operation)
            with pytest.raises(OutcomeUnknown):
                adapter.create(wanted)
        assert adapter.create(wanted).outcome is Outcome.DONE
        assert adapter.create(wanted).outcome is Outcome.ALREADY
        assert panel.entries() == (1, 3)

    def test_a_create_that_lands_late_is_tidied_by_the_repeat(self, panel: Any, order: Any) -> None:
        adapter, wanted = panel.adapter(), order()
        for operation in ("create", "create_password"):
            panel.control.set_fault(Fault.COMMIT_AFTER_HANGUP, operation)
            with pytest.raises(OutcomeUnknown), deadline(0.3):
                adapter.create(wanted)
        assert adapter.create(wanted).outcome is Outcome.DONE
        assert panel.control.release() == 2
        assert panel.entries() == (2, 2)
        assert isinstance(adapter.find(username=wanted.credentials.username), Unknown)
        assert adapter.create(wanted).outcome is Outcome.DONE
        assert panel.entries() == (1, 1)
        assert isinstance(adapter.find(username=wanted.credentials.username), Found)
        assert panel.logs_in(wanted.credentials.username, wanted.credentials.password.get_secret_value())

    def test_an_entry_of_somebody_else_under_our_name_is_a_conflict(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        conf = {"enabled": True, "username": account.username, "comment": "theirs", "admin": False}
        panel.control.act("insert", table="access", conf=conf)
        effects = len(panel.control.books()["effects"])
        verbs: list[Callable[[], Any]] = [
            lambda: adapter.suspend(account.ref, "overdue"),
            lambda: adapter.terminate(account.ref),
            lambda: adapter.change_package(account.ref, PackageChange(package=OTHER)),
        ]
        for verb in verbs:
            with pytest.raises(Conflict):
                verb()
        assert len(panel.control.books()["effects"]) == effects
        assert isinstance(adapter.get(account.ref), Unknown)

    def test_a_suspension_reaches_every_entry_of_the_name(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        for table in ("access", "passwords"):
            conf = {
                "enabled": True,
                "username": account.username,
                "password": "second12345",
                "comment": account.reference,
                "streaming": ["basic"],
            }
            panel.control.act("insert", table=table, conf=conf)
        assert panel.logs_in(account.username, "second12345")
        assert adapter.suspend(account.ref, "overdue").outcome is Outcome.DONE
        assert not panel.logs_in(account.username, "second12345")
        assert panel.account(account.username)["enabled"] == [False, False, False]
        assert adapter.terminate(account.ref).outcome is Outcome.DONE
        assert panel.entries() == (0, 0)


STEPS = ("create", "create_password", "unsuspend")
BROKEN = (
    Fault.CUT_BEFORE,
    Fault.CUT_AFTER_COMMIT,
    Fault.ERROR_500_BUT_DONE,
    Fault.HTML_200,
    Fault.EMPTY_BODY,
)


class TestTwoSteps:
    @pytest.mark.parametrize("step", STEPS)
    @pytest.mark.parametrize("fault", [*BROKEN, Fault.WRONG_TYPES, Fault.SUCCESS_BUT_NOTHING])
    def test_a_create_interrupted_anywhere_is_completed_by_a_repeat(
        self, panel: Any, order: Any, step: str, fault: Fault
    ) -> None:
        adapter, wanted = panel.adapter(), order(connections=3)
        name, password = wanted.credentials.username, wanted.credentials.password.get_secret_value()
        panel.control.set_fault(fault, step)
        ending = ending_of(lambda: adapter.create(wanted))
        assert ending in (Outcome.UNKNOWN, Outcome.DONE)
        if ending is Outcome.DONE or isinstance(adapter.find(username=name), Found):
            assert panel.logs_in(name, password)
        again = adapter.create(wanted)
        assert again.differs == ()
        assert again.account.state is AccountState.ACTIVE
        assert panel.entries() == (1, 1)
        assert panel.logs_in(name, password)
        assert (panel.account(name)["tags"], panel.account(name)["connections"]) == ([PACKAGE], 3)
        assert isinstance(adapter.find(reference=wanted.reference), Found)

    @pytest.mark.parametrize("step", STEPS[1:])
    def test_a_refusal_in_the_middle_is_not_told_as_nothing_happened(
        self, panel: Any, order: Any, step: str
    ) -> None:
        adapter, wanted = panel.adapter(), order()
        panel.control.set_fault(Fault.RATE_LIMITED, step, seconds=60)
        with pytest.raises(PanelError) as caught:
            adapter.create(wanted)
        assert caught.value.outcome is Outcome.UNKNOWN
        assert panel.entries()[0] == 1

    def test_nobody_gets_in_before_the_last_step(self, panel: Any, order: Any) -> None:
        naive = {"username": "naive12345", "streaming": ["basic"], "enabled": True}
        panel.naive("passwd/entry/create", conf={**naive, "password": "x1234567"})
        panel.naive("access/entry/create", conf=naive)
        assert panel.logs_in("naive12345", "x1234567")  # before it has a limit or a tag

        adapter, wanted = panel.adapter(), order()
        name, password = wanted.credentials.username, wanted.credentials.password.get_secret_value()
        panel.control.set_fault(Fault.CUT_BEFORE, "unsuspend")
        with pytest.raises(OutcomeUnknown):
            adapter.create(wanted)
        assert panel.account(name)["enabled"] == [False, True]
        assert not panel.logs_in(name, password)

    @pytest.mark.parametrize("table", ["access", "passwords"])
    def test_half_an_account_is_neither_found_nor_absent(self, panel: Any, order: Any, table: str) -> None:
        adapter, wanted = panel.adapter(), order()
        account = adapter.create(wanted).account
        panel.control.act("delete", username=account.username, tables=[table])
        assert isinstance(adapter.find(username=account.username), Unknown)
        assert isinstance(adapter.find(reference=account.reference), Unknown)
        assert isinstance(adapter.get(account.ref), Unknown)
        assert adapter.create(wanted).outcome is Outcome.DONE
        assert panel.entries() == (1, 1)
        assert panel.logs_in(account.username, secret_of(account))

    @pytest.mark.parametrize("table", ["access", "passwords"])
    def test_half_an_account_is_terminated_whole(self, panel: Any, made: Any, table: str) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("delete", username=account.username, tables=[table])
        assert adapter.terminate(account.ref).outcome is Outcome.DONE
        assert panel.entries() == (0, 0)
        assert adapter.terminate(account.ref).outcome is Outcome.ALREADY

    def test_a_rest_that_nothing_tells_whose_it_is_stays(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("delete", username=account.username, tables=["access"])
        with pytest.raises(Conflict):
            adapter.terminate(replace(account.ref, reference=None))
        with pytest.raises(Conflict):
            adapter.terminate(replace(account.ref, reference="bridge:other:1"))
        assert panel.entries() == (0, 1)

    def test_a_lost_password_entry_comes_back_with_a_reset(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("delete", username=account.username, tables=["passwords"])
        with pytest.raises(Conflict):
            adapter.unsuspend(account.ref)
        credentials = Credentials(username=account.username, password=Secret("third123456"))
        result = adapter.reset_credentials(account.ref, credentials)
        assert (result.outcome, result.account.state) == (Outcome.DONE, AccountState.ACTIVE)
        assert panel.logs_in(account.username, "third123456")
        found = adapter.find(reference=account.reference)
        assert isinstance(found, Found)

    @pytest.mark.parametrize("verb", ["suspend", "unsuspend"])
    @pytest.mark.parametrize("fault", BROKEN)
    def test_a_suspension_interrupted_between_its_writes_is_completed(
        self, panel: Any, made: Any, verb: str, fault: Fault
    ) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        do: dict[str, Callable[[], Any]] = {
            "suspend": lambda: adapter.suspend(account.ref, "overdue"),
            "unsuspend": lambda: adapter.unsuspend(account.ref),
        }
        if verb == "unsuspend":
            do["suspend"]()
        panel.control.set_fault(fault, verb, skip=1)
        with pytest.raises(PanelError) as caught:
            do[verb]()
        assert caught.value.outcome is Outcome.UNKNOWN
        assert do[verb]().account.state is (
            AccountState.SUSPENDED if verb == "suspend" else AccountState.ACTIVE
        )
        on = verb == "unsuspend"
        assert panel.account(account.username)["enabled"] == [on, on]
        assert panel.logs_in(account.username, secret_of(account)) is on

    def test_a_suspension_closes_the_login_first(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.set_fault(Fault.CUT_BEFORE, "suspend", skip=1)
        with pytest.raises(OutcomeUnknown):
            adapter.suspend(account.ref, "overdue")
        assert panel.account(account.username)["enabled"] == [True, False]
        assert not panel.logs_in(account.username, secret_of(account))

    def test_a_repeated_create_does_not_lift_a_suspension(self, panel: Any, order: Any) -> None:
        adapter, wanted = panel.adapter(), order()
        account = adapter.create(wanted).account
        adapter.suspend(account.ref, "overdue")
        assert adapter.create(wanted).outcome is Outcome.ALREADY
        assert panel.account(account.username)["state"] == "suspended"

    def test_a_reset_leaves_a_suspended_account_suspended(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        adapter.suspend(account.ref, "overdue")
        credentials = Credentials(username=account.username, password=Secret("third123456"))
        result = adapter.reset_credentials(account.ref, credentials)
        assert result.account.state is AccountState.SUSPENDED
        assert not panel.logs_in(account.username, "third123456")
        adapter.unsuspend(account.ref)
        assert panel.logs_in(account.username, "third123456")


class TestNames:
    def test_an_empty_name_would_let_everybody_in(self, panel: Any, order: Any) -> None:
        assert panel.call("serverinfo", None).status_code == 401
        conf = {"enabled": True, "username": "", "admin": True, "streaming": ["basic"]}
        uuid = panel.naive("access/entry/create", conf=conf).json()["uuid"]
        assert panel.call("passwd/entry/grid", None).status_code == 200  # passwords of all, to anybody
        panel.naive("idnode/delete", uuid=uuid)

        adapter, sent = panel.adapter(), len(panel.operations())
        for name in ("", "*", " ", "a*", "**********"):
            with pytest.raises(InvalidOrder) as caught:
                adapter.create(order(credentials=Credentials(username=name, password=Secret("x" * 12))))
            assert caught.value.field == "username"
            with pytest.raises(InvalidOrder):
                adapter._client.create_access({"username": name} if name in ("", "*") else {"username": ""})
        assert len(panel.operations()) == sent

    @pytest.mark.parametrize("name", ["", "*"])
    def test_the_entry_for_everybody_is_never_an_account(self, panel: Any, made: Any, name: str) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        conf = {"enabled": True, "username": name, "streaming": ["basic"], "comment": account.reference}
        uuid = panel.naive("access/entry/create", conf=conf).json()["uuid"]
        assert [item.username for item in adapter.list_accounts()] == [account.username]
        assert isinstance(adapter.find(username=name), Unknown)
        found = adapter.find(reference=account.reference)
        assert isinstance(found, Found)
        assert found.account.id == account.id
        for ref in (replace(account.ref, username=name), replace(account.ref, id=uuid, username=name)):
            with pytest.raises(InvalidOrder):
                adapter.terminate(ref)
        with pytest.raises(PanelError):
            adapter.terminate(replace(account.ref, id=uuid))
        assert panel.account(account.username) is not None
        assert panel.entries() == (2, 1)

    def test_a_filter_is_a_pattern_and_matches_parts(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        short, long = made(adapter, username="anna2345"), made(adapter, username="anna23456")
        wanted = [{"field": "username", "type": "string", "value": "anna2345"}]
        assert panel.naive("passwd/entry/grid", filter=wanted).json()["total"] == 2
        found = adapter.find(username="anna2345")
        assert isinstance(found, Found)
        assert found.account.id == short.id
        adapter.terminate(short.ref)
        assert panel.account("anna23456")["id"] == long.id

    @pytest.mark.parametrize("name", [".*", "anna....", "anna2345|bridge", "^anna", "[a-z0-9]+", "(", "a{9"])
    def test_a_pattern_in_a_name_or_reference_matches_nothing(self, panel: Any, made: Any, name: str) -> None:
        adapter = panel.adapter()
        account = made(adapter, username="anna2345")
        assert isinstance(adapter.find(username=name), Absent)
        assert isinstance(adapter.find(reference=name), Absent)
        with pytest.raises(Conflict):
            adapter.terminate(replace(account.ref, username=name))

    def test_a_reference_full_of_signs_is_found(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter, reference='b.r|(i)[d]{g}e*+?^$\\"/:1:1')
        made(adapter, reference="b.r|(i)[d]{g}e:1:1")
        found = adapter.find(reference=account.reference)
        assert isinstance(found, Found)
        assert found.account.id == account.id

    def test_a_uuid_under_another_name_is_a_conflict_and_found_by_get(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        for table in ("access", "passwords"):
            panel.control.act(
                "edit", table=table, username=account.username, values={"username": "renamed123"}
            )
        with pytest.raises(Conflict):
            adapter.suspend(account.ref, "overdue")
        found = adapter.get(account.ref)
        assert isinstance(found, Found)
        assert found.account.username == "renamed123"

    def test_an_account_made_anew_under_the_name_is_not_ours(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("delete", username=account.username)
        panel.control.act("create", username=account.username)
        assert isinstance(adapter.get(account.ref), Unknown)
        with pytest.raises(Conflict):
            adapter.terminate(account.ref)
        assert panel.account(account.username) is not None

    @pytest.mark.parametrize("change", ["password", "reference"])
    def test_a_taken_name_is_ours_only_when_all_that_can_be_read_says_so(
        self, panel: Any, order: Any, change: str
    ) -> None:
        adapter, wanted = panel.adapter(), order()
        adapter.create(wanted)
        stranger = Credentials(username=wanted.credentials.username, password=Secret("anotherpass1"))
        changed = {"credentials": stranger} if change == "password" else {"reference": "bridge:other:1"}
        with pytest.raises(Conflict):
            adapter.create(replace(wanted, **changed))
        assert panel.entries() == (1, 1)

    def test_who_runs_the_panel_is_no_account(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        assert [item.username for item in adapter.list_accounts()] == [account.username]
        panel.control.act("edit", table="access", username=account.username, values={"admin": True})
        with pytest.raises(Conflict):
            adapter.terminate(replace(account.ref, reference=None))
        assert panel.entries() == (1, 1)


class TestAnswers:
    def test_a_list_ends_at_fifty_unless_told(self, panel: Any) -> None:
        for number in range(60):
            panel.control.act("create", username=f"owner{number:03}")
        naive = panel.naive("access/entry/grid").json()
        assert (len(naive["entries"]), naive["total"]) == (50, 61)
        for rows in (2, 7, 500):
            listed = list(panel.adapter(page_rows=rows).list_accounts())
            assert len(listed) == 60
            assert all(account.password is not None for account in listed)

    def test_a_row_that_goes_while_the_list_is_read_is_noticed(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter(page_rows=3)
        for _ in range(7):
            made(adapter)
        rows = adapter._client.passwords()
        first = [next(rows) for _ in range(2)][1]
        panel.control.act("delete", username=first["username"])
        panel.control.act("create", username="newcomer1")
        with pytest.raises(PanelError, match="changed"):
            list(rows)

    def test_an_empty_user_list_is_not_asked(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        made(adapter)
        assert len(list(adapter.list_accounts())) == 1
        assert "userlist" not in panel.operations()
        assert panel.naive("access/entry/userlist").json()["entries"] == []

    def test_errors_are_pages(self, panel: Any) -> None:
        wrong: list[tuple[int, Any]] = [
            (400, panel.naive("access/entry/create")),
            (400, panel.naive("access/entry/create", conf="{broken")),
            (400, panel.naive("idnode/save", node={"uuid": "0" * 32, "enabled": True})),
            (404, panel.naive("idnode/delete", uuid="0" * 32)),
            (404, panel.naive("no/such/call")),
            (401, panel.call("serverinfo", None)),
            (403, panel.call("serverinfo", HTTPDigestAuth("bridge", "wrong"))),
        ]
        for status, reply in wrong:
            assert (reply.status_code, reply.text.startswith("<")) == (status, True)

    def test_a_page_in_place_of_an_answer_proves_no_absence(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        lost = panel.adapter(base_url=panel.server.url + "elsewhere/")
        assert isinstance(lost.get(account.ref), Unknown)
        assert isinstance(lost.find(username=account.username), Unknown)
        with pytest.raises(PanelError) as caught:
            lost.terminate(account.ref)
        assert caught.value.outcome is Outcome.RETRY_LATER  # only read so far
        assert panel.entries() == (1, 1)

    def test_a_tag_that_does_not_exist_is_taken_by_the_panel_and_refused_by_us(
        self, panel: Any, order: Any, made: Any
    ) -> None:
        conf = {"username": "naive12345", "channel_tag": ["0" * 32]}
        assert panel.naive("access/entry/create", conf=conf).status_code == 200
        adapter = panel.adapter()
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(order(package="0" * 32))
        assert caught.value.field == "package"
        with pytest.raises(InvalidOrder):
            adapter.change_package(made(adapter).ref, PackageChange(package="0" * 32))

    def test_a_delete_of_two_classes_does_the_first_one_only(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        naive, account = made(adapter), made(adapter)
        (row,) = panel.naive("passwd/entry/grid").json()["entries"][1:2]
        deleted = panel.naive("idnode/delete", uuid=[row["uuid"], naive.id])
        assert (deleted.status_code, deleted.json(), panel.entries()) == (200, {}, (2, 1))
        assert panel.naive("idnode/delete", uuid=["0" * 32]).json() == {}  # nothing deleted, and a success

        assert ending_of(lambda: adapter.terminate(account.ref)) is Outcome.DONE
        assert panel.account(account.username) is None
        assert adapter.terminate(naive.ref).outcome is Outcome.DONE
        assert panel.entries() == (0, 0)

    def test_an_empty_comment_is_left_out(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("edit", table="access", username=account.username, values={"comment": ""})
        rows = panel.naive("access/entry/grid").json()["entries"]
        assert "comment" not in rows[1]
        with pytest.raises(Conflict):
            adapter.suspend(account.ref, "overdue")

    def test_a_tag_that_its_owner_deleted_does_not_read_as_the_package_sold(
        self, panel: Any, made: Any
    ) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("delete_tag", tag=PACKAGE)
        assert panel.account(account.username)["tags"] == []  # every channel
        assert [item.package for item in adapter.list_accounts()] == ["unrestricted"]
        assert adapter.change_package(account.ref, PackageChange(package=OTHER)).account.package == OTHER

    def test_a_tag_that_goes_while_an_account_is_made_leaves_it_switched_off(
        self, panel: Any, order: Any
    ) -> None:
        adapter, wanted = panel.adapter(), order()
        adapter._lookups.check_package = lambda _: panel.control.act("delete_tag", tag=PACKAGE)
        assert ending_of(lambda: adapter.create(wanted)) is Outcome.UNKNOWN
        assert panel.account(wanted.credentials.username)["state"] == "suspended"
        assert not panel.logs_in(wanted.credentials.username, wanted.credentials.password.get_secret_value())

    def test_a_repeated_create_completes_what_differs(self, panel: Any, order: Any) -> None:
        adapter, wanted = panel.adapter(), order()
        name = adapter.create(wanted).account.username
        changed = {"channel_tag": [OTHER], "conn_limit": 9}
        panel.control.act("edit", table="access", username=name, values=changed)
        again = adapter.create(wanted)
        assert (again.differs, panel.account(name)["tags"]) == ((), [PACKAGE])
        assert panel.account(name)["connections"] == 1

    def test_passwords_are_in_every_list_and_never_told(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        rows = panel.naive("passwd/entry/grid").json()["entries"]
        assert rows[1]["password"] == secret_of(account)
        assert {"password2"} <= rows[1].keys()  # once more, in a form that is easily undone
        told = repr(
            [adapter.get(account.ref), *adapter.list_accounts(), adapter._lookups.held(account.username)]
        )
        assert secret_of(account) not in told
        assert rows[1]["password2"] not in told

    def test_what_the_panel_cannot_do_is_refused_unsent(self, panel: Any, order: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        sent = len(panel.operations())
        with pytest.raises(Unsupported):
            adapter.extend(account.ref, order().until)
        with pytest.raises(InvalidOrder):
            adapter.create(order(options={"colour": "red"}))
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(order(connections=-1))
        assert caught.value.field == "connections"
        with pytest.raises(InvalidOrder) as caught:
            adapter.reset_credentials(
                account.ref, Credentials(username="othername1", password=Secret("x" * 12))
            )
        assert caught.value.field == "username"
        assert len(panel.operations()) == sent

    def test_a_change_of_tag_keeps_the_limit_unless_told(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter, connections=3)
        changed = adapter.change_package(account.ref, PackageChange(package=OTHER)).account
        assert (changed.package, changed.connections) == (OTHER, 3)
        changed = adapter.change_package(account.ref, PackageChange(package=OTHER, connections=0)).account
        assert (changed.package, changed.connections) == (OTHER, 0)
        assert made(panel.adapter(conn_limit=2)).connections == 2


class TestDigest:
    def test_basic_alone_is_not_let_in(self, panel: Any) -> None:
        reply = panel.basic("serverinfo")
        assert (reply.status_code, reply.headers["WWW-Authenticate"].split()[0]) == (401, "Digest")
        assert panel.adapter().test_connection().version == "4.3-practice"

    def test_a_nonce_forgotten_between_read_and_write_doubles_nothing(self, panel: Any, order: Any) -> None:
        adapter, wanted = panel.adapter(), order()
        adapter.test_connection()
        seen: list[str] = []
        write = adapter._client._write

        def forgetful(path: str, name: str, content: Any) -> Any:
            panel.control.act("forget_nonces")
            seen.append(path)
            return write(path, name, content)

        adapter._client._write = forgetful
        assert adapter.create(wanted).outcome is Outcome.DONE
        assert len(seen) == 3
        assert panel.operations().count("create") == 2  # challenged, then answered
        assert panel.control.books()["counts"] == {"create": 1, "create_password": 1, "unsuspend": 1}
        assert panel.entries() == (1, 1)

    def test_streaming_rights_alone_lack_the_admin_right_and_no_password(self, panel: Any) -> None:
        for right in ("admin", "webui"):
            panel.control.act("revoke", permission=right)
        with pytest.raises(PanelError) as caught:
            panel.adapter().test_connection()
        assert (caught.value.code, "admin right" in caught.value.message) == ("panel_permission", True)

    def test_a_wrong_password_and_a_missing_right_get_one_answer(self, panel: Any, order: Any) -> None:
        with pytest.raises(PanelError) as caught:
            panel.adapter(password="wrong").test_connection()
        assert "password" in caught.value.message
        panel.control.act("revoke", permission="admin")
        connection = panel.adapter().test_connection()
        assert connection.missing_permissions == ("admin",)
        with pytest.raises(PanelError) as caught:
            panel.adapter().create(order())
        assert (caught.value.code, caught.value.outcome) == ("panel_auth", Outcome.REFUSED)
        assert panel.entries() == (0, 0)

    def test_the_connection_test_tells_version_and_name(self, panel: Any) -> None:
        connection = panel.adapter().test_connection()
        assert (connection.identity, connection.missing_permissions) == ("bridge", ())
