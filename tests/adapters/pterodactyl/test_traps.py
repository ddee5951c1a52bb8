"""Traps of Pterodactyl's application API: each shows a naive client being fooled, and ours not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from panelbridge import (
    Absent,
    AuthenticationFailed,
    Conflict,
    ContractBroken,
    Credentials,
    Found,
    InvalidOrder,
    Outcome,
    OutcomeUnknown,
    PackageChange,
    PanelBusy,
    PanelError,
    PanelRefused,
    PermissionMissing,
    RateLimited,
    Secret,
    Unknown,
)
from panelbridge.testing.practice import Fault
from panelbridge.transport import deadline
from panelbridge_pterodactyl.create import InstallFailed
from panelbridge_pterodactyl.practice import PACKAGES

USER = {"email": "n@x.example", "username": "naive001", "first_name": "n", "last_name": "n"}
SERVER = {**PACKAGES["small"], "name": "naive", "deploy": {"locations": []}}
SERVER["limits"] = {"memory": 1, "swap": 0, "disk": 1, "io": 500, "cpu": 0}


class TestReplies:
    def test_without_accept_a_refusal_is_a_page_that_says_200(self, panel: Any) -> None:
        naive = panel.naive("POST", "users", {}, accept=False)
        assert (naive.status_code, naive.headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
        assert panel.naive("POST", "users", {}).status_code == 422
        with pytest.raises(AuthenticationFailed):
            panel.adapter(api_key="ptla_wrong").test_connection()

    def test_the_limit_of_a_minute(self, panel_with: Any, order: Any) -> None:
        panel = panel_with(rate="3")
        for _ in range(3):
            panel.naive("GET", "users")
        assert panel.naive("POST", "users", USER).status_code == 429
        with pytest.raises(RateLimited) as caught:
            panel.adapter().create(order())
        assert caught.value.outcome is Outcome.RETRY_LATER
        assert 1 <= (caught.value.retry_after or 0) <= 61

    def test_the_limit_reached_half_way_is_not_called_nothing(self, panel_with: Any, order: Any) -> None:
        panel = panel_with(rate="1")
        with pytest.raises(OutcomeUnknown):
            panel.adapter().create(order(username="anna2345"))
        assert "anna2345" in panel.users

    def test_another_address_proves_no_absence(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        lost = panel.adapter(base_url=f"{panel.server.url}elsewhere/")
        assert isinstance(lost.get(account.ref), Unknown)
        assert isinstance(lost.find(reference=account.reference), Unknown)

    def test_a_404_counts_only_where_the_same_key_lists_servers(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        gone = b'{"errors":[{"code":"NotFoundHttpException","status":"404","detail":"x"}]}'
        panel.control.set_reply("get", status=404, body=gone, times=None)
        panel.control.set_reply("list_accounts", status=404, body=gone, times=None)
        assert isinstance(panel.adapter().get(account.ref), Unknown)

    def test_a_user_that_is_not_shown_is_no_absence_of_the_account(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        gone = b'{"errors":[{"code":"NotFoundHttpException","status":"404","detail":"x"}]}'
        panel.control.set_reply("get_user", status=404, body=gone, times=None)
        assert isinstance(panel.adapter().get(account.ref), Unknown)
        with pytest.raises(PanelError):
            panel.adapter().terminate(account.ref)
        assert panel.account(account.username)["state"] == "active"

    def test_a_missing_permission_is_named(self, panel: Any, order: Any) -> None:
        panel.control.act("revoke", permission="users:read")
        assert panel.adapter().test_connection().missing_permissions == ("users: read",)
        panel.control.act("revoke", permission="users:write")
        with pytest.raises(PermissionMissing):
            panel.adapter().create(order())


class TestCreate:
    def test_without_external_id_a_repeat_makes_a_second_server(self, panel: Any) -> None:
        user = panel.naive("POST", "users", USER).json()["attributes"]["id"]
        ids = {
            panel.naive("POST", "servers", {**SERVER, "user": user}).json()["attributes"]["id"] for _ in "ab"
        }
        assert len(ids) == 2

    @pytest.mark.parametrize("lost", ["create_user", "create"])
    @pytest.mark.parametrize("fault", [Fault.CUT_BEFORE, Fault.CUT_AFTER_COMMIT, Fault.ERROR_500_BUT_DONE])
    def test_a_lost_create_is_refused_as_there_and_adopted(
        self, panel: Any, order: Any, lost: str, fault: Fault
    ) -> None:
        request = order()
        panel.control.set_fault(fault, lost)
        with pytest.raises(OutcomeUnknown):
            panel.adapter().create(request)
        assert panel.adapter().create(request).outcome in (Outcome.DONE, Outcome.ALREADY)
        assert panel.adapter().create(request).outcome is Outcome.ALREADY
        assert panel.users == ["root", request.credentials.username]
        assert panel.control.books()["counts"]["create"] == 1
        assert panel.account(request.credentials.username)["reference"] == request.reference

    def test_a_repeat_is_refused_in_every_field_at_once(self, panel: Any, order: Any) -> None:
        request = order()
        panel.adapter().create(request)
        name = request.credentials.username
        again = {
            **USER,
            "username": name,
            "email": request.options["email"],
            "external_id": request.reference,
        }
        told = panel.naive("POST", "users", again).json()["errors"]
        assert {item["meta"]["source_field"] for item in told} == {"external_id", "username", "email"}
        assert panel.adapter().create(request).outcome is Outcome.ALREADY

    def test_made_is_not_installed(self, panel_with: Any, order: Any) -> None:
        panel = panel_with(install="3")
        user = panel.naive("POST", "users", USER).json()["attributes"]["id"]
        naive = panel.naive("POST", "servers", {**SERVER, "user": user})
        assert (naive.status_code, naive.json()["attributes"]["status"]) == (201, "installing")
        request = order()
        assert panel.adapter().create(request).outcome is Outcome.DONE
        assert panel.account(request.credentials.username)["status"] is None

    def test_a_long_installation_is_unknown_until_it_is_done(self, panel_with: Any, order: Any) -> None:
        panel, request = panel_with(install="1000"), order()
        adapter = panel.adapter(poll_seconds=0.3)
        with pytest.raises(OutcomeUnknown, match="still being installed"), deadline(1.2):
            adapter.create(request)
        assert isinstance(adapter.find(reference=request.reference), Unknown)
        name = request.credentials.username
        panel.control.act("edit", username=name, server={"reads": 1})
        assert adapter.create(request).outcome is Outcome.ALREADY
        assert isinstance(adapter.find(reference=request.reference), Found)
        assert panel.control.books()["counts"]["create"] == 1

    def test_no_patience_is_one_look(self, panel: Any, order: Any) -> None:
        adapter, request = panel.adapter(install_wait=0), order()
        with pytest.raises(OutcomeUnknown):
            adapter.create(request)
        assert adapter.create(request).outcome is Outcome.ALREADY

    def test_a_failed_installation_is_told(self, panel: Any, order: Any) -> None:
        request = order()
        panel.control.act("set", installs_that_fail=1)
        for _ in range(2):
            with pytest.raises(InstallFailed) as caught:
                panel.adapter().create(request)
            assert (caught.value.outcome, caught.value.code) == (Outcome.UNKNOWN, "install_failed")
        assert isinstance(panel.adapter().find(reference=request.reference), Unknown)
        panel.control.act(
            "edit", username=request.credentials.username, server={"status": None}
        )  # reinstalled
        assert panel.adapter().create(request).outcome is Outcome.ALREADY

    def test_a_panel_without_room_leaves_no_user_behind(self, panel: Any, order: Any) -> None:
        panel.control.act("set", no_room="yes")
        with pytest.raises(PanelRefused) as caught:
            panel.adapter().create(order(username="anna2345"))
        assert caught.value.outcome is Outcome.REFUSED
        assert panel.users == ["root"]

    def test_a_user_that_cannot_be_taken_back_is_not_called_nothing(self, panel: Any, order: Any) -> None:
        panel.control.act("set", no_room="yes")
        panel.control.set_fault(Fault.CUT_BEFORE, "delete_user")
        with pytest.raises(OutcomeUnknown):
            panel.adapter().create(order(username="anna2345"))
        assert panel.users == ["root", "anna2345"]

    def test_a_node_that_refuses_leaves_a_user_and_no_server(self, panel: Any, order: Any) -> None:
        request = order()
        panel.control.act("set", node_answers=504)
        with pytest.raises(OutcomeUnknown):
            panel.adapter().create(request)
        assert panel.control.books()["accounts"] == {}
        assert isinstance(panel.adapter().find(reference=request.reference), Absent)
        panel.control.act("set", node_answers=0)
        assert panel.adapter().create(request).outcome is Outcome.DONE

    def test_one_address_has_one_user(self, panel: Any, order: Any) -> None:
        """A second service of the same customer needs an address of its own."""
        shared = {"options": {"email": "anna@customer.example"}}
        panel.adapter().create(order(**shared))
        with pytest.raises(Conflict) as caught:
            panel.adapter().create(order(**shared))
        assert "plus_address" in caught.value.advice
        panel.adapter(plus_address=True).create(order(username="anna2345", **shared))
        assert panel.user_of("anna2345")["email"] == "anna+anna2345@customer.example"

    def test_a_reference_of_another_name_is_not_taken_over(self, panel: Any, order: Any) -> None:
        request = order(username="anna2345")
        panel.adapter().create(request)
        with pytest.raises(Conflict):
            panel.adapter().create(order(username="berta234", reference=request.reference))
        panel.control.act("edit", username="anna2345", user={"external_id": "x"})
        panel.control.act("create", username="berta234")
        assert panel.account("berta234")["reference"] is None
        with pytest.raises(Conflict):
            panel.adapter().create(order(username="berta234"))

    def test_an_unknown_egg_names_the_package(self, panel: Any, order: Any) -> None:
        packages = {"odd": {**PACKAGES["small"], "egg": 99}}
        with pytest.raises(InvalidOrder) as caught:
            panel.adapter(packages=packages).create(order(package="odd"))
        assert (caught.value.field, panel.users) == ("package", ["root"])


class TestSuspension:
    def test_twice_is_a_204_that_does_nothing(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        for _ in "ab":
            assert panel.naive("POST", f"servers/{account.id}/suspend").status_code == 204
        assert panel.control.books()["counts"]["suspend"] == 1
        sent = panel.operations().count("suspend")
        assert panel.adapter().suspend(account.ref, "overdue").outcome is Outcome.ALREADY
        assert panel.operations().count("suspend") == sent

    def test_a_transfer_is_waited_for(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        panel.control.act("edit", username=account.username, server={"transferring": 1})
        with pytest.raises(PanelBusy) as caught:
            panel.adapter().suspend(account.ref, "overdue")
        assert caught.value.outcome is Outcome.RETRY_LATER
        assert panel.account(account.username)["state"] == "active"

    @pytest.mark.parametrize("status", [500, 502, 504])
    def test_a_dead_node_is_unknown_and_changes_nothing(self, panel: Any, made: Any, status: int) -> None:
        account = made(panel.adapter())
        panel.control.act("set", node_answers=status)
        with pytest.raises(OutcomeUnknown):
            panel.adapter().suspend(account.ref, "overdue")
        assert panel.account(account.username)["state"] == "active"


class TestPackages:
    def test_a_build_without_feature_limits_is_refused(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        request = {"allocation": 1, "limits": {"memory": 1, "swap": 0, "disk": 1, "io": 500, "cpu": 0}}
        assert panel.naive("PATCH", f"servers/{account.id}/build", request).status_code == 422
        result = panel.adapter().change_package(account.ref, PackageChange(package="large"))
        assert result.account.package == "large"
        assert panel.account(account.username)["package"] == "large"

    def test_limits_of_nobody_are_no_package(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        panel.control.act("edit", username=account.username, server={"memory": 777})
        assert panel.adapter().get(account.ref).account.package == "other"

    @pytest.mark.parametrize("change", [{"egg": 1}, {"startup": "java -jar other.jar"}, {"environment": {}}])
    def test_another_egg_or_start_is_refused_unsent(self, panel: Any, made: Any, change: Any) -> None:
        account = made(panel.adapter())
        packages = {"small": PACKAGES["small"], "odd": {**PACKAGES["large"], **change}}
        with pytest.raises(InvalidOrder) as caught:
            panel.adapter(packages=packages).change_package(account.ref, PackageChange(package="odd"))
        assert caught.value.field == "package"
        assert "change_package" not in panel.operations()


class TestPasswords:
    def test_a_password_alone_is_refused(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        before = panel.user_of(account.username)
        naive = panel.naive("PATCH", f"users/{before['id']}", {"password": "newpassword1"})
        assert naive.status_code == 422
        new = Credentials(username=account.username, password=Secret("newpassword1"))
        assert panel.adapter().reset_credentials(account.ref, new).outcome is Outcome.DONE
        after = panel.user_of(account.username)
        assert panel.account(account.username)["password"] == "newpassword1"
        assert {name for name in before if before[name] != after[name]} == {"last_name"}

    def test_the_word_that_proves_it_does_not_grow(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        panel.control.act("edit", username=account.username, user={"last_name": "von Stein"})
        for password in ("newpassword1", "newpassword2"):
            new = Credentials(username=account.username, password=Secret(password))
            panel.adapter().reset_credentials(account.ref, new)
        name = panel.user_of(account.username)["last_name"]
        assert name.startswith("von Stein pb-")
        assert name.count("pb-") == 1

    def test_a_rename_is_safe_to_repeat_and_takes_no_foreign_name(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account, other = made(adapter), made(adapter)
        new = Credentials(username="renamed01", password=Secret("newpassword1"))
        for _ in "ab":
            assert adapter.reset_credentials(account.ref, new).account.username == "renamed01"
        with pytest.raises(Conflict):
            adapter.reset_credentials(
                account.ref, Credentials(username=other.username, password=new.password)
            )


class TestTerminate:
    def test_a_user_with_servers_is_not_deleted(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        user = panel.user_of(account.username)
        assert panel.naive("DELETE", f"users/{user['id']}").status_code == 400
        assert panel.adapter().terminate(account.ref).outcome is Outcome.DONE
        assert panel.users == ["root"]

    def test_a_user_with_another_server_stays_and_that_is_said(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        panel.control.act("create", username=account.username)
        result = panel.adapter().terminate(account.ref)
        assert result.outcome is Outcome.DONE
        assert "other servers" in (result.note or "")
        assert account.username in panel.users
        assert isinstance(panel.adapter().get(account.ref), Absent)
        assert panel.adapter().terminate(account.ref).outcome is Outcome.ALREADY

    @pytest.mark.parametrize("fault", [Fault.CUT_BEFORE, Fault.CUT_AFTER_COMMIT])
    def test_what_stopped_before_the_user_is_ended_by_a_repeat(
        self, panel: Any, made: Any, fault: Fault
    ) -> None:
        account = made(panel.adapter())
        panel.control.set_fault(fault, "delete_user")
        with pytest.raises(OutcomeUnknown):
            panel.adapter().terminate(account.ref)
        panel.adapter().terminate(account.ref)
        assert panel.users == ["root"]
        assert panel.adapter().terminate(account.ref).outcome is Outcome.ALREADY

    def test_the_nodes_404_is_not_the_panels(self, panel: Any, made: Any) -> None:
        """The daemon's own status comes in the panel's dress: a naive client takes the server for gone."""
        account = made(panel.adapter())
        panel.control.act("set", node_answers=404)
        assert panel.naive("DELETE", f"servers/{account.id}").status_code == 404
        with pytest.raises(ContractBroken) as caught:
            panel.adapter().terminate(account.ref)
        assert caught.value.outcome is Outcome.UNKNOWN
        assert panel.account(account.username)["state"] == "active"

    def test_an_administrator_is_spared(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        panel.control.act("edit", username=account.username, user={"root_admin": 1})
        new = Credentials(username=account.username, password=Secret("newpassword1"))
        with pytest.raises(PermissionMissing):
            panel.adapter().terminate(account.ref)
        with pytest.raises(PermissionMissing):
            panel.adapter().reset_credentials(account.ref, new)
        assert panel.account(account.username)["password"] != "newpassword1"

    def test_a_server_given_to_another_is_spared(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account, other = made(adapter), made(adapter)
        owner = panel.user_of(other.username)["id"]
        panel.control.act("edit", username=account.username, server={"user_id": owner})
        with pytest.raises(Conflict):
            adapter.terminate(account.ref)
        assert panel.control.books()["counts"].get("terminate") is None


class TestPages:
    def test_a_naive_client_sees_fifty(self, panel: Any) -> None:
        for number in range(60):
            panel.control.act("create", username=f"theirs{number:02}")
        assert len(panel.naive("GET", "servers").json()["data"]) == 50
        assert len(list(panel.adapter().list_accounts())) == 60

    def test_a_deletion_behind_the_reader_hides_a_row_of_the_next_page(self, panel_with: Any) -> None:
        panel = panel_with(page="3")
        names = [f"theirs{number}" for number in range(7)]
        for name in names:
            panel.control.act("create", username=name)

        def page(number: int) -> list[str]:
            rows = panel.naive("GET", f"servers?page={number}").json()["data"]
            return [row["attributes"]["name"] for row in rows]

        naive = page(1)
        reading = panel.adapter().list_accounts()
        ours = [next(reading).username]
        panel.control.act("delete", username="theirs0")
        panel.control.act("create", username="theirs7")
        naive += page(2) + page(3)
        ours += [account.username for account in reading]
        assert "theirs3" not in naive
        assert set(names) - {"theirs0"} <= set(ours)
        assert len(ours) == len(set(ours))

    def test_a_list_in_another_order_is_not_read_by_pages(self, panel: Any, made: Any) -> None:
        made(panel.adapter())
        made(panel.adapter())
        told = panel.naive("GET", "servers?per_page=100&page=1").json()
        told["data"].reverse()
        panel.control.set_reply("list_accounts", body=json.dumps(told).encode(), times=None)
        with pytest.raises(PanelError):
            list(panel.adapter().list_accounts())


def test_the_administration_is_linked_without_a_secret(panel: Any) -> None:
    link = panel.adapter().admin_link()
    assert link == f"{panel.server.url}admin"
