"""A repeated create that finds another package than was sold: mended where the adapter can, else told."""

from __future__ import annotations

from panelbridge.contract.models import Found, Outcome, PackageChange
from panelbridge.testing.practice import Fault, PracticeProcess
from tests.support.rig import Rig


def test_an_account_adopted_with_another_package_is_put_before_a_person(
    rig: Rig, practice: PracticeProcess
) -> None:
    practice.control.set_fault(Fault.CUT_AFTER_COMMIT, "create")
    practice.control.set_fault(Fault.HTML_502, "get", times=None)
    practice.control.set_fault(Fault.HTML_502, "find", times=None)
    rig.provisioner.submit(rig.create())
    practice.control.clear_faults()
    adapter = rig.deps.panels.adapter(rig.plans["gold"].panel_id)
    found = adapter.find(username=rig.operations()[-1].username)
    assert isinstance(found, Found)
    adapter.change_package(found.account.ref, PackageChange(package="family-1m"))

    rig.settle_all()
    assert rig.operations()[-1].outcome is Outcome.ALREADY
    assert rig.attention() == ["package_differs"]
    assert rig.subscription().package == "family-1m"
