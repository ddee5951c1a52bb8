"""What an edit moves without being asked (RUN on XC_VM 2025-07): kept where the panel lets us, else told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from panelbridge import Credentials, Outcome, PackageChange, Secret
from tests.support.ended import ended

LOCKED = {"is_isplock": 1, "isp_desc": "Example Net", "as_number": "64500"}
BOX: dict[str, Any] = {"package": "41", "mac": "00:1A:79:12:34:56"}


def renewed(account: Any, purchase: Any) -> tuple[Any, ...]:
    return account.ref, account.expires_at + timedelta(days=30), purchase(account)


class TestReseller:
    def test_a_renewal_that_loses_the_provider_of_the_lock_says_so(
        self, panel: Any, made: Any, purchase: Any
    ) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        panel.control.act("edit", username=account.username, columns=LOCKED)
        end = ended(adapter.extend, *renewed(account, purchase))
        row = panel.row(account.id)
        assert (row["is_isplock"], row["isp_desc"], row["as_number"]) == ("1", None, None)
        assert (end.outcome, end.differs) == (Outcome.DONE, ("isp_lock",))

    def test_a_renewal_that_resets_what_an_admin_set_says_so(
        self, panel: Any, made: Any, purchase: Any
    ) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        given = {"is_restreamer": 1, "force_server_id": 4, "forced_country": "DE", "max_connections": 3}
        panel.control.act("edit", username=account.username, columns=given)
        end = ended(adapter.extend, *renewed(account, purchase))
        assert end.outcome == Outcome.DONE
        assert set(end.differs) == {"restreamer", "forced_server", "forced_country", "connections"}

    def test_a_reset_that_takes_an_output_away_says_so(self, panel: Any, made: Any) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        panel.control.act("edit", username=account.username, columns={"allowed_outputs": "[1,2,3]"})
        new = Credentials(username=account.username, password=Secret("newpassword1"))
        end = ended(adapter.reset_credentials, account.ref, new)
        assert panel.row(account.id)["allowed_outputs"] == "[1,2]"
        assert (end.outcome, end.differs) == (Outcome.DONE, ("outputs",))

    def test_what_stands_for_nothing_is_no_difference(self, panel: Any, made: Any, purchase: Any) -> None:
        adapter = panel.reseller(lookup=True)
        account = made(adapter, **BOX)
        with panel.practice.books.reading() as db:
            row = db.execute("SELECT allowed_ua, isp_desc FROM lines WHERE is_mag = 1").fetchone()
        assert (row["allowed_ua"], row["isp_desc"]) == (None, "")
        end = ended(adapter.extend, *renewed(account, lambda one: purchase(one, "41")))
        assert (end.outcome, end.differs) == (Outcome.DONE, ())

    def test_another_package_moves_what_it_is_meant_to(self, panel: Any, made: Any, purchase: Any) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        change = PackageChange(package="21", purchase=purchase(account, "21", allow_restart=True))
        end = ended(adapter.change_package, account.ref, change)
        assert (end.outcome, end.differs) == (Outcome.DONE, ())


class TestAdmin:
    def test_an_extension_that_loses_the_provider_of_the_lock_says_so(self, panel: Any, made: Any) -> None:
        adapter = panel.admin()
        account = made(adapter)
        panel.control.act("edit", username=account.username, columns=LOCKED)
        end = ended(adapter.extend, account.ref, account.expires_at + timedelta(days=30))
        assert panel.row(account.id)["isp_desc"] is None
        assert (end.outcome, end.differs) == (Outcome.DONE, ("isp_lock",))

    def test_a_later_edit_keeps_it(self, panel: Any, made: Any) -> None:
        adapter = panel.admin()
        account = made(adapter)
        adapter.extend(account.ref, account.expires_at + timedelta(days=30))
        panel.control.act("edit", username=account.username, columns=LOCKED)
        end = ended(adapter.extend, account.ref, account.expires_at + timedelta(days=60))
        row = panel.row(account.id)
        assert (row["isp_desc"], row["as_number"], row["is_isplock"]) == ("Example Net", "64500", "1")
        assert (end.outcome, end.differs) == (Outcome.DONE, ())

    def test_a_box_that_loses_its_connections_says_so(self, panel: Any, made: Any) -> None:
        adapter = panel.admin()
        account = made(adapter, **BOX, connections=3)
        assert account.connections == 3
        end = ended(adapter.extend, account.ref, account.expires_at + timedelta(days=30))
        assert (end.outcome, end.differs, end.account.connections) == (Outcome.DONE, ("connections",), 1)

    def test_a_change_of_package_of_a_box_converges(self, panel: Any, made: Any) -> None:
        adapter = panel.admin()
        account = made(adapter, **BOX)
        change = PackageChange(package="42", connections=2)
        ends = [ended(adapter.change_package, account.ref, change) for _ in range(2)]
        assert [end.outcome for end in ends] == [Outcome.DONE, Outcome.ALREADY]
        assert {end.differs for end in ends} == {("connections",)}

    def test_the_owner_stays_without_being_told(self, panel: Any, made: Any) -> None:
        account = made(panel.admin())
        fields = (("username", account.username), ("password", "anewpassword"), ("bouquets_selected", "[1]"))
        edited = panel.naive("edit_line", ("id", account.id), *fields, admin=True)
        assert edited["data"]["member_id"] == "2"
