"""A FreeRADIUS of its own: Debian's configuration copied, cut down to SQL, on loopback and free ports."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CONFIGURATION = Path("/etc/freeradius/3.0")
_SECRET = "testing123"  # Debian's own for loopback
_PATIENCE = 30.0

_SITE = """server bridge {
  listen {
    type = auth
    ipaddr = 127.0.0.1
    port = %d
  }
  authorize {
    preprocess
    chap
    mschap
    sql
    expiration
    logintime
    pap
  }
  authenticate {
    Auth-Type PAP {
      pap
    }
    Auth-Type CHAP {
      chap
    }
    Auth-Type MS-CHAP {
      mschap
    }
  }
  post-auth {
    Post-Auth-Type REJECT {
      attr_filter.access_reject
    }
  }
}
"""


def missing() -> str | None:
    """What is not installed, for the reason of a skip."""
    needed = ("freeradius", "radtest")
    lacking = [name for name in needed if shutil.which(name) is None]
    return f"{', '.join(lacking)} is not installed: run scripts/real-servers" if lacking else None


@dataclass(frozen=True, kw_only=True)
class Radius:
    """The running server and its tables."""

    port: int
    database: Path

    def accepts(self, username: str, password: str, *, by: str = "pap") -> bool:
        """A real login by that method. Raises ``RuntimeError`` when the server gave no answer."""
        told = subprocess.run(
            ["radtest", "-t", by, username, password, f"127.0.0.1:{self.port}", "0", _SECRET],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        ).stdout
        if "Access-Accept" in told:
            return True
        if "Access-Reject" in told:
            return False
        raise RuntimeError(f"the RADIUS server did not answer: {told[-300:]}")


@contextmanager
def running_radius(folder: Path) -> Iterator[Radius]:
    """Start it with its files below ``folder`` and end it afterwards."""
    port, database = _free_port(), folder / "radius.sqlite3"
    _configure(folder, port, database)
    command = ["freeradius", "-d", str(folder / "raddb"), "-f", "-l", "stdout"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        _wait_until_ready(process)
        yield Radius(port=port, database=database)
    finally:
        process.terminate()
        process.communicate(timeout=_PATIENCE)


def _configure(folder: Path, port: int, database: Path) -> None:
    raddb, state = folder / "raddb", folder / "state"
    shutil.copytree(CONFIGURATION, raddb, symlinks=True)
    for part in ("run", "log/radacct"):
        (state / part).mkdir(parents=True)
    main = (raddb / "radiusd.conf").read_text()
    for pattern, value in (
        (r"^localstatedir = .*", f"localstatedir = {state}"),
        (r"^raddbdir = .*", f"raddbdir = {raddb}"),
        (r"^run_dir = .*", f"run_dir = {state}/run"),
        (r"^logdir = .*", f"logdir = {state}/log"),
        (r"^\s*(user|group) = freerad\n", ""),
        (r"^proxy_requests.*", "proxy_requests = no"),
        (r"^\$INCLUDE proxy.conf", ""),  # it would listen on every address
    ):
        main = re.sub(pattern, value, main, flags=re.MULTILINE)
    (raddb / "radiusd.conf").write_text(main)
    for site in (raddb / "sites-enabled").iterdir():
        site.unlink()
    for module in ("eap", "ntlm_auth"):
        (raddb / "mods-enabled" / module).unlink(missing_ok=True)
    sql = (raddb / "mods-available/sql").read_text().replace('"rlm_sql_null"', '"rlm_sql_sqlite"')
    sql = re.sub(r'(filename = ")[^"]*(freeradius.db")', rf'\g<1>{database}"', sql)
    (raddb / "mods-enabled/sql").write_text(sql)
    (raddb / "sites-enabled/bridge").write_text(_SITE % port)


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "Ready to process requests" in line:
            return
    raise RuntimeError(f"freeradius ended: {''.join(said)[-2000:]}")
