"""Free text that holds an address with a password is kept with stars, and whoever wrote it is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from panelbridge.actions.fields import Body, Remark, starred
from panelbridge.actions.wording import starred_note
from tests.matrix.backends import REFERENCE_SET
from tests.service.conftest import Service, service_in

SECRET = "geheim7734"
TEXTS = (
    f"plays http://tv.example/get.php?username=maria&password={SECRET}&type=m3u_plus",
    f"see https://maria:{SECRET}@tv.example/ for more",
)


@pytest.fixture
def selling(tmp_path: Path) -> Iterator[Service]:
    with service_in(tmp_path) as service, REFERENCE_SET.start(tmp_path) as practice:
        REFERENCE_SET.furnish(service.rig, practice)
        body = {"installation": "shop", "service_id": 501, "plan": "gold", "term": "1m"}
        assert service.write("POST", "/v1/subscriptions", body).status_code == 200
        yield service


def everything(service: Service) -> str:
    return service.stored().decode("utf-8", "replace")


WAYS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("suspend", "/v1/subscriptions/1/suspend", "note", {}),
    ("extend", "/v1/subscriptions/1/extend", "note", {}),
    ("top-up", "/v1/credits/acme/top-up", "reason", {"amount": "5"}),
    ("key", "/v1/keys", "label", {"scopes": ["read"], "installation": "shop"}),
)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(("path", "member", "more"), [way[1:] for way in WAYS], ids=[way[0] for way in WAYS])
def test_a_note_is_kept_with_stars_and_its_writer_is_told(
    selling: Service, path: str, member: str, more: dict[str, Any], text: str
) -> None:
    answer = selling.write("POST", path, {**more, member: text})

    assert answer.status_code in (200, 201), answer.json
    assert SECRET not in everything(selling)
    assert SECRET not in answer.get_data(as_text=True)
    assert answer.json["redacted"] == [member]  # type: ignore[index]


@pytest.mark.parametrize("text", TEXTS)
def test_a_shops_suspend_reason_as_well(selling: Service, text: str) -> None:
    answer = selling.call("SuspendAccount", {"serviceid": 501, "suspendreason": text})

    assert answer.status_code == 200, answer.json
    assert SECRET not in everything(selling)
    assert "suspendreason held an address" in answer.json["message"]  # type: ignore[index]


def test_other_text_stays_as_it_was_written(selling: Service) -> None:
    answer = selling.write("POST", "/v1/subscriptions/1/suspend", {"note": "asked by phone, see /help?x=1"})

    assert "redacted" not in answer.json  # type: ignore[operator]
    assert "asked by phone, see /help?x=1" in everything(selling)


def test_the_note_names_every_text_that_held_one() -> None:
    class Two(Body):
        note: Remark
        label: Remark
        reason: Remark

    body = Two(note=TEXTS[0], label="nothing", reason=TEXTS[1])

    assert starred(body) == ("note", "reason")
    assert "note and reason held an address" in starred_note(starred(body))
