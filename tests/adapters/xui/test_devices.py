"""MAG and Enigma devices: a MAC, hardware, and a hidden line; both dialects, and the traps between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

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
    PermissionMissing,
    Secret,
    Unknown,
    Unsupported,
)
from panelbridge.testing.practice import Fault
from panelbridge_xui import ExistsIdUnknown, mapping

MAC = "00:1A:79:12:34:56"
OTHER = "00:1A:79:00:00:01"
BOUQUETS = (("bouquets_selected[]", "1"),)
UNTIL = datetime(2031, 1, 31, 12, 0, 5, tzinfo=UTC)
HARDWARE = {"sn": "S-1", "stb_type": "MAG254", "ver": "0.2.18"}
BOX: dict[str, Any] = {"package": "41", "mac": MAC}
ENIGMA: dict[str, Any] = {**BOX, "options": {"device": "enigma"}}
KINDS = {"mag": (BOX, "mag_id"), "enigma": (ENIGMA, "device_id")}


def hardware(panel: Any, mac: str) -> dict[str, Any]:
    with panel.practice.books.reading() as db:
        row = dict(db.execute("SELECT * FROM mag_devices WHERE mac = ?", (mac,)).fetchone())
    return {name: row[name] for name in HARDWARE}


def plug_in(panel: Any, mac: str) -> None:
    """The box has called at the portal, which noted what it is."""
    with panel.practice.books.writing() as db:
        sql = "UPDATE mag_devices SET sn = ?, stb_type = ?, ver = ? WHERE mac = ?"
        db.execute(sql, (*HARDWARE.values(), mac))


@pytest.fixture(params=["reseller", "admin"])
def adapter(request: pytest.FixtureRequest, panel: Any) -> Any:
    return panel.reseller(lookup=True) if request.param == "reseller" else panel.admin()


class TestCreate:
    @pytest.mark.parametrize("kind", list(KINDS))
    def test_it_makes_a_device_with_an_id_of_its_own(
        self, panel: Any, adapter: Any, order: Any, kind: str
    ) -> None:
        box, _ = KINDS[kind]
        panel.reseller().create(order())  # so that the hidden line's id is another one
        result = adapter.create(order(**box))
        account = result.account
        assert (result.outcome, account.id, account.mac) == (Outcome.DONE, f"{kind}:1", MAC)
        assert (account.state, account.package) == (AccountState.ACTIVE, "41")
        assert {"username", "password"} <= set(result.differs)
        assert len(account.username) == 32
        books = panel.account(account.username)
        assert (books["id"], books["mac"]) == (5, MAC)
        assert books["reference"] == account.reference

    def test_the_answer_is_the_device_with_its_line_inside(self, panel: Any) -> None:
        row = panel.naive("create_mag", ("package", "41"), ("mac", MAC), *BOUQUETS)["data"]
        assert (row["mag_id"], row["user_id"], row["user"]["id"]) == ("1", "4", "4")
        # A client that keeps the line's id and sends it to a device's action hits nothing, or another box.
        assert panel.naive("disable_mag", ("id", row["user_id"]))["status"] == "STATUS_FAILURE"

    def test_an_admins_enigma_is_answered_from_the_wrong_table(self, panel: Any, order: Any) -> None:
        panel.naive("create_mag", ("package", "41"), ("mac", OTHER), *BOUQUETS)
        naive = panel.naive(
            "create_enigma", ("mac", OTHER), ("package_id", "41"), ("bouquets_selected", "[1]"), admin=True
        )
        assert "device_id" not in naive["data"]
        assert naive["data"]["mag_id"] == "1"  # somebody else's box
        account = panel.admin().create(order(**ENIGMA)).account
        assert (account.id, account.mac) == ("enigma:2", MAC)

    @pytest.mark.parametrize("text", ["00-1a-79-12-34-56", "00:1a:79:12:34:56", "001A79123456"])
    def test_a_mac_is_stored_as_sent_so_we_send_one_form(
        self, panel: Any, adapter: Any, order: Any, text: str
    ) -> None:
        if len(text) > 12:
            for form in (OTHER, OTHER.replace(":", "-")):
                naive = panel.naive("create_mag", ("package", "41"), ("mac", form), *BOUQUETS)
                assert naive["status"] == "STATUS_SUCCESS"  # one box, sold twice
        account = adapter.create(order(**{**BOX, "mac": text})).account
        assert panel.account(account.username)["mac"] == MAC

    @pytest.mark.parametrize("text", ["", "00:1A:79:12:34", "00:1A:79:12:34:5G", "00:1A:79:12:34:56:78", "x"])
    def test_what_is_no_mac_is_refused_before_any_call(
        self, panel: Any, adapter: Any, order: Any, text: str
    ) -> None:
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(order(**{**BOX, "mac": text}))
        assert caught.value.field == "mac"
        assert panel.operations() == []

    @pytest.mark.parametrize(("mac", "device"), [(None, "mag"), (MAC, "line"), (MAC, "tv")])
    def test_a_device_that_does_not_fit_the_mac_is_refused_by_name(
        self, panel: Any, adapter: Any, order: Any, mac: str | None, device: str
    ) -> None:
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(order(mac=mac, options={"device": device}))
        assert caught.value.field == "options.device"
        assert panel.operations() == []

    def test_a_package_for_lines_is_refused(self, adapter: Any, order: Any) -> None:
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(order(package="1", mac=MAC))
        assert caught.value.field == "package"

    def test_packages_say_what_they_are_for(self, adapter: Any) -> None:
        sold = {package.id: package.devices for package in adapter.list_packages()}
        assert (sold["1"], sold["41"]) == ({"line"}, {"mag", "enigma"})

    def test_where_devices_are_switched_off_they_are_not_made(self, panel: Any, order: Any) -> None:
        adapter = panel.admin(devices=False)
        with pytest.raises(Unsupported):
            adapter.create(order(**BOX))
        assert panel.operations() == []
        assert adapter.capabilities.devices == {"line"}
        assert "41" not in {package.id for package in adapter.list_packages()}


class TestALostCreate:
    @pytest.mark.parametrize("kind", list(KINDS))
    def test_is_found_by_its_mac_and_our_reference(
        self, panel: Any, adapter: Any, order: Any, kind: str
    ) -> None:
        box, _ = KINDS[kind]
        request = order(**box)
        panel.control.set_fault(Fault.CUT_AFTER_COMMIT, "create")
        with pytest.raises(PanelError) as caught:
            adapter.create(request)
        assert caught.value.outcome is Outcome.UNKNOWN
        again = adapter.create(request)
        assert (again.outcome, again.account.mac) == (Outcome.ALREADY, MAC)
        assert [effect["kind"] for effect in panel.control.books()["effects"]] == ["create"]

    def test_of_somebody_else_is_a_conflict(self, panel: Any, adapter: Any, order: Any) -> None:
        adapter.create(order(**BOX))
        with pytest.raises(Conflict) as caught:
            adapter.create(order(**BOX))
        assert caught.value.outcome is Outcome.REFUSED

    def test_without_a_list_that_shows_it_needs_a_person(self, panel: Any, order: Any) -> None:
        """The reseller's list of devices is as empty as that of lines on this release."""
        adapter, request = panel.reseller(), order(**BOX)
        panel.control.set_fault(Fault.CUT_AFTER_COMMIT, "create")
        for _ in range(2):
            with pytest.raises(OutcomeUnknown) as caught:
                adapter.create(request)
        assert isinstance(caught.value, ExistsIdUnknown)

    def test_with_emptied_notes_proves_nothing(self, panel: Any, adapter: Any, order: Any) -> None:
        request = order(**BOX)
        account = adapter.create(request).account
        panel.control.act("edit", username=account.username, columns={"reseller_notes": None})
        with pytest.raises(ExistsIdUnknown):
            adapter.create(request)

    def test_a_reference_finds_a_device_where_the_search_looks_at_it(
        self, panel_with: Any, order: Any
    ) -> None:
        for search, expected in (("notes", Found), ("mac", Unknown)):
            panel = panel_with(device_search=search)
            for adapter in (panel.admin(), panel.reseller(lookup=True)):
                request = order(**{**BOX, "mac": OTHER} if adapter.balance() else BOX)
                account = adapter.create(request).account
                answer = adapter.find(reference=request.reference)
                assert isinstance(answer, expected)
                if isinstance(answer, Found):
                    assert answer.account.id == account.id

    def test_without_any_device_a_reference_is_proved_absent(self, panel: Any, adapter: Any) -> None:
        assert isinstance(adapter.find(reference="bridge:nobody:1"), Absent)


