"""A Modoboa of its own, with the domain ``shop.example`` and a token."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.real.started import INSTALLED, free_port, not_installed, started, wait_for

PYTHON = INSTALLED / "modoboa/bin/python"
REDIS = Path("/usr/bin/redis-server")
DOMAIN = "shop.example"


def missing() -> str | None:
    return not_installed(PYTHON, REDIS)


@dataclass(frozen=True, kw_only=True)
class Modoboa:
    url: str  # with the name it allows, localhost
    token: str


@contextmanager
def running_modoboa(folder: Path) -> Iterator[Modoboa]:
    redis_port, port = free_port(), free_port()
    redis = [REDIS, "--bind", "127.0.0.1", "--port", redis_port, "--save", "", "--appendonly", "no"]
    with started([*map(str, redis), "--dir", str(folder)], log=folder / "redis.log"):
        _deploy(folder, redis_port)
        instance = folder / "inst"
        token = _manage(instance, "drf_create_token", "admin").split()[2]
        log = folder / "modoboa.log"
        serve: list[str | Path] = [PYTHON, "manage.py", "runserver", f"127.0.0.1:{port}", "--noreload"]
        with started(serve, log=log, cwd=instance) as process:
            url = f"http://localhost:{port}/"
            wait_for(f"{url}api/v2/account/me/", process, log)
            _add_domain(url, token)
            yield Modoboa(url=url, token=token)


def _deploy(folder: Path, redis_port: int) -> None:
    command = [INSTALLED / "modoboa/bin/modoboa-admin.py", "deploy", "inst"]
    command += ["--dburl", f"default:sqlite:///{folder}/modoboa.sqlite3"]
    command += ["--redisurl", f"redis://127.0.0.1:{redis_port}/0", "--domain", "localhost", "--lang", "en"]
    command += ["--timezone", "UTC", "--devel", "--dont-install-extensions", "--admin-username", "admin"]
    path = f"{INSTALLED / 'modoboa/bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    if done.returncode:
        raise RuntimeError(f"modoboa could not be deployed: {(done.stdout + done.stderr)[-2000:]}")


def _manage(instance: Path, *words: str) -> str:
    done = subprocess.run(
        [str(PYTHON), "manage.py", *words],
        cwd=instance,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.strip().splitlines()[-1]


def _add_domain(url: str, token: str) -> None:
    reply = requests.post(
        f"{url}api/v2/domains/",
        json={"name": DOMAIN, "quota": 0, "default_mailbox_quota": 0, "type": "domain", "enabled": True},
        headers={"Authorization": f"Token {token}"},
        timeout=30,
    )
    if reply.status_code != requests.codes.created:
        raise RuntimeError(f"the domain was not made: {reply.status_code} {reply.text[:500]}")
