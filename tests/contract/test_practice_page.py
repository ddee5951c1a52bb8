"""The practice panel's page: what a person needs, no secret but in the settings, nothing unescaped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge.testing.practice import Fault, PracticeControl, PracticeServer
from panelbridge.testing.practice.page import EXPLAINED
from panelbridge_reference.practice import ReferencePracticePanel

NASTY = "\"><script>alert(1)</script>&amp;'x"


class NoStall(ReferencePracticePanel):
    def cannot(self, fault: Fault) -> str | None:
        return f"no {NASTY}" if fault is Fault.STALL else None


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[PracticeServer]:
    with PracticeServer(NoStall(tmp_path / "books.sqlite")) as server:
        yield server


def ask(
    panel: PracticeServer, method: str = "GET", path: str = "_practice/", **more: Any
) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, panel.url + path, timeout=5, **more)


def press(panel: PracticeServer, **form: str) -> str:
    """The page that follows the button."""
    reply = ask(panel, "POST", "_practice/do", data=form, headers={"Origin": panel.url.rstrip("/")})
    assert reply.status_code == 200
    assert [step.status_code for step in reply.history] == [303]
    return reply.text


def said(page: str) -> str:
    found = re.search(r'role="status">(.*?)</section>', page)
    assert found is not None, "the page tells nothing"
    return unescape(found[1])


def make(panel: PracticeServer, name: str = "maria234", reference: str = "r") -> requests.Response:
    command = {"password": "Pw4Customer", "package": "basic-1m", "reference": reference}
    return ask(
        panel,
        "PUT",
        f"v1/names/{name}",
        json={**command, "expires_at": "2030-01-01T00:00:00Z"},
        headers={"Authorization": f"Bearer {panel.settings['token']}"},
    )


def test_every_fault_has_a_button_that_causes_it(panel: PracticeServer) -> None:
    assert set(EXPLAINED) == set(Fault) - {Fault.SCRIPTED}
    page = ask(panel).text
    for fault in EXPLAINED:
        assert f'value="{fault.value}"' in page
    told = said(press(panel, fault="error_500_before", match="create", times="2", seconds=""))
    assert told == "error_500_before waits for the next create."
    assert [make(panel).status_code for _ in range(3)] == [500, 500, 201]
    press(panel, fault="error_500_before", match="", times="0", seconds="")
    assert [make(panel).status_code for _ in range(3)] == [500, 500, 500]
    press(panel, do="clear")
    assert make(panel).status_code == 409


def test_what_the_panel_cannot_show_cannot_be_pressed(panel: PracticeServer) -> None:
    assert re.search(r'value="stall" disabled title="no ', ask(panel).text)
    assert "NotApplicable" in said(press(panel, fault="stall"))


def test_latency_clock_acts_and_release_work(panel: PracticeServer) -> None:
    make(panel)
    press(panel, do="clock", offset="630720000")
    assert PracticeControl(panel.url).books()["accounts"]["maria234"]["state"] == "expired"
    press(panel, do="clock", offset="0")
    assert 'value="0.25"' in press(panel, do="latency", seconds="0.25", match="get")
    press(panel, do="latency", seconds="0", match="")
    press(panel, fault="cut_then_commit", match="create", times="1")
    with pytest.raises(requests.ConnectionError):
        make(panel, "berta234")
    assert said(press(panel, do="release")) == "1 held effects happened."
    assert "berta234" in press(panel, do="act", act="ban", arguments="username=maria234")
    assert PracticeControl(panel.url).books()["accounts"]["maria234"]["state"] == "banned"
    assert "UnknownAct: dance" in said(press(panel, do="act", act="dance", arguments=""))


def test_it_shows_accounts_effects_and_requests(panel: PracticeServer) -> None:
    make(panel)
    page = ask(panel).text
    assert "<td>maria234</td><td>active</td>" in page
    assert "<td>create</td><td>maria234</td>" in page
    assert "/v1/names/maria234" in page
    assert "Pw4Customer" not in page


def test_secrets_stand_in_the_settings_box_alone(panel: PracticeServer) -> None:
    token = panel.settings["token"]
    make(panel, reference=f"has {token} in it")
    page = ask(panel).text
    box = page[page.index("<textarea readonly") :].partition("</textarea>")[0]
    assert page.count(token) == 1
    assert token in box


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {tag, *(name for name, _ in attrs)}


def test_nothing_is_taken_for_markup(panel: PracticeServer) -> None:
    make(panel, reference=NASTY)
    ask(panel, path=f"v1/{NASTY}")
    page = press(panel, do="act", act=NASTY, arguments=NASTY)
    assert NASTY in said(page)
    seen = Elements()
    seen.feed(page)
    assert "script" not in seen.seen
    assert not [name for name in seen.seen if name.startswith("on")]


def test_a_page_from_elsewhere_presses_no_button(panel: PracticeServer) -> None:
    reply = ask(
        panel,
        "POST",
        "_practice/do",
        data={"fault": "cut_before"},
        headers={"Origin": "https://evil.example"},
    )
    assert reply.status_code == 403
    assert make(panel).status_code == 201
