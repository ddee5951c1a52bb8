"""An ejabberd of its own with ``mod_http_api`` on loopback, and an admin."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.real.started import free_port, not_installed, started, wait_for

HOST = "ex.test"

_CONFIGURATION = """
hosts: ["ex.test"]
loglevel: info
listen:
  - port: %d
    ip: "127.0.0.1"
    module: ejabberd_http
    request_handlers:
      /api: mod_http_api
api_permissions:
  "first":
    from: [mod_http_api]
    who: {ip: "127.0.0.1/8"}
    what: ["register"]
  "adm":
    from: [mod_http_api]
    who: {access: {allow: [{acl: admin}]}}
    what: ["*", "!stop", "!start"]
acl: {admin: {user: "root1@ex.test"}}
auth_method: internal
auth_password_format: scram
modules: {mod_admin_extra: {}, mod_roster: {}, mod_last: {}, mod_offline: {}, mod_privacy: {}, mod_disco: {}}
"""


def _beams() -> Path | None:
    """Debian's folder of ejabberd's compiled modules."""
    found = sorted(Path("/usr/lib").glob("*/ejabberd-*/ebin"))
    return found[0] if found else None


def missing() -> str | None:
    return not_installed(_beams(), shutil.which("erl"))


@dataclass(frozen=True, kw_only=True)
class Ejabberd:
    url: str
    username: str
    password: str


@contextmanager
def running_ejabberd(folder: Path) -> Iterator[Ejabberd]:
    beams = _beams()
    assert beams is not None
    port, mapper = free_port(), free_port()
    for part in ("spool", "log"):
        (folder / part).mkdir()
    (folder / "ejabberd.yml").write_text(_CONFIGURATION % port)
    environment = {
        "HOME": str(folder),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(mapper),
        "ERL_LIBS": str(beams.parent.parent),
        "EJABBERD_CONFIG_PATH": str(folder / "ejabberd.yml"),
        "SPOOL_DIR": str(folder / "spool"),
        "EJABBERD_LOG_PATH": str(folder / "log/ejabberd.log"),
    }
    command = ["erl", "-noinput", "-sname", f"bridge{port}@localhost"]
    command += ["-kernel", "inet_dist_use_interface", "{127,0,0,1}"]
    command += ["-mnesia", "dir", f'"{folder / "spool"}"', "-pa", str(beams), "-s", "ejabberd"]
    log = folder / "erl.log"
    try:
        with started(command, log=log, environment=environment) as process:
            url = f"http://127.0.0.1:{port}/api/"
            wait_for(url, process, log)
            _make_admin(url)
            yield Ejabberd(url=url, username=f"root1@{HOST}", password="rootpw1")
    finally:
        # The port mapper that erl started for itself, on a port of ours.
        subprocess.run(
            ["epmd", "-kill"], env={**os.environ, **environment}, capture_output=True, check=False, timeout=20
        )


def _make_admin(url: str) -> None:
    first = {"user": "root1", "host": HOST, "password": "rootpw1"}
    reply = requests.post(f"{url}register", json=first, timeout=30)
    if reply.status_code != requests.codes.ok:
        raise RuntimeError(f"the admin was not made: {reply.status_code} {reply.text[:500]}")
