"""The engine hands verbs the present password of its books: some panels name an account by it."""

from __future__ import annotations

import pytest

from panelbridge import AccountRef, Outcome, VerbResult
from panelbridge.lifecycle import SuspensionReason
from panelbridge.provisioning import SuspendCommand
from panelbridge_reference import ReferenceAdapter
from tests.support.rig import Rig


def test_a_verb_gets_the_password_of_the_books(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[AccountRef] = []

    def watched(_: ReferenceAdapter, ref: AccountRef, __: str) -> VerbResult:
        given.append(ref)
        return VerbResult(outcome=Outcome.DONE, account=None)

    monkeypatch.setattr(ReferenceAdapter, "suspend", watched)
    made = rig.create()
    rig.provisioner.submit(made)
    rig.provisioner.submit(
        SuspendCommand(
            installation=made.installation,
            service_id=made.service_id,
            actor="test",
            reason=SuspensionReason.OVERDUE,
            owner="billing",
        )
    )
    assert [ref.password for ref in given] == [rig.subscription().password]
    assert given[0].password is not None
