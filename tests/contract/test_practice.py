"""The practice kit does what tests rely on: its faults are what they say, its books outlive it."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
import requests

from panelbridge.testing.practice import (
    Fault,
    NotApplicable,
    PracticeControl,
    PracticePanel,
    PracticeProcess,
    PracticeReply,
    PracticeServer,
)
from panelbridge_reference.practice import ReferencePracticePanel

NAME = "anna2345"


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[PracticeProcess]:
    with PracticeProcess("reference", books=tmp_path / "books.sqlite") as process:
        yield process


def create(
    panel: PracticeProcess | PracticeServer, name: str = NAME, timeout: float = 5.0
) -> requests.Response:
    command = {"password": "x", "package": "basic-1m", "reference": "r", "expires_at": "2030-01-01T00:00:00Z"}
    token = panel.settings["token"]
    with requests.Session() as session:
        session.trust_env = False
        return session.put(
            f"{panel.url}v1/names/{name}",
            json=command,
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout,
        )


def effects(panel: PracticeProcess) -> int:
    return len(panel.control.books()["effects"])


@pytest.mark.parametrize(
    ("fault", "done"),
    [(Fault.CUT_BEFORE, 0), (Fault.CUT_AFTER_COMMIT, 1), (Fault.TIMEOUT_AFTER_COMMIT, 1), (Fault.STALL, 0)],
)
def test_a_fault_without_a_reply(panel: PracticeProcess, fault: Fault, done: int) -> None:
    panel.control.set_fault(fault, "create")
    with pytest.raises((requests.ConnectionError, requests.Timeout)):
        create(panel, timeout=0.2)
    assert effects(panel) == done


@pytest.mark.parametrize(
    ("fault", "status", "done"),
    [
        (Fault.ERROR_500_BUT_DONE, 500, 1),
        (Fault.ERROR_500_BEFORE, 500, 0),
        (Fault.HTML_200, 200, 1),
        (Fault.HTML_502, 502, 1),
        (Fault.EMPTY_BODY, 200, 1),
        (Fault.WRONG_TYPES, 201, 1),
        (Fault.RATE_LIMITED, 429, 0),
    ],
)
def test_a_fault_with_a_reply(panel: PracticeProcess, fault: Fault, status: int, done: int) -> None:
    panel.control.set_fault(fault, "create", seconds=3)
    reply = create(panel)
    assert (reply.status_code, effects(panel)) == (status, done)
    assert (reply.headers.get("Retry-After") == "3") == (fault is Fault.RATE_LIMITED)
    assert (b"<html" in reply.content.lower()) == (
        fault in (Fault.ERROR_500_BUT_DONE, Fault.ERROR_500_BEFORE, Fault.HTML_200, Fault.HTML_502)
    )


@pytest.mark.parametrize("fault", [Fault.COMMIT_AFTER_HANGUP, Fault.CUT_THEN_COMMIT])
def test_a_late_effect_comes_on_release_and_not_before(panel: PracticeProcess, fault: Fault) -> None:
    panel.control.set_fault(fault, "create")
    with pytest.raises((requests.ConnectionError, requests.Timeout)):
        create(panel, timeout=0.2)
    assert effects(panel) == 0
    assert panel.control.release() == 1
    assert effects(panel) == 1
    assert panel.control.release() == 0


def test_a_late_effect_comes_by_itself_after_its_seconds(panel: PracticeProcess) -> None:
    panel.control.set_fault(Fault.CUT_THEN_COMMIT, "create", seconds=0.2)
    with pytest.raises(requests.ConnectionError):
        create(panel)
    ends_at = time.monotonic() + 5
    while effects(panel) == 0:
        assert time.monotonic() < ends_at, "the late effect never came"
    assert effects(panel) == 1


def test_truncated_and_dripping_bodies_are_done(panel: PracticeProcess) -> None:
    panel.control.set_fault(Fault.TRUNCATED_BODY, "create")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        create(panel)
    panel.control.set_fault(Fault.SLOW_DRIP, "create", seconds=0.0005)
    assert create(panel, "berta234").json()["username"] == "berta234"
    assert effects(panel) == 2


def test_a_duplicate_reply_is_sent_twice_and_done_once(panel: PracticeProcess) -> None:
    create(panel)
    panel.control.set_fault(Fault.DUPLICATE_REPLY, "test_connection")
    with socket.create_connection(("127.0.0.1", int(panel.url.split(":")[2].strip("/"))), timeout=5) as wire:
        token = panel.settings["token"]
        wire.sendall(f"GET /v1/panel HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        wire.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: wire.recv(65536), b""))
    first, second = answer[: len(answer) // 2], answer[len(answer) // 2 :]
    assert first == second
    assert first.startswith(b"HTTP/1.1 200")


class Rehearses(ReferencePracticePanel):
    pretend = PracticePanel.pretend


def test_a_success_that_changed_nothing_leaves_the_books_alone(tmp_path: Path) -> None:
    with PracticeServer(Rehearses(tmp_path / "books.sqlite")) as server:
        control = PracticeControl(server.url)
        before = control.books()
        control.set_fault(Fault.SUCCESS_BUT_NOTHING, "create")
        lie = create(server)
        assert (lie.status_code, lie.json()["username"]) == (201, NAME)
        assert control.books() == before
        assert create(server).json() == lie.json()  # and the next one is done as ever
        assert len(control.books()["effects"]) == 1


def test_a_scripted_reply_is_told_to_the_byte_and_does_nothing(panel: PracticeProcess) -> None:
    panel.control.set_reply(
        "create", status=418, content_type="text/x", body=b"\x00{", headers={"X-Own": "1"}
    )
    reply = create(panel)
    told = (reply.status_code, reply.headers["Content-Type"], reply.headers["X-Own"], reply.content)
    assert told == (418, "text/x", "1", b"\x00{")
    panel.control.set_reply("create", body=b"0123456789", cut_after=4)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        create(panel)
    assert effects(panel) == 0
    assert create(panel).status_code == 201


def test_a_true_reply_can_be_told_again(panel: PracticeProcess) -> None:
    assert panel.control.true_reply("create") is None
    true = create(panel).content
    kept = panel.control.true_reply("create")
    assert kept is not None
    assert (kept.status, kept.body) == (201, true)


class NoWire(ReferencePracticePanel):
    def cannot(self, fault: Fault) -> str:
        return f"nothing speaks HTTP, so no {fault.value}"


def test_a_panel_says_which_faults_it_cannot_show(tmp_path: Path) -> None:
    with PracticeServer(NoWire(tmp_path / "books.sqlite")) as server:
        control = PracticeControl(server.url)
        with pytest.raises(NotApplicable, match="nothing speaks HTTP, so no stall"):
            control.set_fault(Fault.STALL)


def test_faults_are_aimed_counted_skipped_and_cleared(panel: PracticeProcess) -> None:
    panel.control.set_fault(Fault.ERROR_500_BEFORE, "names/b.*", times=2, skip=1)
    statuses = [
        create(panel, name).status_code
        for name in ("anna2345", "berta234", "bruno234", "boris234", "bella234")
    ]
    assert statuses == [201, 201, 500, 500, 201]
    panel.control.set_fault(Fault.ERROR_500_BEFORE, times=None)
    assert [create(panel, "clara234").status_code for _ in range(3)] == [500, 500, 500]
    panel.control.clear_faults()
    assert create(panel, "clara234").status_code == 201


def test_a_wrong_wish_is_told(panel: PracticeProcess) -> None:
    with pytest.raises(ValueError, match="no_such_fault"):
        panel.control.set_fault("no_such_fault")
    with pytest.raises(ValueError, match="UnknownAct"):
        panel.control.act("dance")


def test_requests_are_listed_without_their_secrets(panel: PracticeProcess) -> None:
    create(panel)
    create(panel)
    received = panel.control.requests()
    assert [(one["number"], one["operation"], one["fault"]) for one in received] == [
        (1, "create", None),
        (2, "create", None),
    ]
    assert panel.settings["token"] not in json.dumps(received)
    assert received[0]["same"] == received[1]["same"]
    create(panel, "other234")
    assert panel.control.requests()[2]["same"] != received[0]["same"]


def test_latency_holds_a_request_up(panel: PracticeProcess) -> None:
    panel.control.set_latency(0.2, "create")
    started = time.monotonic()
    create(panel)
    assert time.monotonic() - started >= 0.2


def test_the_books_tell_of_one_account_alone(panel: PracticeProcess) -> None:
    create(panel)
    create(panel, "berta234")
    create(panel)  # once more: refused, no effect
    whole, one = panel.control.books(), panel.control.books("berta234")
    assert [effect["account"] for effect in whole["effects"]] == [NAME, "berta234"]
    assert one["accounts"] == {"berta234": whole["accounts"]["berta234"]}
    assert one["effects"] == whole["effects"][1:]
    assert one["counts"] == whole["counts"] == {"create": 2}


def test_the_clock_of_the_panel_can_be_moved(panel: PracticeProcess) -> None:
    create(panel)
    assert panel.control.books()["accounts"][NAME]["state"] == "active"
    panel.control.set_clock(20 * 365 * 86400)
    assert panel.control.books()["accounts"][NAME]["state"] == "expired"


@pytest.mark.parametrize("way", ["stop", "kill"])
def test_books_and_address_outlive_the_process(panel: PracticeProcess, way: str) -> None:
    create(panel)
    url, token = panel.url, panel.settings["token"]
    getattr(panel, way)()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)
    panel.start()
    assert (panel.url, panel.settings["token"], effects(panel)) == (url, token, 1)


@contextmanager
def started(tmp_path: Path, **streams: Any) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "panelbridge.testing.practice", "reference"]
    command += ["--books", str(tmp_path / "books.sqlite"), "--option", "token=given-token"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **streams)
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], 30)[0], "it printed nothing"
    announced = json.loads(process.stdout.readline())
    assert announced["settings"] == {"base_url": announced["url"], "token": "given-token", "extend": "set"}
    with socket.create_connection(("127.0.0.1", announced["port"]), timeout=5):
        pass
    try:
        yield process
    finally:
        process.kill()  # whatever the test saw, nothing stays
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path, stdin=subprocess.DEVNULL) as process:
        assert process.poll() is None
        process.send_signal(number)
        assert process.wait(10) == 0


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with started(tmp_path, stdin=reading) as process:
        os.close(reading)
        os.close(writing)
        assert process.wait(10) == 0


def test_one_that_cannot_start_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="did not start"):
        PracticeProcess("no-such-backend", books=tmp_path / "books.sqlite").start()
    assert "no adapter named 'no-such-backend'" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("page", "cut"),
    [
        ([{"id": 1, "tags": [1, 2, 3]}, {"id": 2, "tags": []}], [{"id": 1, "tags": [1, 2, 3]}]),
        ({"rows": [{"tags": [1, 2]}], "total": 1}, {"rows": [], "total": 1}),
        ({"meta": {"names": ["a", "b"]}, "rows": [{"id": 1}]}, {"meta": {"names": ["a", "b"]}, "rows": []}),
        ({"data": {"items": [1, 2, 3], "none": []}}, {"data": {"items": [1], "none": []}}),
    ],
)
def test_a_page_is_cut_by_its_rows_and_not_by_what_a_row_holds(page: Any, cut: Any) -> None:
    whole = PracticeReply.json(page)

    assert json.loads(PracticePanel.with_rows_missing(cast("PracticePanel", None), whole).body) == cut
