from __future__ import annotations

import stat
from pathlib import Path

import pytest

from panelbridge.contract.secret import Secret
from panelbridge.storage.exceptions import KeyFileError
from panelbridge.storage.vault.key_file import add_key, create_key_file, open_vault, read_keys

PLACE = {"table": "t", "row": "1", "field": "f"}


def test_a_key_file_is_its_owners_alone_and_made_once(tmp_path: Path) -> None:
    path = tmp_path / "secret.keys"
    assert create_key_file(path)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    before = path.read_bytes()
    assert not create_key_file(path)
    assert before == path.read_bytes()


def test_an_added_key_comes_first_and_the_old_one_still_opens(tmp_path: Path) -> None:
    path = tmp_path / "secret.keys"
    create_key_file(path)
    sealed = open_vault(path).seal(Secret("s"), **PLACE)
    [first] = read_keys(path)
    add_key(path)
    assert first == read_keys(path)[1]
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert "s" == open_vault(path).open(sealed, **PLACE).get_secret_value()
    assert ["secret.keys"] == [file.name for file in tmp_path.iterdir()]


def test_a_key_file_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.keys"
    create_key_file(path)
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        open_vault(path)


@pytest.mark.parametrize("content", [None, b"", b"# nothing\n", b"not a key\n"])
def test_a_missing_or_malformed_key_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "secret.keys"
    if content is not None:
        path.touch(mode=0o600)
        path.write_bytes(content)
    with pytest.raises(KeyFileError, match=r"secret\.keys"):
        open_vault(path)
