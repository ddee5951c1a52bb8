"""Exactly what is sent, what counts as refused, and what of a reply is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import responses
from responses import matchers

from panelbridge import (
    AccountId,
    AccountRef,
    AccountState,
    AuthenticationFailed,
    ContractBroken,
    CreateOrder,
    Credentials,
    Extend,
    InvalidOrder,
    NotFound,
    OrderFact,
    Outcome,
    OutcomeUnknown,
    PackageChange,
    PanelBusy,
    PanelError,
    PanelRefused,
    PermissionMissing,
    RateLimited,
    Secret,
    SettingsInvalid,
    Unknown,
    Unsupported,
)
from panelbridge.contract.settings import read_settings
from panelbridge_pterodactyl import PterodactylAdapter, PterodactylSettings, mapping
from panelbridge_pterodactyl.client import FieldsRefused, PterodactylClient

BASE = "https://panel.example/"
API = f"{BASE}api/application/"
SMALL: dict[str, Any] = {
    "egg": 5,
    "docker_image": "java:21",
    "startup": "java -jar x",
    "environment": {"A": "b"},
    "limits": {"memory": 2048, "disk": 0, "cpu": 100},
    "feature_limits": {"databases": 1},
    "locations": [3],
}
SETTINGS: dict[str, Any] = {"base_url": BASE, "api_key": "ptla_key", "packages": {"small": SMALL}}
LIMITS = {"memory": 2048, "swap": 0, "disk": 0, "io": 500, "cpu": 100, "threads": None}
FEATURES = {"databases": 1, "allocations": 0, "backups": 0}
SERVER: dict[str, Any] = {
    "id": 9,
    "external_id": "b:1:1",
    "status": None,
    "user": 4,
    "egg": 5,
    "allocation": 17,
    "limits": LIMITS,
    "feature_limits": FEATURES,
}
USER: dict[str, Any] = {
    "id": 4,
    "external_id": "b:1:1",
    "username": "anna2345",
    "email": "a@x.example",
    "first_name": "anna2345",
    "last_name": "anna2345",
    "root_admin": False,
}
ORDER = CreateOrder(
    credentials=Credentials(username="anna2345", password=Secret("longenough1")),
    package="small",
    until=datetime(2027, 1, 1, tzinfo=UTC),
    reference="b:1:1",
    options={"email": "a@x.example"},
)
REF = AccountRef(id=AccountId("9"), username="anna2345", reference="b:1:1")


def settings(**changes: Any) -> PterodactylSettings:
    return read_settings(PterodactylSettings, {**SETTINGS, **changes})


def resource(kind: str, attributes: Any) -> dict[str, Any]:
    return {"object": kind, "attributes": attributes}


def listed(*rows: Any, **pagination: Any) -> dict[str, Any]:
    told = {"total": len(rows), "count": len(rows), "per_page": 100, "current_page": 1, "total_pages": 1}
    data = [resource("server", row) for row in rows]
    return {"object": "list", "data": data, "meta": {"pagination": {**told, **pagination}}}


def refusal(status: int, code: str, **meta: str) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "status": str(status), "detail": "secret words of the panel"}
    return {"errors": [{**error, "meta": meta} if meta else error]}


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def adapter() -> Iterator[PterodactylAdapter]:
    with PterodactylAdapter(settings()) as built:
        yield built


@pytest.fixture
def client() -> Iterator[PterodactylClient]:
    built = PterodactylClient(settings())
    yield built
    built.close()


class TestSent:
    def test_create(self, wire: responses.RequestsMock, adapter: PterodactylAdapter) -> None:
        headers = matchers.header_matcher({"Authorization": "Bearer ptla_key", "Accept": "application/json"})
        user = {
            "external_id": "b:1:1",
            "username": "anna2345",
            "email": "a@x.example",
            "first_name": "anna2345",
            "last_name": "anna2345",
            "password": "longenough1",
        }
        server = {
            "external_id": "b:1:1",
            "name": "anna2345",
            "user": 4,
            "egg": 5,
            "docker_image": "java:21",
            "startup": "java -jar x",
            "environment": {"A": "b"},
            "limits": LIMITS,
            "feature_limits": FEATURES,
            "deploy": {"locations": [3], "dedicated_ip": False, "port_range": []},
            "start_on_completion": True,
        }
        made, installing = resource("user", USER), resource("server", {**SERVER, "status": "installing"})
        wire.post(f"{API}users", status=201, json=made, match=[headers, matchers.json_params_matcher(user)])
        body = matchers.json_params_matcher(server)
        wire.post(f"{API}servers", status=201, json=installing, match=[headers, body])
        wire.get(f"{API}servers/9", json=resource("server", SERVER), match=[headers])
        result = adapter.create(ORDER)
        assert (result.outcome, result.differs) == (Outcome.DONE, ())
        assert result.account is not None
        assert (result.account.id, result.account.package) == ("9", "small")

    def test_suspend_reads_compares_writes_and_reads(
        self, wire: responses.RequestsMock, adapter: PterodactylAdapter
    ) -> None:
        wire.get(f"{API}servers/9", json=resource("server", SERVER))
        wire.get(f"{API}users/4", json=resource("user", USER))
        wire.post(f"{API}servers/9/suspend", status=204)
        wire.get(f"{API}servers/9", json=resource("server", {**SERVER, "status": "suspended"}))
        account = adapter.suspend(REF, "overdue").account
        assert account is not None
        assert account.state is AccountState.SUSPENDED

    def test_a_build_keeps_the_allocation(
        self, wire: responses.RequestsMock, adapter: PterodactylAdapter
    ) -> None:
        old = {**SERVER, "limits": {**LIMITS, "memory": 1}}
        request = {"allocation": 17, "limits": LIMITS, "feature_limits": FEATURES}
        wire.get(f"{API}servers/9", json=resource("server", old))
        wire.get(f"{API}users/4", json=resource("user", USER))
        wire.patch(
            f"{API}servers/9/build",
            json=resource("server", SERVER),
            match=[matchers.json_params_matcher(request)],
        )
        wire.get(f"{API}servers/9", json=resource("server", SERVER))
        assert adapter.change_package(REF, PackageChange(package="small")).outcome is Outcome.DONE

    def test_what_a_wrong_order_holds_is_refused_unsent(self, adapter: PterodactylAdapter) -> None:
        for field, changes in (
            ("options.email", {"options": {"email": "no address"}}),
            ("options.email", {"options": {}}),
            ("options", {"options": {"email": "a@x.example", "colour": "red"}}),
            ("reference", {"reference": "../x"}),
            ("reference", {"reference": ".."}),
            ("package", {"package": "huge"}),
            ("connections", {"connections": 2}),
        ):
            with pytest.raises(InvalidOrder) as caught:
                adapter.create(replace(ORDER, **changes))
            assert caught.value.field == field
        with pytest.raises(Unsupported):
            adapter.extend(REF, ORDER.until)


class TestClosedList:
    @pytest.mark.parametrize(
        ("status", "code", "error", "outcome"),
        [
            (400, "DisplayException", PanelRefused, Outcome.REFUSED),
            (401, "AuthenticationException", AuthenticationFailed, Outcome.REFUSED),
            (403, "AccessDeniedHttpException", PermissionMissing, Outcome.REFUSED),
            (404, "NotFoundHttpException", NotFound, Outcome.REFUSED),
            (409, "ConflictHttpException", PanelBusy, Outcome.RETRY_LATER),
            (404, "DaemonConnectionException", ContractBroken, Outcome.UNKNOWN),
            (409, "DaemonConnectionException", ContractBroken, Outcome.UNKNOWN),
            (404, "SomethingElse", ContractBroken, Outcome.UNKNOWN),
            (405, "MethodNotAllowedHttpException", ContractBroken, Outcome.UNKNOWN),
            (422, "ValidationException", ContractBroken, Outcome.UNKNOWN),  # without a field
            (429, "TooManyRequestsHttpException", RateLimited, Outcome.RETRY_LATER),
            (500, "HttpException", OutcomeUnknown, Outcome.UNKNOWN),
            (502, "DaemonConnectionException", OutcomeUnknown, Outcome.UNKNOWN),
        ],
    )
    def test_a_write(
        self,
        wire: responses.RequestsMock,
        client: PterodactylClient,
        status: int,
        code: str,
        error: type[PanelError],
        outcome: Outcome,
    ) -> None:
        wire.post(f"{API}servers/9/suspend", status=status, json=refusal(status, code))
        with pytest.raises(error) as caught:
            client.suspend(9)
        assert caught.value.outcome is outcome
        assert "secret words" not in str(caught.value)

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (404, "<html>nginx</html>"),
            (403, ""),
            (401, "{}"),
            (400, '{"errors":[]}'),
            (400, '{"errors":[{"code":"X","status":"500"}]}'),
            (200, ""),
            (202, ""),
            (302, ""),
        ],
    )
    def test_what_the_panel_did_not_say_proves_nothing(
        self, wire: responses.RequestsMock, client: PterodactylClient, status: int, body: str
    ) -> None:
        wire.post(f"{API}servers/9/suspend", status=status, body=body)
        with pytest.raises(ContractBroken):
            client.suspend(9)

    def test_refused_fields_are_named(self, wire: responses.RequestsMock, client: PterodactylClient) -> None:
        wire.post(
            f"{API}users",
            status=422,
            json=refusal(422, "ValidationException", source_field="email", rule="unique"),
        )
        with pytest.raises(FieldsRefused) as caught:
            client.create_user({})
        assert (caught.value.rules, caught.value.field) == ({"email": "unique"}, "email")

    @pytest.mark.parametrize("field", ["<b>name</b>", "x" * 65, ""])
    def test_a_field_that_is_no_name_is_not_told_on(
        self, wire: responses.RequestsMock, client: PterodactylClient, field: str
    ) -> None:
        body = refusal(422, "ValidationException", source_field=field, rule="unique")
        wire.post(f"{API}users", status=422, json=body)
        with pytest.raises(ContractBroken):
            client.create_user({})

    def test_a_reference_that_is_taken_by_nobody_is_unknown(
        self, wire: responses.RequestsMock, adapter: PterodactylAdapter
    ) -> None:
        taken = refusal(422, "ValidationException", source_field="external_id", rule="unique")
        wire.post(f"{API}users", status=422, json=taken)
        gone = refusal(404, "NotFoundHttpException")
        wire.get(f"{API}users/external/b%3A1%3A1", status=404, json=gone)
        wire.get(f"{API}servers", json=listed(per_page=1))
        with pytest.raises(ContractBroken):
            adapter.create(ORDER)

    @pytest.mark.parametrize(
        "reply",
        [
            resource("server", {**SERVER, "external_id": "b:2:1"}),
            resource("server", {**SERVER, "user": 5}),
            resource("user", SERVER),
        ],
    )
    def test_another_server_than_ordered_is_not_done(
        self, wire: responses.RequestsMock, adapter: PterodactylAdapter, reply: Any
    ) -> None:
        wire.post(f"{API}users", status=201, json=resource("user", USER))
        wire.post(f"{API}servers", status=201, json=reply)
        if reply["attributes"]["user"] == 5:  # refused as foreign: the user made for it is taken back
            wire.delete(f"{API}users/4", status=500)
        with pytest.raises(PanelError) as caught:
            adapter.create(ORDER)
        assert caught.value.outcome is Outcome.UNKNOWN


class TestMapping:
    @pytest.mark.parametrize("field", sorted(SERVER))
    def test_a_server_that_lacks_a_field_is_loud(self, field: str) -> None:
        attributes = {name: value for name, value in SERVER.items() if name != field}
        with pytest.raises(ContractBroken, match=field):
            mapping.server_from(resource("server", attributes))

    @pytest.mark.parametrize("field", sorted(USER))
    def test_a_user_that_lacks_a_field_is_loud(self, field: str) -> None:
        attributes = {name: value for name, value in USER.items() if name != field}
        with pytest.raises(ContractBroken, match=field):
            mapping.user_from(resource("user", attributes))

    def test_unlimited_features_are_no_package(self) -> None:
        server = mapping.server_from(
            resource("server", {**SERVER, "feature_limits": {**FEATURES, "databases": None}})
        )
        assert mapping.package_of(server, settings().packages) == "other"

    @pytest.mark.parametrize(
        "pagination", [{"count": 7}, {"current_page": 2}, {"total_pages": 2}, {"per_page": 0}]
    )
    def test_a_page_that_is_not_what_it_says_is_loud(self, pagination: Any) -> None:
        with pytest.raises(ContractBroken):
            mapping.page_from(listed(SERVER, **pagination), 1)

    @pytest.mark.parametrize("account_id", ["", "x", "-1", "0", "1/../2", "9" * 30, "\u0669"])
    def test_what_is_no_id_is_not_asked_for(self, adapter: PterodactylAdapter, account_id: str) -> None:
        ref = AccountRef(id=AccountId(account_id), username="anna2345")
        assert isinstance(adapter.get(ref), Unknown)


class TestSettings:
    @pytest.mark.parametrize(
        ("packages", "words"),
        [
            ({"other": SMALL}, "stands for"),
            ({"a": SMALL, "b": {**SMALL, "title": "B"}}, "the same egg"),
            ({"a": {**SMALL, "limits": {**SMALL["limits"], "io": 9}}}, "io"),
            ({"a": {**SMALL, "limits": {**SMALL["limits"], "swap": -2}}}, "swap"),
        ],
    )
    def test_what_cannot_be_sold_is_refused_by_name(self, packages: Any, words: str) -> None:
        with pytest.raises(SettingsInvalid, match=words):
            settings(packages=packages)

    def test_capabilities(self, adapter: PterodactylAdapter) -> None:
        capabilities = adapter.capabilities
        assert capabilities.extend is Extend.NONE
        assert capabilities.needs == {OrderFact.EMAIL}
        assert capabilities.reference_field == "external_id"
