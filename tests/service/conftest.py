"""The service with real storage, asked from outside through Flask's client."""

from __future__ import annotations

import atexit
import functools
import io
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from panelbridge.access import NewApiKey, Scope, mint_key
from panelbridge.http.app import create_app
from panelbridge.ledger import Credits
from panelbridge.service.config import ServiceConfig, read_config
from panelbridge.service.logs import make_logger
from panelbridge.service.services import Check, Services
from panelbridge.storage.engine.schema import metadata
from panelbridge.subscriptions import Installation, InstallationId, Mode
from tests.service import sample_functions
from tests.storage.test_migrations import load_tables
from tests.support import postgres
from tests.support.rig import Rig, rig_in
from whmcs_module_shim.door import WhmcsDoor
from whmcs_module_shim.module_calls import functions

ALL = frozenset({Scope.READ, Scope.PROVISION, Scope.CREDITS})
SHOP = "https://shop.example"
MODULE_ID = "0123456789abcdef0123456789abcdef"


@dataclass
class Service:
    """The application, its storage, and keys to ask it with."""

    app: Flask
    client: FlaskClient
    rig: Rig
    services: Services
    operator: str
    shop: str
    log: io.StringIO
    folder: Path  # of its data
    practice: Any = None  # a practice panel that runs, where a test started one

    def stored(self) -> bytes:
        """Everything that it keeps, as it lies on the disk; on a server as its rows read."""
        files = b"".join(file.read_bytes() for file in self.folder.iterdir() if file.is_file())
        if not postgres.IN_USE:
            return files
        with self.rig.database.read() as connection:
            load_tables()
            rows = [connection.execute(table.select()).all() for table in metadata.sorted_tables]
        return files + repr(rows).encode()

    def tamper(self, statement: str) -> int:
        """What a cosmic ray or a careless script changes; returns how many rows."""
        with self.rig.database.write() as connection:
            return int(connection.execute(text(statement)).rowcount)

    def key(
        self,
        *,
        scopes: frozenset[Scope] = ALL,
        installation: InstallationId | None = None,
        mode: Mode = Mode.TEST,
        expires_at: datetime | None = None,
    ) -> str:
        text = mint_key(mode)
        with self.rig.units.write() as unit:
            unit.access.add_key(
                NewApiKey(
                    prefix=text.prefix,
                    digest=text.digest,
                    mode=mode,
                    scopes=scopes,
                    label="test",
                    installation_id=installation,
                    created_at=self.rig.clock(),
                    expires_at=expires_at,
                )
            )
        return text.text.get_secret_value()

    def call(self, function: str, body: Any = None, **options: Any) -> TestResponse:
        """A module call from the bound shop, unless ``headers`` say otherwise."""
        headers = {
            "Authorization": f"Bearer {options.pop('key', self.shop)}",
            "Panelbridge-System-Url": SHOP,
            "Panelbridge-Installation": MODULE_ID,
            **options.pop("headers", {}),
        }
        wanted = {name: value for name, value in headers.items() if value is not None}
        if "data" not in options:
            options["json"] = {"serviceid": 501} if body is None else body
        return self.client.post(f"/v1/whmcs/{function}", headers=wanted, **options)

    def get(self, path: str, key: str | None = None, **options: Any) -> TestResponse:
        return self.client.get(path, headers={"Authorization": f"Bearer {key or self.operator}"}, **options)

    def write(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        self._count = getattr(self, "_count", 0) + 1
        headers = {
            "Authorization": f"Bearer {options.pop('key', self.operator)}",
            "Idempotency-Key": options.pop("once", f"key-{self._count}"),
            **options.pop("headers", {}),
        }
        if body is not None:
            options["json"] = body
        return self.client.open(path, method=method, headers=headers, **options)

    def log_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def seen(self, service_id: int) -> list[Any]:
        """What sample functions were run with: nothing when a request was refused."""
        return [item for item in sample_functions.SEEN if item.serviceid == service_id]


def config_for(folder: Path, **given: Any) -> ServiceConfig:
    return read_config(None, data_folder=folder, **given)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with service_in(tmp_path) as made:
        yield made


@functools.cache
def _ready_folder() -> Path:
    """A data folder with the newest schema, made once for all tests of a process."""
    folder = Path(tempfile.mkdtemp(prefix="panelbridge-service-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with rig_in(folder / "data"):
        pass
    return folder / "data"


@contextmanager
def service_in(tmp_path: Path, url: str | None = None, **limits: Any) -> Iterator[Service]:
    """A service of its own in that folder; ``url``: its database."""
    sample_functions.SEEN.clear()
    # A database on a server is not copied with its folder.
    shutil.copytree(_ready_folder(), tmp_path / "data", ignore=shutil.ignore_patterns("*.url"))
    if url is not None:
        (tmp_path / "data" / "bridge.url").write_text(url)
    with rig_in(tmp_path / "data", **limits) as rig:
        services = Services(
            units=rig.units,
            panels=rig.directory,
            provisioner=rig.provisioner,
            clock=rig.clock,
            fingerprint=rig.deps.fingerprint,
            panel_changed=rig.directory.forget,
            answer_budget=limits.get("budget", 10.0),
            checks=lambda: (Check(name="database", ok=True, message="writable"),),
        )
        log = io.StringIO()
        app = create_app(
            config_for(tmp_path / "data"),
            services,
            log=make_logger(stream=log),
            doors=[WhmcsDoor({**functions(), **sample_functions.SAMPLES.by_name()})],
        )
        made = Service(
            app=app,
            client=app.test_client(),
            rig=rig,
            services=services,
            operator="",
            shop="",
            log=log,
            folder=tmp_path / "data",
        )
        made.operator = made.key(scopes=frozenset({Scope.ADMIN}))
        made.shop = made.key(installation=rig.installation.id)
        yield made


@pytest.fixture
def other_installation(service: Service) -> Installation:
    """A second reseller's shop."""
    with service.rig.units.write() as unit:
        reseller = unit.resellers.add("beta", "Beta TV")
        unit.ledger.open_wallet(reseller.id, floor=Credits.parse("5"))
        wanted = Installation(id=InstallationId(0), reseller_id=reseller.id, code="beta-shop", mode=Mode.TEST)
        return unit.installations.add(wanted)
