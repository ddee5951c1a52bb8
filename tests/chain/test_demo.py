"""`make run`, as a new user sees it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "examples.demo"]


def test_once_ends_with_one_account_and_one_charge() -> None:
    done = subprocess.run([*COMMAND, "--once"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.stdout.splitlines()[-1] == "1 account, 1 charge"
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_leaves_no_process() -> None:
    demo = subprocess.Popen(
        COMMAND, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True, env=os.environ
    )
    assert demo.stdout is not None
    told = ""
    while "curl" not in told:
        told = demo.stdout.readline()
        assert told, "the demonstration ended before it was up to play with"
    children = psutil.Process(demo.pid).children(recursive=True)
    assert len(children) >= 3  # practice panel, bridge with its worker, PHP's server

    os.killpg(demo.pid, signal.SIGINT)
    demo.wait(30)
    demo.stdout.close()

    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


def test_without_php_it_says_so_and_fakes_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        COMMAND,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": str(tmp_path)},
    )

    assert done.returncode == 1
    assert "PHP" in done.stderr
    assert done.stdout == ""
