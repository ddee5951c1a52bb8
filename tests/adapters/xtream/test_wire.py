"""What is sent, byte for byte, and which answers count as what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
import responses

from panelbridge import (
    AccountId,
    AccountRef,
    AuthenticationFailed,
    Conflict,
    ContractBroken,
    CreateOrder,
    Credentials,
    InvalidOrder,
    NotFound,
    Outcome,
    PackageChange,
    PanelError,
    Secret,
    read_settings,
)
from panelbridge_xtream import XtreamAdapter, XtreamSettings, mapping
from panelbridge_xtream.client import Device, Exists, Line, XtreamClient

SETTINGS: dict[str, Any] = {
    "base_url": "http://panel.invalid:25500/",
    "api_pass": "gatekey",
    "packages": {
        "basic": {"bouquets": [1, 2], "outputs": [1, 2]},
        "big": {"bouquets": [3], "connections": 4},
    },
    "member_id": 7,
}
UNTIL = datetime(2031, 1, 31, 12, 0, 5, tzinfo=UTC)
ROW: dict[str, Any] = {
    "id": "41",
    "username": "svc1001ab",
    "password": "longenough1",
    "exp_date": str(int(UNTIL.timestamp())),
    "enabled": "1",
    "admin_enabled": "1",
    "max_connections": "1",
    "bouquet": "[1,2]",
    "output_formats": ["1", "2"],
    "is_trial": "0",
}
ORDER = CreateOrder(
    credentials=Credentials(username="svc1001ab", password=Secret("longenough1")),
    package="basic",
    until=UNTIL,
    reference="bridge:501:1",
)
REF = AccountRef(id=AccountId("41"), username="svc1001ab", password=Secret("longenough1"))
LINE = Line(username="svc1001ab", password=Secret("longenough1"))
BOX = Device(mac="00:1A:79:12:34:56")
INFO = {"result": True, "user_info": ROW}


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def adapter() -> Iterator[XtreamAdapter]:
    with XtreamAdapter(read_settings(XtreamSettings, SETTINGS)) as made:
        yield made


@pytest.fixture
def client() -> Iterator[XtreamClient]:
    made = XtreamClient(read_settings(XtreamSettings, SETTINGS))
    yield made
    made.close()


def answers(wire: responses.RequestsMock, *contents: Any) -> None:
    for content in contents:
        wire.add(responses.POST, "http://panel.invalid:25500/api.php", json=content)


def sent(wire: responses.RequestsMock) -> list[tuple[str, dict[str, str]]]:
    """Action and sub, and the form without the key, which every request must hold."""
    told = []
    for call in wire.calls:
        query = dict(parse_qsl((call.request.url or "").partition("?")[2]))
        form = dict(parse_qsl(str(call.request.body), keep_blank_values=True))
        assert form.pop("api_pass") == "gatekey"
        told.append((f"{query['action']}/{query['sub']}", form))
    return told


PAIR = {"username": "svc1001ab", "password": "longenough1"}


class TestRequests:
    def test_a_create_sends_the_pair_and_columns_and_reads_back(self, wire: Any, adapter: Any) -> None:
        answers(wire, {"result": True, "created_id": 41, **PAIR}, INFO)
        assert adapter.create(ORDER).account.id == "41"
        columns = {
            "user_data[username]": "svc1001ab",
            "user_data[password]": "longenough1",
            "user_data[exp_date]": ROW["exp_date"],
            "user_data[bouquet]": "[1, 2]",
            "user_data[max_connections]": "1",
            "user_data[output_formats]": "[1, 2]",
            "user_data[member_id]": "7",
        }
        assert sent(wire) == [("user/create", columns), ("user/info", PAIR)]

    @pytest.mark.parametrize(
        ("verb", "changed", "columns"),
        [
            (lambda a: a.suspend(REF, "x"), {"enabled": "0"}, {"user_data[enabled]": "0"}),
            (
                lambda a: a.extend(REF, datetime(2032, 1, 1, tzinfo=UTC)),
                {"exp_date": "1956528000"},
                {"user_data[exp_date]": "1956528000"},
            ),
            (
                lambda a: a.change_package(REF, PackageChange(package="big")),
                {"bouquet": "[3]", "max_connections": "4"},
                {"user_data[bouquet]": "[3]", "user_data[max_connections]": "4"},
            ),
        ],
    )
    def test_an_edit_names_the_pair_and_the_columns_that_change(
        self, wire: Any, adapter: Any, verb: Any, changed: dict[str, str], columns: dict[str, str]
    ) -> None:
        answers(wire, INFO, {"result": True}, {"result": True, "user_info": {**ROW, **changed}})
        assert verb(adapter).outcome is Outcome.DONE
        assert sent(wire) == [("user/info", PAIR), ("user/edit", {**PAIR, **columns}), ("user/info", PAIR)]

    def test_a_device_is_named_by_its_mac(self, wire: Any, client: Any) -> None:
        answers(wire, {"result": True}, {"result": True}, {"result": True, **ROW})
        client.create(BOX, {"exp_date": "1"})
        client.edit(BOX, {"enabled": "0"})
        client.read(BOX)
        named = {"mac": BOX.mac}
        assert sent(wire) == [
            ("stb/create", {"user_data[mac]": BOX.mac, "user_data[exp_date]": "1"}),
            ("stb/edit", {**named, "user_data[enabled]": "0"}),
            ("stb/info", named),
        ]

    def test_no_secret_is_in_the_address(self, wire: Any, client: Any) -> None:
        answers(wire, INFO)
        client.read(LINE)
        assert wire.calls[0].request.url == "http://panel.invalid:25500/api.php?action=user&sub=info"

    def test_a_write_is_sent_once(self, wire: Any, client: Any) -> None:
        wire.add(responses.POST, "http://panel.invalid:25500/api.php", status=502)
        with pytest.raises(PanelError):
            client.edit(LINE, {"enabled": "0"})
        assert len(wire.calls) == 1


REFUSED = [
    ("create", {"result": False, "error": "EXISTS"}, Exists),
    ("create", {"result": False, "error": "PARAMETER ERROR"}, InvalidOrder),
    ("edit", {"result": False, "error": "PARAMETER ERROR (user/pass)"}, InvalidOrder),
    ("create", {"result": False, "error": "PARAMETER ERROR (mac)"}, InvalidOrder),
    ("edit", {"result": False, "error": "NOT EXISTS"}, Conflict),
    ("edit", {"result": False, "0": "IP FORBIDDEN"}, AuthenticationFailed),
    ("create", {"result": False, "0": "KEY WRONG"}, AuthenticationFailed),
]
UNKNOWN = [
    {"result": False},
    {"result": False, "error": "SOMETHING NEW"},
    {"result": False, "error": ["EXISTS"]},
    {"result": True, "error": "NOT ENOUGH CREDITS"},
    {"result": True, "error": None},
    {"result": "true"},
    {"result": 1},
    {"error": "EXISTS"},
    {"result": True, "0": "KEY WRONG", "error": ""},
    {"0": "IP FORBIDDEN"},
    {},
    [],
    None,
    "EXISTS",
]


class TestAnswers:
    @pytest.mark.parametrize(("verb", "content", "kind"), REFUSED)
    def test_the_closed_list_of_refusals(
        self, wire: Any, client: Any, verb: str, content: Any, kind: type[PanelError]
    ) -> None:
        answers(wire, content)
        with pytest.raises(kind) as caught:
            getattr(client, verb)(LINE, {"enabled": "0"})
        assert caught.value.outcome is Outcome.REFUSED

    @pytest.mark.parametrize("verb", ["create", "edit"])
    @pytest.mark.parametrize("content", UNKNOWN)
    def test_everything_else_is_unknown(self, wire: Any, client: Any, verb: str, content: Any) -> None:
        answers(wire, content)
        with pytest.raises(ContractBroken) as caught:
            getattr(client, verb)(LINE, {"enabled": "0"})
        assert caught.value.outcome is Outcome.UNKNOWN

    def test_exists_is_no_answer_to_an_edit(self, wire: Any, client: Any) -> None:
        answers(wire, {"result": False, "error": "EXISTS"})
        with pytest.raises(ContractBroken):
            client.edit(LINE, {"password": "newpassword1"})

    def test_a_device_that_is_not_there_is_proved_absent(self, wire: Any, client: Any) -> None:
        answers(wire, {"result": False, "error": "NOT EXISTS"}, {"result": False, "error": "NOT EXISTS"})
        assert client.read(BOX) is None
        with pytest.raises(NotFound):
            client.edit(BOX, {"enabled": "0"})

    @pytest.mark.parametrize("content", [{"result": True}, {"result": True, "user_info": None}])
    def test_a_success_without_the_line_is_not_absence(self, wire: Any, client: Any, content: Any) -> None:
        answers(wire, content)
        with pytest.raises(ContractBroken):
            client.read(LINE)

    @pytest.mark.parametrize("number", [None, "", "x", 0, [41], "41.5"])
    def test_a_create_without_a_number_is_unknown(self, wire: Any, adapter: Any, number: Any) -> None:
        answers(wire, {"result": True, "created_id": number})
        with pytest.raises(ContractBroken):
            adapter.create(ORDER)

    @pytest.mark.parametrize(
        "after", [{"result": False, "0": "KEY WRONG"}, {"result": False, "error": "NOT EXISTS"}]
    )
    def test_a_made_line_is_never_told_as_refused(self, wire: Any, adapter: Any, after: Any) -> None:
        answers(wire, {"result": True, "created_id": 41}, after)
        with pytest.raises(PanelError) as caught:
            adapter.create(ORDER)
        assert caught.value.outcome is Outcome.UNKNOWN

    def test_a_half_made_line_whose_mending_is_refused_is_not_told_as_refused(
        self, wire: Any, adapter: Any
    ) -> None:
        half = {"result": True, "user_info": {**ROW, "output_formats": []}}
        answers(wire, {"result": True, "created_id": 41}, half, {"result": False, "error": "PARAMETER ERROR"})
        with pytest.raises(PanelError) as caught:
            adapter.create(ORDER)
        assert caught.value.outcome is Outcome.UNKNOWN


class TestRows:
    @pytest.mark.parametrize("name", ["exp_date", "enabled", "admin_enabled", "max_connections", "bouquet"])
    def test_a_missing_field_is_loud_and_named(self, name: str) -> None:
        with pytest.raises(ContractBroken, match=name):
            mapping.row_from({key: value for key, value in ROW.items() if key != name})

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("exp_date", "soon"), ("exp_date", ""), ("exp_date", "-5"), ("exp_date", 10**13), ("id", "x"),
            ("enabled", None), ("enabled", "2"), ("max_connections", [1]), ("bouquet", "1,2"),
            ("bouquet", {"1": 2}),
        ],
    )  # fmt: skip
    def test_a_value_of_the_wrong_kind_is_loud(self, name: str, value: Any) -> None:
        with pytest.raises(ContractBroken, match=name):
            mapping.row_from({**ROW, name: value})

    def test_numbers_come_as_text_or_not(self) -> None:
        native = {
            **ROW,
            "id": 41,
            "enabled": 1,
            "admin_enabled": True,
            "max_connections": 1,
            "bouquet": [1, 2],
        }
        assert mapping.row_from(native) == mapping.row_from(ROW)
        assert mapping.row_from({**ROW, "exp_date": None}).exp_date is None

    @pytest.mark.parametrize("shown", [{"username": "SVC1001AB"}, {"password": "LONGENOUGH1"}])
    def test_a_pair_of_other_letters_is_not_ours(self, wire: Any, adapter: Any, shown: Any) -> None:
        """A database may compare without regard to case."""
        answers(wire, {"result": True, "user_info": {**ROW, **shown}})
        with pytest.raises(Conflict):
            adapter.suspend(REF, "overdue")

    def test_a_balance_keeps_its_digits(self, wire: Any) -> None:
        answers(wire, [{"id": "1", "username": "us", "credits": "12.3450"}])
        with XtreamAdapter(read_settings(XtreamSettings, {**SETTINGS, "reseller": "us"})) as adapter:
            assert str(adapter.balance().amount) == "12.3450"

    @pytest.mark.parametrize("content", [{}, {"result": True}, [{"username": "us"}], [1], None])
    def test_an_unreadable_list_of_resellers_is_loud(self, wire: Any, content: Any) -> None:
        answers(wire, content)
        settings = read_settings(XtreamSettings, {**SETTINGS, "reseller": "us"})
        with XtreamAdapter(settings) as adapter, pytest.raises(ContractBroken):
            adapter.balance()
