"""The locks pin everything with hashes, cover what pyproject asks for, and agree with each other."""

from __future__ import annotations

import re

import pytest

from tests.support.house import ROOT, pyproject

LOCKS = ("requirements.lock", "requirements-service.lock")
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==(\S+)", re.MULTILINE)


def _pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / name).read_text()))


def _asked(*extras: str) -> set[str]:
    project = pyproject()["project"]
    lines = [
        *project["dependencies"],
        *(line for extra in extras for line in project["optional-dependencies"][extra]),
    ]
    return {re.split(r"[\[<>=;~! ]", line)[0].lower().replace("_", "-") for line in lines}


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash_and_nothing_names_a_host(name: str) -> None:
    text = (ROOT / name).read_text()
    pins = [block for block in re.split(r"\n(?=[a-z0-9])", text.strip()) if block]

    assert len(pins) > 10
    for pin in pins:
        first, *rest = pin.splitlines()
        assert PIN.match(first), first
        assert rest, f"{first} has no hash"
        assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line) for line in rest), first
    assert "//" not in text
    assert "index" not in re.sub(PIN, "", text)


def test_the_locks_cover_what_is_asked_for() -> None:
    assert _asked("service", "dev") <= set(_pins("requirements.lock"))
    assert _asked("service") <= set(_pins("requirements-service.lock"))


def test_what_an_operator_installs_is_what_was_tested() -> None:
    tested, installed = _pins("requirements.lock"), _pins("requirements-service.lock")

    assert installed.items() <= tested.items()
    assert "pytest" not in installed
