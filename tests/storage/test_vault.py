from __future__ import annotations

import traceback

import pytest
from cryptography.fernet import Fernet

from panelbridge.contract.secret import Secret
from panelbridge.storage.exceptions import VaultError
from panelbridge.storage.vault.sealing import Vault

OLD, NEW = Fernet.generate_key(), Fernet.generate_key()
CANARY = "canary-9f2k"
PLACE = {"table": "panels", "row": "3", "field": "api_key"}


def test_what_was_sealed_opens_in_its_place() -> None:
    vault = Vault([OLD])
    sealed = vault.seal(Secret(CANARY), **PLACE)
    assert CANARY not in sealed
    assert CANARY == vault.open(sealed, **PLACE).get_secret_value()
    assert sealed != vault.seal(Secret(CANARY), **PLACE)


@pytest.mark.parametrize("change", [{"table": "plans"}, {"row": "4"}, {"field": "password"}])
def test_a_value_copied_elsewhere_is_refused(change: dict[str, str]) -> None:
    vault = Vault([OLD])
    sealed = vault.seal(Secret(CANARY), **PLACE)
    with pytest.raises(VaultError, match="another place") as caught:
        vault.open(sealed, **{**PLACE, **change})
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("damage", ["", "x", "cut"])
def test_a_changed_value_is_refused(damage: str) -> None:
    vault = Vault([OLD])
    sealed = vault.seal(Secret(CANARY), **PLACE)
    with pytest.raises(VaultError, match=r"panels\.api_key of row 3"):
        vault.open(sealed[:-5] if damage == "cut" else damage, **PLACE)


def test_a_rotation_keeps_secret_and_place() -> None:
    sealed = Vault([OLD]).seal(Secret(CANARY), **PLACE)
    both, only_new = Vault([NEW, OLD]), Vault([NEW])
    with pytest.raises(VaultError):
        only_new.open(sealed, **PLACE)
    moved = both.rotate(sealed)
    assert CANARY == only_new.open(moved, **PLACE).get_secret_value()
    with pytest.raises(VaultError, match="another place"):
        only_new.open(moved, **{**PLACE, "row": "4"})


def test_fingerprints_survive_a_rotation_and_tell_parts_apart() -> None:
    before, after = Vault([OLD]), Vault([NEW, OLD])
    assert before.fingerprint("a", "b") == after.fingerprint("a", "b")
    marks = {before.fingerprint(*parts) for parts in (("ab",), ("a", "b"), ("", "ab"), ("ab", ""), ())}
    assert 5 == len(marks)
    assert Vault([NEW]).fingerprint("a") != before.fingerprint("a")


def test_the_chain_signs_with_the_newest_key_and_knows_the_old() -> None:
    before, after = Vault([OLD]).chain, Vault([NEW, OLD]).chain
    assert before.current != after.current
    assert before.sign(b"x", before.current) == after.sign(b"x", before.current)


def test_no_key_shows_in_a_repr() -> None:
    vault = Vault([OLD])
    assert OLD.decode() not in repr(vault) + repr(vault.chain)
    assert "keys" not in repr(vault.chain)


@pytest.mark.parametrize("keys", [[], [b"short"], [b"!" * 44]])
def test_unfit_keys_are_refused(keys: list[bytes]) -> None:
    with pytest.raises(VaultError):
        Vault(keys)
