"""ejabberd's traps: a few naive lines fall into each, the description does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import requests

from panelbridge import (
    Absent,
    AuthenticationFailed,
    CreateOrder,
    Credentials,
    Found,
    InvalidOrder,
    NotFound,
    Outcome,
    OutcomeUnknown,
    PanelError,
    PermissionMissing,
    Secret,
    Unknown,
    Verb,
)
from panelbridge.contract.models import AccountId, AccountRef
from panelbridge.testing.practice import Fault, ScriptedReply
from tests.adapters.declarative.conftest import SOON, Practised, Start, books

NAME = "svc00001"


def order(password: str = "Passw0rd00000001") -> CreateOrder:
    credentials = Credentials(username=NAME, password=Secret(password))
    return CreateOrder(credentials=credentials, package="", until=SOON, reference="bridge:1:1")


def ref(password: str | None = "Passw0rd00000001") -> AccountRef:
    known = None if password is None else Secret(password)
    return AccountRef(id=AccountId(NAME), username=NAME, password=known)


class Naive:
    """What somebody writes in an afternoon."""

    def __init__(self, panel: Practised) -> None:
        self.url = panel.practice.url + "api/"
        self.auth = (panel.practice.settings["user"], panel.practice.settings["password"])

    def reply(self, command: str, **given: Any) -> requests.Response:
        body = {"user": NAME, "host": "chat.example", **given}
        return requests.post(self.url + command, json=body, auth=self.auth, timeout=5)

    def call(self, command: str, **given: Any) -> Any:
        return self.reply(command, **given).json()


def test_zero_is_yes(practised: Start) -> None:
    panel = practised("ejabberd")
    naive = Naive(panel)
    assert bool(naive.call("check_account"))  # "it exists", and nobody is there
    assert isinstance(panel.adapter.find(username=NAME), Absent)
    panel.adapter.create(order())
    assert not bool(naive.call("check_account"))
    assert isinstance(panel.adapter.find(username=NAME), Found)


def test_a_host_that_is_none_looks_like_an_empty_one(practised: Start) -> None:
    panel = practised("ejabberd")
    panel.adapter.create(order())
    assert Naive(panel).call("check_account", host="caht.example") == 1  # "gone", and it never was there
    with panel.with_settings(host="caht.example") as stranger:
        assert isinstance(stranger.find(username=NAME), Unknown)
        for attempt in (stranger.test_connection, lambda: stranger.terminate(ref())):
            with pytest.raises(PermissionMissing, match="Unknown virtual host"):
                attempt()
    assert books(panel) is not None


def test_an_unknown_host_is_a_500_that_did_nothing(practised: Start) -> None:
    panel = practised("ejabberd")
    assert Naive(panel).reply("register", host="caht.example", password="x").status_code == 500
    panel.practice.control.set_reply("get", times=1, **vars(ScriptedReply(body=b"[]")))
    with panel.with_settings(host="caht.example") as stranger, pytest.raises(PermissionMissing) as caught:
        stranger.create(order())
    assert caught.value.outcome is Outcome.REFUSED


def test_a_presence_is_told_of_anybody(practised: Start) -> None:
    panel = practised("ejabberd")
    assert Naive(panel).reply("get_presence").ok  # "offline", and nobody
    assert isinstance(panel.adapter.get(ref()), Absent)


def test_a_delete_of_nobody_is_a_success(practised: Start) -> None:
    panel = practised("ejabberd")
    naive = Naive(panel)
    assert naive.reply("unregister", user="svc0001").ok  # a typing error, "deleted"
    panel.adapter.create(order())
    assert panel.adapter.terminate(ref()).outcome is Outcome.DONE
    assert panel.adapter.terminate(ref()).outcome is Outcome.ALREADY
    panel.adapter.create(order())
    panel.practice.control.set_fault(Fault.SUCCESS_BUT_NOTHING, "terminate")
    with pytest.raises(PanelError) as caught:  # the same "", and it is still there
        panel.adapter.terminate(ref())
    assert caught.value.outcome is Outcome.UNKNOWN


def test_a_ban_of_nobody_makes_somebody(practised: Start) -> None:
    panel = practised("ejabberd")
    with pytest.raises(NotFound):
        panel.adapter.suspend(ref(), "overdue")
    assert books(panel) is None
    assert Naive(panel).call("ban_account", reason="overdue") == 0
    assert books(panel) is not None  # an account that nobody ordered


def test_a_ban_is_not_shown_and_seen_by_the_password(practised: Start) -> None:
    panel = practised("ejabberd")
    panel.adapter.create(order())
    panel.practice.control.set_fault(Fault.SUCCESS_BUT_NOTHING, "suspend")
    with pytest.raises(OutcomeUnknown):
        panel.adapter.suspend(ref(), "overdue")
    assert books(panel)["state"] == "active"
    assert panel.adapter.suspend(ref(), "overdue").outcome is Outcome.DONE
    assert books(panel)["state"] == "suspended"
    assert Verb.SUSPEND not in panel.adapter.capabilities.safe_repeats


def test_the_end_of_a_ban_is_the_old_password_again(practised: Start) -> None:
    panel = practised("ejabberd")
    panel.adapter.create(order())
    panel.adapter.suspend(ref(), "overdue")
    assert books(panel)["password"].startswith("BANNED_ACCOUNT")
    with pytest.raises(InvalidOrder) as caught:  # without it nothing is sent
        panel.adapter.unsuspend(ref(None))
    assert caught.value.field == "password"
    assert panel.adapter.unsuspend(ref()).outcome is Outcome.DONE
    assert (books(panel)["password"], books(panel)["state"]) == ("Passw0rd00000001", "active")


def test_a_reason_becomes_a_part_of_a_password(practised: Start) -> None:
    panel = practised("ejabberd")
    panel.adapter.create(order())
    assert Naive(panel).reply("ban_account", reason="überfällig").status_code == 500
    assert books(panel)["state"] == "active"
    assert panel.adapter.suspend(ref(), "überfällig\n").outcome is Outcome.DONE


def test_a_taken_name_is_409_and_never_ours_by_its_name_alone(practised: Start) -> None:
    panel = practised("ejabberd")
    panel.adapter.create(order())
    assert Naive(panel).reply("register", password="x").status_code == 409
    with pytest.raises(OutcomeUnknown):
        panel.adapter.create(order("An0therPassword1"))
    panel.practice.control.set_reply("get", times=1, **vars(ScriptedReply(body=b"[]")))
    with pytest.raises(OutcomeUnknown):  # taken since we looked
        panel.adapter.create(order("An0therPassword1"))
    assert books(panel)["password"] == "Passw0rd00000001"


def test_capitals_are_lowered(practised: Start) -> None:
    panel = practised("ejabberd")
    assert Naive(panel).reply("register", user="SVC00001", password="x").ok
    assert "SVC00001" not in panel.practice.control.books()["accounts"]
    loud = replace(order(), credentials=Credentials(username="SVC00001", password=Secret("Passw0rd1")))
    with pytest.raises(InvalidOrder):
        panel.adapter.create(loud)


def test_a_new_password_is_tried(practised: Start) -> None:
    panel = practised("ejabberd")
    panel.adapter.create(order())
    renewed = Credentials(username=NAME, password=Secret("Newpassword00001"))
    panel.practice.control.set_fault(Fault.SUCCESS_BUT_NOTHING, "reset_credentials")
    with pytest.raises(OutcomeUnknown):
        panel.adapter.reset_credentials(ref(), renewed)
    assert panel.adapter.reset_credentials(ref(), renewed).outcome is Outcome.DONE
    assert books(panel)["password"] == "Newpassword00001"


def test_no_credentials_and_wrong_ones_are_told_apart(practised: Start) -> None:
    panel = practised("ejabberd")
    url = panel.practice.url + "api/registered_users"
    assert requests.post(url, json={"host": "chat.example"}, timeout=5).status_code == 403
    with panel.with_settings(password="wr0ng") as stranger, pytest.raises(AuthenticationFailed):
        stranger.test_connection()


def ended(deed: Any) -> Outcome:
    try:
        outcome: Outcome = deed().outcome
    except PanelError as error:
        outcome = error.outcome
    return outcome


def test_from_24_06_a_ban_is_a_record_that_no_password_ends(practised: Start) -> None:
    """A customer who paid stays locked out, by whoever sets his password again as before."""
    panel = practised("ejabberd", release="24.06")
    naive = Naive(panel)
    panel.adapter.create(order())
    assert panel.adapter.suspend(ref(), "overdue").outcome is Outcome.DONE
    assert naive.call("change_password", newpass="Passw0rd00000001") == 0  # "lifted", and it is not
    assert naive.call("check_password", password="Passw0rd00000001") == 1
    assert books(panel)["state"] == "suspended"
    assert ended(lambda: panel.adapter.unsuspend(ref())) is Outcome.DONE
    assert naive.call("check_password", password="Passw0rd00000001") == 0
    assert ended(lambda: panel.adapter.unsuspend(ref())) in (Outcome.DONE, Outcome.ALREADY)


def test_a_ban_on_record_is_lifted_without_the_password(practised: Start) -> None:
    """An adopted account, or one whose owner chose another password: what he has stays."""
    panel = practised("ejabberd", release="24.06")
    panel.adapter.create(order())
    panel.adapter.suspend(ref(None), "overdue")
    Naive(panel).call("change_password", newpass="0wnChoice0000001")
    assert ended(lambda: panel.adapter.unsuspend(ref(None))) is Outcome.DONE
    assert (books(panel)["password"], books(panel)["state"]) == ("0wnChoice0000001", "active")


@pytest.mark.parametrize("password", ["Passw0rd00000001", None])
def test_a_second_suspend_of_a_ban_on_record_is_no_doubt(practised: Start, password: str | None) -> None:
    panel = practised("ejabberd", release="24.06")
    panel.adapter.create(order())
    for _ in range(2):
        assert ended(lambda: panel.adapter.suspend(ref(password), "overdue")) is not Outcome.UNKNOWN
        assert books(panel)["state"] == "suspended"


def test_a_new_password_during_a_ban_on_record_is_kept_and_lifts_nothing(practised: Start) -> None:
    panel = practised("ejabberd", release="24.06")
    panel.adapter.create(order())
    panel.adapter.suspend(ref(), "overdue")
    renewed = Credentials(username=NAME, password=Secret("Newpassword00001"))
    assert ended(lambda: panel.adapter.reset_credentials(ref(), renewed)) is Outcome.DONE
    assert (books(panel)["password"], books(panel)["state"]) == ("Newpassword00001", "suspended")
    panel.adapter.unsuspend(ref("Newpassword00001"))
    assert Naive(panel).call("check_password", password="Newpassword00001") == 0


@pytest.mark.parametrize("release", ["23.01", "24.06"])
@pytest.mark.parametrize("verb", ["suspend", "unsuspend"])
def test_what_a_server_only_says_is_not_done(practised: Start, release: str, verb: str) -> None:
    panel = practised("ejabberd", release=release)
    panel.adapter.create(order())
    if verb == "unsuspend":
        panel.adapter.suspend(ref(), "overdue")
    before = books(panel)["state"]
    panel.practice.control.set_fault(Fault.SUCCESS_BUT_NOTHING, verb)
    deed = panel.adapter.unsuspend if verb == "unsuspend" else lambda one: panel.adapter.suspend(one, "x")
    assert ended(lambda: deed(ref())) is Outcome.UNKNOWN
    assert books(panel)["state"] == before
