"""A reference to an account carries its present password for panels that ask for it, and never shows it."""

from __future__ import annotations

from panelbridge import AccountId, AccountRef, AccountState, PanelAccount, Secret

ACCOUNT = PanelAccount(
    id=AccountId("7"), username="maria2345", state=AccountState.ACTIVE, password=Secret("geheim2345")
)


def test_an_accounts_reference_carries_the_password_that_was_read() -> None:
    assert ACCOUNT.ref.password == Secret("geheim2345")


def test_the_password_is_not_shown_and_is_no_part_of_who_the_account_is() -> None:
    bare = AccountRef(id=AccountId("7"), username="maria2345")
    assert bare.password is None
    assert ACCOUNT.ref == bare
    assert hash(ACCOUNT.ref) == hash(bare)
    assert "password" not in repr(ACCOUNT.ref)
