"""No line of a shipped description is idle: taking any one out is refused by the check or seen in the round.

A description joins by lying in the folder; its practice panel brings the replies that are known.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from panelbridge import SettingsInvalid
from panelbridge_declarative.description.load import SHIPPED, SpecInvalid, find, shipped
from panelbridge_declarative.practice import practised
from tests.adapters.declarative.round import seen


def _lines(name: str) -> list[str]:
    return find(name).read_text().splitlines(keepends=True)


def _is_idle(line: str) -> bool:
    text = line.strip()
    return not text or text.startswith("#")


def _seen(name: str, file: Path, books: Path) -> Iterator[Any]:
    try:
        yield from seen(name, file, books)
    except (SpecInvalid, SettingsInvalid) as error:
        yield f"refused: {error}"


def test_every_description_has_a_practice_panel() -> None:
    assert shipped() == practised()
    assert {path.suffix for path in SHIPPED.iterdir()} <= {".toml", ".json", ".md"}


@pytest.mark.parametrize("name", shipped())
def test_the_round_is_the_same_twice(name: str, tmp_path: Path) -> None:
    first = list(seen(name, find(name), tmp_path / "first.sqlite"))
    second = list(seen(name, find(name), tmp_path / "second.sqlite"))
    for one, other in zip(first, second, strict=True):
        assert one == other


@pytest.mark.parametrize("name", shipped())
def test_any_line_that_is_taken_out_is_missed(name: str, tmp_path: Path) -> None:
    lines = _lines(name)
    expected = list(seen(name, find(name), tmp_path / "whole.sqlite"))
    idle = []
    for at, line in enumerate(lines):
        if _is_idle(line):
            continue
        file = tmp_path / f"without-{at + 1}.toml"
        file.write_text("".join(lines[:at] + lines[at + 1 :]))
        without = _seen(name, file, tmp_path / f"{at}.sqlite")
        same = all(one == other for one, other in zip(expected, without, strict=False))
        if same:
            idle.append(f"{name}.toml:{at + 1}: {line.strip()}")
    assert idle == []
