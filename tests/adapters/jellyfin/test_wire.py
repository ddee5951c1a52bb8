"""Exactly what is sent, what counts as refused, and what of a reply is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses
from responses import matchers

from panelbridge import (
    AuthenticationFailed,
    ContractBroken,
    Extend,
    InvalidOrder,
    Outcome,
    OutcomeUnknown,
    PanelError,
    PermissionMissing,
    Secret,
    SettingsInvalid,
    Unsupported,
    Verb,
)
from panelbridge.contract.settings import read_settings
from panelbridge_jellyfin import Dialect, JellyfinAdapter, JellyfinSettings, mapping
from panelbridge_jellyfin.client import JellyfinClient
from panelbridge_jellyfin.settings import FolderPackage

BASE = "http://media.example/jf/"
MOVIES = "f137a2dd21bbc1b99aa5c0f6bf02a805"
SETTINGS: dict[str, Any] = {
    "base_url": BASE,
    "api_key": "k" * 32,
    "packages": {"movies": {"folders": [MOVIES]}},
}
POLICY: dict[str, Any] = {
    "IsAdministrator": False,
    "IsDisabled": False,
    "EnableAllFolders": False,
    "EnabledFolders": [MOVIES],
    "EnableLiveTvAccess": False,
    "MaxActiveSessions": 2,
    "LoginAttemptsBeforeLockout": 3,
    "AuthenticationProviderId": "Some.Provider",
    "PasswordResetProviderId": "Some.Provider",
    "AccessSchedules": [{"DayOfWeek": "Monday", "StartHour": 7.5}],
}
USER: dict[str, Any] = {"Id": "a" * 32, "Name": "anna2345", "HasConfiguredPassword": True, "Policy": POLICY}
PATH = f"{BASE}Users/{'a' * 32}"


def settings(**changes: Any) -> JellyfinSettings:
    return read_settings(JellyfinSettings, {**SETTINGS, **changes})


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def client() -> Iterator[JellyfinClient]:
    built = JellyfinClient(settings())
    yield built
    built.close()


@pytest.fixture
def emby() -> Iterator[JellyfinClient]:
    built = JellyfinClient(settings(dialect="emby"))
    yield built
    built.close()


class TestSent:
    def test_create(self, wire: responses.RequestsMock, client: JellyfinClient, emby: JellyfinClient) -> None:
        token = {"Authorization": f'MediaBrowser Token="{"k" * 32}"'}
        body = {"Name": "anna2345", "Password": "longenough1"}
        wire.post(
            f"{BASE}Users/New",
            json=USER,
            match=[matchers.json_params_matcher(body), matchers.header_matcher(token)],
        )
        wire.post(
            f"{BASE}Users/New",
            json=USER,
            match=[
                matchers.json_params_matcher({"Name": "anna2345"}),
                matchers.header_matcher({"X-Emby-Token": "k" * 32}),
            ],
        )
        assert client.create("anna2345", Secret("longenough1"))["Id"] == "a" * 32
        assert emby.create("anna2345", Secret("longenough1"))["Id"] == "a" * 32

    def test_the_policy_goes_back_whole(self, wire: responses.RequestsMock, client: JellyfinClient) -> None:
        user = mapping.user_from(json.loads(json.dumps(USER)), Dialect.JELLYFIN)
        wire.post(
            f"{PATH}/Policy", status=204, match=[matchers.json_params_matcher({**POLICY, "IsDisabled": True})]
        )
        client.set_policy(user.id, mapping.switched(user.policy, disabled=True))

    def test_a_password_by_release(self, wire: responses.RequestsMock, client: JellyfinClient) -> None:
        body = matchers.json_params_matcher({"NewPw": "newpassword1"})
        user_id = matchers.query_param_matcher({"userId": "a" * 32})
        wire.post(f"{BASE}Users/Password", status=204, match=[body, user_id])
        client.set_password("a" * 32, Secret("newpassword1"))
        older = JellyfinClient(settings(old_password_path=True))
        wire.post(f"{PATH}/Password", status=204, match=[body])
        older.set_password("a" * 32, Secret("newpassword1"))
        older.close()

    def test_a_password_on_emby(self, wire: responses.RequestsMock, emby: JellyfinClient) -> None:
        body = matchers.json_params_matcher({"Id": "a" * 32, "NewPw": "newpassword1"})
        wire.post(f"{PATH}/Password", status=200, match=[body])
        emby.set_password("a" * 32, Secret("newpassword1"))

    def test_a_login_carries_no_key_of_ours_and_is_ended(
        self, wire: responses.RequestsMock, client: JellyfinClient
    ) -> None:
        wire.post(f"{BASE}Users/AuthenticateByName", json={"AccessToken": "t" * 32, "User": USER})
        ended = matchers.header_matcher({"Authorization": f'MediaBrowser Token="{"t" * 32}"'})
        wire.post(f"{BASE}Sessions/Logout", status=500, match=[ended])
        assert client.password_works("anna2345", Secret("longenough1"))
        assert "k" * 32 not in str(wire.calls[0].request.headers)

    def test_emby_is_asked_page_by_page(self, wire: responses.RequestsMock, emby: JellyfinClient) -> None:
        def page(start: int) -> Any:
            return matchers.query_param_matcher({"StartIndex": str(start), "Limit": "500"})

        wire.get(f"{BASE}Users/Query", json={"Items": [USER], "TotalRecordCount": 2}, match=[page(0)])
        wire.get(f"{BASE}Users/Query", json={"Items": [USER], "TotalRecordCount": 2}, match=[page(1)])
        assert len(list(emby.users())) == 2


class TestClosedList:
    @pytest.mark.parametrize(
        ("status", "body", "error", "outcome"),
        [
            (400, "Error processing request.", InvalidOrder, Outcome.REFUSED),
            (400, '{"title":"One or more validation errors occurred."}', InvalidOrder, Outcome.REFUSED),
            (401, "", AuthenticationFailed, Outcome.REFUSED),
            (403, "", PermissionMissing, Outcome.REFUSED),
            (403, "<html>go away</html>", ContractBroken, Outcome.UNKNOWN),
            (400, "\r\n<html>bad gateway</html>", ContractBroken, Outcome.UNKNOWN),
            (404, '"User not found"', ContractBroken, Outcome.UNKNOWN),
            (405, "", ContractBroken, Outcome.UNKNOWN),
            (200, "", ContractBroken, Outcome.UNKNOWN),
            (202, "{}", ContractBroken, Outcome.UNKNOWN),
            (302, "", ContractBroken, Outcome.UNKNOWN),
            (500, "Error processing request.", OutcomeUnknown, Outcome.UNKNOWN),
        ],
    )
    def test_a_write(
        self,
        wire: responses.RequestsMock,
        client: JellyfinClient,
        status: int,
        body: str,
        error: type[PanelError],
        outcome: Outcome,
    ) -> None:
        wire.post(f"{PATH}/Policy", status=status, body=body)
        with pytest.raises(error) as caught:
            client.set_policy("a" * 32, POLICY)
        assert caught.value.outcome is outcome

    def test_a_200_of_emby_counts_only_when_it_is_empty(
        self, wire: responses.RequestsMock, emby: JellyfinClient
    ) -> None:
        wire.post(f"{PATH}/Policy", status=200)
        emby.set_policy("a" * 32, POLICY)
        wire.replace("POST", f"{PATH}/Policy", status=200, body="<html>welcome</html>")
        with pytest.raises(ContractBroken):
            emby.set_policy("a" * 32, POLICY)

    @pytest.mark.parametrize(
        ("status", "body", "works"), [(401, "Error processing request.", False), (403, "", None)]
    )
    def test_a_login_refused(
        self, wire: responses.RequestsMock, client: JellyfinClient, status: int, body: str, works: bool | None
    ) -> None:
        wire.post(f"{BASE}Users/AuthenticateByName", status=status, body=body)
        assert client.password_works("anna2345", Secret("longenough1")) is works

    @pytest.mark.parametrize(("status", "body"), [(400, ""), (200, "{}"), (200, '{"AccessToken":null}')])
    def test_a_login_that_tells_nothing(
        self, wire: responses.RequestsMock, client: JellyfinClient, status: int, body: str
    ) -> None:
        wire.post(f"{BASE}Users/AuthenticateByName", status=status, body=body)
        with pytest.raises(PanelError):
            client.password_works("anna2345", Secret("longenough1"))


class TestMapping:
    @pytest.mark.parametrize(
        "field",
        [
            "IsAdministrator",
            "IsDisabled",
            "EnableAllFolders",
            "EnabledFolders",
            "EnableLiveTvAccess",
            "MaxActiveSessions",
            "AuthenticationProviderId",
            "PasswordResetProviderId",
        ],
    )
    def test_a_policy_that_lacks_a_field_is_loud(self, field: str) -> None:
        policy = {name: value for name, value in POLICY.items() if name != field}
        with pytest.raises(ContractBroken, match=field):
            mapping.user_from({**USER, "Policy": policy}, Dialect.JELLYFIN)

    @pytest.mark.parametrize(
        "payload", [None, [], {**USER, "Id": "../x"}, {**USER, "Name": ""}, {**USER, "Policy": []}]
    )
    def test_what_is_no_user_is_loud(self, payload: Any) -> None:
        with pytest.raises(ContractBroken):
            mapping.user_from(payload, Dialect.JELLYFIN)

    def test_providers_are_needed_on_jellyfin_alone(self) -> None:
        policy = {**POLICY, "AuthenticationProviderId": ""}
        with pytest.raises(ContractBroken, match="AuthenticationProviderId"):
            mapping.user_from({**USER, "Policy": policy}, Dialect.JELLYFIN)
        assert mapping.user_from({**USER, "Policy": policy}, Dialect.EMBY).connections is None

    def test_ids_are_one_with_and_without_dashes(self) -> None:
        dashed = "F137A2DD-21BB-C1B9-9AA5-C0F6BF02A805"
        user = mapping.user_from({**USER, "Policy": {**POLICY, "EnabledFolders": [dashed]}}, Dialect.JELLYFIN)
        assert mapping.package_of(user, settings().packages) == "movies"

    def test_access_that_no_package_gives_is_told_as_it_is(self) -> None:
        user = mapping.user_from({**USER, "Policy": {**POLICY, "EnableLiveTvAccess": True}}, Dialect.JELLYFIN)
        assert mapping.package_of(user, settings().packages) == f"folders: {MOVIES},live tv"


class TestSettings:
    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"packages": {"none": {}}}, "needs folders or live_tv"),
            ({"packages": {"everything": {"live_tv": True}}}, "names of states"),
            ({"packages": {"a": {"live_tv": True}, "b": {"live_tv": True, "title": "B"}}}, "grant the same"),
            (
                {"dialect": "emby", "packages": {"a": {"live_tv": True, "connections": 1}}},
                "not known well enough",
            ),
            ({"packages": {"a": {"folders": ["../x"]}}}, "packages"),
        ],
    )
    def test_what_cannot_be_sold_is_refused_by_name(self, changes: Any, words: str) -> None:
        with pytest.raises(SettingsInvalid, match=words):
            settings(**changes)

    def test_a_package_is_told_by_its_access(self) -> None:
        assert FolderPackage(folders=frozenset({MOVIES})).grants == (frozenset({MOVIES}), False)

    def test_capabilities_of_the_dialects(self) -> None:
        jellyfin, emby = (
            JellyfinAdapter(settings(dialect=dialect)).capabilities for dialect in ("jellyfin", "emby")
        )
        assert jellyfin != emby
        assert jellyfin.extend is emby.extend is Extend.NONE
        assert Verb.CREATE in jellyfin.safe_repeats
        assert Verb.CREATE not in emby.safe_repeats

    def test_an_extend_is_refused_unsent(self) -> None:
        with JellyfinAdapter(settings()) as adapter, pytest.raises(Unsupported):
            adapter.extend(None, None)  # type: ignore[arg-type]