class TestEdits:
    def test_an_edit_must_name_the_mac_and_forgets_the_hardware(self, panel: Any, order: Any) -> None:
        panel.reseller().create(order(**BOX))
        plug_in(panel, MAC)
        assert panel.naive("edit_mag", ("id", "1"), *BOUQUETS)["status"] == "STATUS_INVALID_MAC"
        panel.naive("edit_mag", ("id", "1"), ("mac", MAC), *BOUQUETS)
        assert hardware(panel, MAC) == dict.fromkeys(HARDWARE)

    def test_ours_keeps_both(self, panel: Any, adapter: Any, order: Any, purchase: Any) -> None:
        account = adapter.create(order(**BOX)).account
        plug_in(panel, MAC)
        before = panel.account(account.username)
        result = adapter.extend(account.ref, UNTIL, purchase(account, "41"))
        after = panel.account(account.username)
        assert (result.outcome, hardware(panel, MAC)) == (Outcome.DONE, HARDWARE)
        assert {**after, "expires_at": None} == {**before, "expires_at": None}
        assert result.account.expires_at == datetime.fromisoformat(after["expires_at"])

    def test_hardware_that_an_edit_lost_is_told(
        self, panel: Any, order: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        adapter = panel.admin()
        account = adapter.create(order(**BOX)).account
        plug_in(panel, MAC)
        monkeypatch.setattr(mapping, "device_echo", lambda line: [("mac", line.device.mac)])
        assert adapter.extend(account.ref, UNTIL).differs == ("device",)

    def test_a_purchase_is_fenced_as_for_lines(self, panel: Any, order: Any, purchase: Any) -> None:
        adapter = panel.reseller()
        account = adapter.create(order(**BOX)).account
        planned = purchase(account, "41")
        adapter.extend(account.ref, UNTIL, planned)
        with pytest.raises(Conflict):
            adapter.extend(account.ref, UNTIL, planned)
        with pytest.raises(InvalidOrder) as caught:
            adapter.extend(account.ref, UNTIL, purchase(adapter.get(account.ref).account, "1"))
        assert caught.value.field == "package"
        assert [effect["kind"] for effect in panel.control.books()["effects"]] == ["create", "extend"]

    def test_another_package_is_written_by_an_admin(self, panel: Any, order: Any) -> None:
        adapter = panel.admin()
        account = adapter.create(order(**BOX)).account
        plug_in(panel, MAC)
        change = PackageChange(package="42", options={"device": "mag"})
        outcomes = [adapter.change_package(account.ref, change).outcome for _ in range(2)]
        assert outcomes == [Outcome.DONE, Outcome.ALREADY]
        assert panel.account(account.username)["bouquets"] == [1, 2]
        assert hardware(panel, MAC) == HARDWARE

    def test_and_bought_by_a_reseller(self, panel: Any, order: Any, purchase: Any) -> None:
        adapter = panel.reseller()
        account = adapter.create(order(**BOX)).account
        plug_in(panel, MAC)
        change = PackageChange(package="42", purchase=purchase(account, "42", allow_restart=True))
        assert adapter.change_package(account.ref, change).account.package == "42"
        assert hardware(panel, MAC) == HARDWARE

    @pytest.mark.parametrize("kind", list(KINDS))
    def test_suspend_and_unsuspend(self, panel: Any, adapter: Any, order: Any, kind: str) -> None:
        account = adapter.create(order(**KINDS[kind][0])).account
        before = panel.account(account.username)
        outcomes = [adapter.suspend(account.ref, "overdue").outcome for _ in range(2)]
        assert panel.account(account.username)["state"] == "suspended"
        outcomes += [adapter.unsuspend(account.ref).outcome for _ in range(2)]
        assert outcomes == [Outcome.DONE, Outcome.ALREADY] * 2
        assert panel.account(account.username) == before

    def test_a_ban_is_kept(self, panel: Any, adapter: Any, order: Any) -> None:
        account = adapter.create(order(**BOX)).account
        panel.control.act("ban", username=account.username)
        with pytest.raises(PermissionMissing):
            adapter.unsuspend(account.ref)

    def test_a_device_has_no_login_to_be_reset(self, panel: Any, adapter: Any, order: Any) -> None:
        account = adapter.create(order(**BOX)).account
        before = len(panel.operations())
        wanted = Credentials(username=account.username[:16], password=Secret("newpassword1"))
        with pytest.raises(Unsupported):
            adapter.reset_credentials(account.ref, wanted)
        assert len(panel.operations()) == before


class TestOwnership:
    def test_a_strangers_box_obeys_a_naive_caller(self, panel: Any, order: Any) -> None:
        account = panel.reseller().create(order(**BOX)).account
        panel.control.act("move", username=account.username)
        assert panel.naive("delete_mag", ("id", "1"))["status"] == "STATUS_SUCCESS"

    def test_and_not_ours(self, panel: Any, order: Any) -> None:
        adapter = panel.reseller(lookup=True)
        account = adapter.create(order(**BOX)).account
        panel.control.act("move", username=account.username)
        verbs: list[Callable[[], object]] = [
            lambda: adapter.terminate(account.ref),
            lambda: adapter.suspend(account.ref, "overdue"),
        ]
        for verb in verbs:
            with pytest.raises(Conflict):
                verb()
        assert panel.control.books()["foreign"][account.username]["state"] == "active"

    def test_an_id_given_out_anew_is_spared(self, panel: Any, adapter: Any, order: Any) -> None:
        account = adapter.create(order(**BOX)).account
        with pytest.raises(Conflict):
            adapter.terminate(replace(account.ref, username="somebodyelse"))
        assert panel.account(account.username)["state"] == "active"

    @pytest.mark.parametrize("text", ["mag:", "mag:0", "mag:x", "tv:1", "mag:1 ", "0", "-1", "1;2"])
    def test_an_id_of_no_known_form_is_refused_before_any_call(
        self, panel: Any, adapter: Any, order: Any, text: str
    ) -> None:
        ref = replace(adapter.create(order(**BOX)).account.ref, id=text)
        before = len(panel.operations())
        with pytest.raises(InvalidOrder):
            adapter.terminate(ref)
        assert isinstance(adapter.get(ref), Unknown)
        assert len(panel.operations()) == before


class TestTerminate:
    @pytest.mark.parametrize("kind", list(KINDS))
    def test_device_and_line_are_gone(self, panel: Any, adapter: Any, order: Any, kind: str) -> None:
        account = adapter.create(order(**KINDS[kind][0])).account
        outcomes = [adapter.terminate(account.ref).outcome for _ in range(2)]
        assert outcomes == [Outcome.DONE, Outcome.ALREADY]
        assert panel.control.books()["accounts"] == {}
        assert isinstance(adapter.get(account.ref), Absent)

    def test_the_mac_is_free_again(self, adapter: Any, order: Any) -> None:
        adapter.terminate(adapter.create(order(**BOX)).account.ref)
        assert adapter.create(order(**BOX)).outcome is Outcome.DONE


class TestLists:
    def test_a_list_of_lines_shows_no_device_and_ours_is_whole(self, panel: Any, order: Any) -> None:
        admin = panel.admin()
        made = {admin.create(order(**request)).account.id for request in ({}, BOX, ENIGMA)}
        naive = panel.naive("get_lines", ("search[value]", "conformance"), admin=True)
        assert naive["recordsFiltered"] == 0
        shown = {row["username"] for row in panel.naive("get_lines", admin=True)["data"]}
        assert not shown & {name for name in panel.control.books()["accounts"] if len(name) == 32}
        assert {account.id for account in admin.list_accounts()} == made
        assert {account.id for account in panel.reseller(lookup=True).list_accounts()} == made

    def test_where_the_resellers_list_works_it_is_whole_too(self, panel_with: Any, order: Any) -> None:
        panel = panel_with(reseller_list="works")
        adapter = panel.reseller()
        made = {adapter.create(order(**request)).account.id for request in (BOX, ENIGMA)}
        assert {account.id for account in adapter.list_accounts()} == made

    def test_a_broken_list_of_devices_is_an_error_and_never_a_part(self, panel: Any, order: Any) -> None:
        admin = panel.admin()
        for request in ({}, BOX):
            admin.create(order(**request))
        panel.control.set_fault(Fault.HTML_502, "list_accounts", times=None, skip=1)
        with pytest.raises(PanelError):
            list(admin.list_accounts())

    def test_devices_of_others_are_not_ours(self, panel: Any, order: Any) -> None:
        admin = panel.admin()
        account = admin.create(order(**BOX)).account
        panel.control.act("move", username=account.username)
        assert list(admin.list_accounts()) == []


def test_an_expiry_is_written_to_the_second(panel: Any, order: Any) -> None:
    admin = panel.admin()
    request = order(**{**BOX, "until": UNTIL, "connections": 2})
    account = admin.create(request).account
    assert (account.expires_at, account.connections) == (UNTIL, 2)
    later = UNTIL + timedelta(days=31)
    assert admin.extend(account.ref, later).account.expires_at == later
    assert admin.extend(account.ref, later).outcome is Outcome.ALREADY
