"""``panelbridge serve`` as a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from panelbridge.actions.first_setup import first_setup
from panelbridge.service.config import ServiceConfig

SLOW = """
import sys, time
from pathlib import Path
from panelbridge.service import compose as root
from panelbridge.service.services import Check
from panelbridge.service.config import read_config
from panelbridge.service.serve import serve
import dataclasses

def compose(config):
    services = root.compose(config)
    def checks():
        Path(config.data_folder, "asked").touch()
        time.sleep(1.5)
        return (Check(name="slow", ok=True, message="done"),)
    def stop():
        services.stop_background()
        Path(config.data_folder, "stopped").touch()
    return dataclasses.replace(services, checks=checks, stop_background=stop)

serve(read_config(), compose)
"""

NOISY = """
import gc, threading, warnings
from panelbridge.service import compose as root
from panelbridge.service.config import read_config
from panelbridge.service.serve import serve
import dataclasses

class Falling:
    def __del__(self):
        raise ArithmeticError("on being collected")

def fall():
    raise LookupError("in a thread")

def compose(config):
    services = root.compose(config)
    def start():
        services.start_background()
        warnings.warn("from a library", stacklevel=1)
        threading.Thread(target=fall).start()
        Falling()
        gc.collect()
    return dataclasses.replace(services, start_background=start)

serve(read_config(), compose)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    first_setup(ServiceConfig(data_folder=made))
    return made


@contextlib.contextmanager
def serving(
    folder: Path, *command: str, threads: int = 16, **more: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PANELBRIDGE_")},
        "PANELBRIDGE_DATA_FOLDER": str(folder),
        "PANELBRIDGE_PORT": str(port),
        "PANELBRIDGE_THREADS": str(threads),
        **more,
    }
    arguments = command or ("-c", "from panelbridge.command import main; main()", "serve")
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=20)


def wait_until_up(address: str, process: subprocess.Popen[str], path: str = "/healthz") -> requests.Response:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise AssertionError(f"serve ended: {process.stderr.read() if process.stderr else ''}")
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(address + path, timeout=10)
        threading.Event().wait(0.05)
    raise AssertionError("serve did not come up")


def test_serve_answers_runs_its_jobs_and_ends_on_sigterm(folder: Path) -> None:
    with serving(folder) as (process, address):
        assert wait_until_up(address, process).json() == {"status": "ok"}

        ready = requests.get(f"{address}/readyz", timeout=10)
        assert ready.status_code == 200, ready.text
        assert {check["name"] for check in ready.json()["checks"]} == {"database", "panel_writes", "jobs"}

        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=40)

    assert process.returncode == 0, errors
    lines = [json.loads(line) for line in errors.splitlines()]
    assert [line["route"] for line in lines if line["event"] == "request"][:1] == ["/healthz"]


def cores_of(pid: int) -> set[int]:
    """Those that any thread of the process may use."""
    return {
        core for task in Path(f"/proc/{pid}/task").iterdir() for core in os.sched_getaffinity(int(task.name))
    }


@pytest.mark.skipif(len(os.sched_getaffinity(0)) == 1, reason="this machine lets us use one core only")
def test_the_worker_and_all_its_threads_stay_on_one_core(folder: Path) -> None:
    with serving(folder) as (process, address):
        wait_until_up(address, process, "/readyz")
        assert len(cores_of(process.pid)) == 1


def test_on_demand_it_uses_any_core(folder: Path) -> None:
    with serving(folder, PANELBRIDGE_ONE_CORE="false") as (process, address):
        wait_until_up(address, process, "/readyz")
        assert cores_of(process.pid) == os.sched_getaffinity(0)


def test_every_line_is_json_whoever_writes_it(folder: Path) -> None:
    """A library's warning, and errors that Python prints."""
    with serving(folder, "-c", NOISY, threads=256) as (process, address):
        wait_until_up(address, process)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=40)

    lines = [json.loads(line) for line in errors.splitlines()]
    assert output == ""
    told = "\n".join(line["event"] + line.get("error", "") for line in lines)
    for expected in (
        "UserWarning: from a library",
        "LookupError: in a thread",
        "ArithmeticError: on being collected",
    ):
        assert expected in told


def test_a_second_serve_on_the_same_folder_is_refused_by_name(folder: Path) -> None:
    with serving(folder) as (first, address):
        wait_until_up(address, first)
        with serving(folder) as (second, _):
            _, errors = second.communicate(timeout=40)

        assert second.returncode == 4
        assert f"Another `panelbridge serve` (process {first.pid}) already serves from {folder}" in errors
        assert requests.get(f"{address}/healthz", timeout=10).status_code == 200


def test_an_address_in_use_is_named_with_the_way_out(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with serving(folder, PANELBRIDGE_PORT=str(port)) as (process, _):
            output, errors = process.communicate(timeout=40)

    assert process.returncode == 4
    assert output == ""
    assert errors == (
        f"Nothing can listen at 127.0.0.1:{port}: Address already in use.\n"
        "Stop what listens there, or set another `host` or `port`.\n"
        "[configuration]\n"
    )


def test_sigterm_lets_a_running_request_finish_and_stops_the_background(folder: Path) -> None:
    with serving(folder, "-c", SLOW) as (process, address):
        wait_until_up(address, process)
        answers: list[int] = []

        def ask() -> None:
            answers.append(requests.get(f"{address}/readyz", timeout=20).status_code)

        asking = threading.Thread(target=ask)
        asking.start()
        ends = time.monotonic() + 20
        while not (folder / "asked").exists() and time.monotonic() < ends:
            threading.Event().wait(0.02)
        process.send_signal(signal.SIGTERM)
        asking.join(30)
        process.communicate(timeout=40)

    assert answers == [200]
    assert process.returncode == 0
    assert (folder / "stopped").exists()


def test_killed_it_leaves_neither_the_port_nor_the_folder_taken(folder: Path) -> None:
    with serving(folder) as (process, address):
        wait_until_up(address, process)
        port = address.rpartition(":")[2]

        process.kill()
        process.communicate(timeout=20)

        with serving(folder, PANELBRIDGE_PORT=port) as (again, _):
            assert wait_until_up(address, again).status_code == 200


def test_a_body_beyond_every_limit_is_refused_before_it_is_read(folder: Path) -> None:
    with serving(folder, PANELBRIDGE_MAX_BODY_BYTES="1024") as (process, address):
        wait_until_up(address, process)
        host, port = "127.0.0.1", int(address.rpartition(":")[2])
        with socket.create_connection((host, port), timeout=30) as one:
            one.sendall(b"POST /v1/whmcs/Account HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n{")
            told = one.makefile("rb").readline()

    assert told.split()[1] == b"413"


def test_serve_says_what_is_wrong_with_the_configuration(tmp_path: Path) -> None:
    with serving(tmp_path / "nowhere") as (process, _):
        _, errors = process.communicate(timeout=40)

    assert process.returncode == 4
    assert "cannot be used: No such file or directory. Run `panelbridge init` first." in errors


def test_serve_without_a_key_file_says_which(folder: Path) -> None:
    (folder / "secret.key").unlink()
    with serving(folder) as (process, _):
        _, errors = process.communicate(timeout=40)

    assert process.returncode == 1
    assert "secret.key cannot be read" in errors
