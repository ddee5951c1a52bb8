"""A bridge of its own: data folder, keys, `panelbridge serve` on a free port, and its HTTP resources."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests

from panelbridge.actions.first_setup import FirstSetup, first_setup
from panelbridge.service.config import ServiceConfig
from panelbridge.subscriptions import Mode

_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
_SIGNS_OF_LIFE = 0.05


def free_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class DemoBridge:
    """`panelbridge init` and `panelbridge serve`, in a folder of the demonstration."""

    def __init__(self, folder: Path, command: Sequence[str] = ("panelbridge.command", "serve")) -> None:
        """``command``: the module that serves, and its words."""
        self._command = command
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._config = ServiceConfig(data_folder=folder / "data", port=self.port)
        self.log = folder / "bridge.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._session = requests.Session()
        self._session.trust_env = False
        self.setup: FirstSetup = first_setup(self._config, reseller="demo", mode=Mode.TEST)
        self.pid = 0

    @property
    def shop_key(self) -> str:
        """The installation's key; it exists since the first set-up of this folder, just now."""
        if self.setup.shop_key is None:
            raise RuntimeError("the demonstration's data folder was used before")
        return self.setup.shop_key.get_secret_value()

    def start(self) -> float:
        """Serve, and wait until it is ready; returns the seconds that took."""
        began = time.monotonic()
        environment = os.environ | {
            "PANELBRIDGE_DATA_FOLDER": str(self._config.data_folder),
            "PANELBRIDGE_PORT": str(self.port),
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._command],
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the demonstration, which ends this in order
            )
        self.pid = self._process.pid
        while time.monotonic() - began < _START_SECONDS:
            if self._process.poll() is not None:
                break
            if self._is_ready():
                return time.monotonic() - began
            time.sleep(_SIGNS_OF_LIFE)
        raise RuntimeError(f"the bridge did not start; its log: {self.log}")

    def _is_ready(self) -> bool:
        """Whether this very bridge answers: between the choice of a port and its use another may take it."""
        try:
            if self._session.get(f"{self.url}/readyz", timeout=1).status_code != requests.codes.ok:
                return False
            self.ask("GET", "/v1/panels")
        except (requests.RequestException, RuntimeError):
            return False
        return True

    def stop(self) -> None:
        """End it in order. Safe to repeat."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request to a resource, with the operator's key. Raises ``RuntimeError`` with the problem."""
        key = self.setup.admin_key
        headers = {"Authorization": f"Bearer {key.get_secret_value() if key else ''}"}
        if method != "GET":
            headers["Idempotency-Key"] = secrets.token_hex(8)
        reply = self._session.request(method, self.url + path, json=body, headers=headers, timeout=30)
        answer: dict[str, Any] = reply.json()
        if not reply.ok:
            raise RuntimeError(f"{method} {path}: {answer['code']}: {answer['detail']}")
        return answer

    def furnish(self, panel: dict[str, Any]) -> None:
        """One practice panel, two plans, and credits to sell with."""
        self.ask(
            "POST", "/v1/panels", {"code": "main", "backend": "xui", "settings": panel, "practice": True}
        )
        for code, title, terms in (
            ("gold", "Gold", [{"term": "1m", "package": "1", "price": "1"}]),
            ("family", "Family", [{"term": "1m", "package": "21", "price": "3"}]),
        ):
            plan = {"reseller": "demo", "title": title, "panel": "main", "terms": terms}
            self.ask("PUT", f"/v1/plans/{code}", plan | {"allow_purchase": True})
        self.ask("POST", "/v1/credits/demo/top-up", {"amount": "50", "reason": "opening credit"})

    def charges(self, service: int) -> list[str]:
        """What the ledger posted for a service, oldest first."""
        known = self.ask("GET", "/v1/subscriptions")["items"]
        subscription = next(item["id"] for item in known if item["service_id"] == service)
        lines = self.ask("GET", f"/v1/credits/demo/history?subscription={subscription}")["items"]
        return [line["price"] for line in lines if line["kind"] == "post"]
