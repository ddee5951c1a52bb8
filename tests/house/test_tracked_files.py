"""Nothing in the repository names a machine it was made on, a package registry's host, or holds a key."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.house import ROOT, files

# Spelt with brackets, so that this file does not find itself.
MACHINE_PATHS = re.compile(r"/wor[k]/|/tmp/[w]/|/roo[t]/|/opt/pyp[i]|/opt/wheel[s]|\.pyen[v]/")
REGISTRIES = re.compile(
    r"pyp[i]\.org|pythonhoste[d]|npmj[s]\.|ghc[r]\.io|docke[r]\.io|packagis[t]|deb\.debia[n]\.org|file:/[/]/",
    re.IGNORECASE,
)
PRIVATE_KEYS = re.compile(r"-----BEGIN [A-Z ]*PRIVAT[E] KEY-----")
API_KEYS = re.compile(r"\bpb_(?:live|test)_[A-Za-z0-9_]{40,}")


def _text_files() -> Iterator[tuple[Path, str]]:
    for path in files():
        try:
            yield path, (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            assert path.suffix in (".png", ".ico", ".bin"), f"{path} is neither text nor a picture"


def _found(pattern: re.Pattern[str], *, spared: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for path, text in _text_files()
        if not path.as_posix().startswith(spared or ("\0",))
        for match in pattern.finditer(text)
    ]


def test_no_path_of_a_machine() -> None:
    assert _found(MACHINE_PATHS) == []


def test_no_host_of_a_package_registry() -> None:
    assert _found(REGISTRIES) == []


def test_no_private_key_and_no_api_key() -> None:
    assert _found(PRIVATE_KEYS) == []
    assert _found(API_KEYS, spared=("tests/",)) == []


def test_nothing_is_left_to_do_by_a_comment() -> None:
    assert _found(re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b")) == []


def test_every_python_module_begins_with_what_it_is_for() -> None:
    silent = [
        str(path)
        for path, text in _text_files()
        if path.suffix == ".py"
        and path.parts[0] in ("panelbridge", "adapters", "whmcs_module_shim", "scripts")
        if not ast.get_docstring(ast.parse(text))
    ]

    assert silent == []
