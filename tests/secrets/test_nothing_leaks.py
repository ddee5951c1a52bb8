"""A whole chain with canary secrets, good and bad, through a running service; then everything is searched.

Searched are the service's output at log level debug, every error body, each answer that is not to hold a
password, /metrics, the repr of records, and every byte of the data folder: database, write-ahead log, tables
of the job engine. The file that seals the secrets is the only one left out.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge.actions.first_setup import first_setup
from panelbridge.service.compose import compose
from panelbridge.service.config import read_config
from panelbridge.subscriptions import Mode
from panelbridge.subscriptions.directory import build_adapter
from panelbridge.testing.practice import PracticeProcess
from tests.secrets.canaries import Canaries, files_below
from tests.service.test_serve import free_port, wait_until_up

SEALING_KEY = 40  # characters at least; the rest of the file is words for people
ODD = 'Odd+/&%"\\ü-'
SHOP = "https://shop.example"
MODULE_ID = "0123456789abcdef0123456789abcdef"
ANSWERS_WITH_PASSWORD = {"CreateAccount", "ChangePassword", "ResetCredentials"}


@dataclass
class Run:
    """One service process, what it was told and what it said."""

    folder: Path
    address: str
    process: subprocess.Popen[bytes]
    output: Path
    canaries: Canaries
    admin_key: str
    shop_key: str
    practices: dict[str, PracticeProcess]
    leaks: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    count: int = 0

    def ask(self, method: str, path: str, *, may_hold_password: bool = False, **options: Any) -> Any:
        self.count += 1
        headers = {
            "Authorization": f"Bearer {self.admin_key}",
            "Idempotency-Key": f"key-{self.count}",
            **options.pop("headers", {}),
        }
        reply = requests.request(method, self.address + path, headers=headers, timeout=60, **options)
        self.statuses.append(reply.status_code)
        if reply.status_code >= 400 or not may_hold_password:
            where = f"the answer {reply.status_code} of {method} {path}"
            self.leaks += self.canaries.found_in(where, reply.content + repr(reply.headers).encode())
        return reply.json() if "json" in reply.headers.get("Content-Type", "") else reply.text

    def call(self, function: str, service: int = 501, **params: Any) -> Any:
        order = {
            "serviceid": service,
            "configoption1": "gold",
            "billingcycle": "Monthly",
            "status": "Pending",
        }
        headers = {
            "Authorization": f"Bearer {self.shop_key}",
            "Panelbridge-System-Url": SHOP,
            "Panelbridge-Installation": MODULE_ID,
            **params.pop("headers", {}),
        }
        return self.ask(
            "POST",
            f"/v1/whmcs/{function}",
            json={**order, **params},
            headers=headers,
            may_hold_password=function in ANSWERS_WITH_PASSWORD,
        )


@pytest.fixture(scope="module", params=["reference", "xui"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("canaries")
    options = {"admin_lookup": "on", "credits": "1000"} if request.param == "xui" else {}
    with (
        PracticeProcess(request.param, books=folder / "panel.sqlite", options=options) as practice,
        serving(folder, {"main": practice}) as made,
    ):
        furnish(made, request.param, practice)
        good_chain(made)
        bad_chain(made, practice)
        yield made


@contextmanager
def serving(folder: Path, practices: dict[str, PracticeProcess]) -> Iterator[Run]:
    data, output, port = folder / "data", folder / "output", free_port()
    setup = first_setup(read_config(None, data_folder=data), mode=Mode.TEST)
    assert setup.admin_key is not None
    assert setup.shop_key is not None
    canaries = Canaries()
    admin = canaries.add("the operator's key", setup.admin_key.get_secret_value())
    shop = canaries.add("the shop's key", setup.shop_key.get_secret_value())
    for word in setup.key_file.read_text().split():
        if len(word) >= SEALING_KEY:
            canaries.add("a sealing key", word)
    assert "a sealing key" in canaries.names
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PANELBRIDGE_")}
    environment |= {
        "PANELBRIDGE_DATA_FOLDER": str(data),
        "PANELBRIDGE_PORT": str(port),
        "PANELBRIDGE_LOG_LEVEL": "debug",
    }
    with output.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "panelbridge.command", "serve"], env=environment, stdout=log, stderr=log
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_up(address, process)  # type: ignore[arg-type]
        yield Run(
            folder=data,
            address=address,
            process=process,
            output=output,
            canaries=canaries,
            admin_key=admin,
            shop_key=shop,
            practices=practices,
        )
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def furnish(run: Run, backend: str, practice: PracticeProcess) -> None:
    plain = {"base_url", "dialect", "probe_from", "extend", "late_commit", "serialise_writes", "member_id"}
    for name, value in practice.settings.items():
        if name not in plain:
            run.canaries.add(f"the panel's {name}", str(value))
    package, family = ("basic-1m", "family-1m") if backend == "reference" else ("1", "21")
    panel = {"code": "main", "backend": backend, "settings": practice.settings, "practice": True}
    made = [run.ask("POST", "/v1/panels", json=panel)]
    for code, offered in (("gold", package), ("family", family)):
        offer = {"term": "1m", "package": offered, "price": "1"}
        plan = {"reseller": "main", "title": code, "panel": "main", "terms": [offer]}
        sold = {**plan, "allow_purchase": True, "allow_restart": True}
        made.append(run.ask("PUT", f"/v1/plans/{code}", json=sold))
    assert all("id" in item for item in made), made
    run.ask("POST", "/v1/credits/main/top-up", json={"amount": "100", "reason": "opening"})


def good_chain(run: Run) -> None:
    """Every verb once, with the passwords of WHMCS in its params."""
    whmcs = run.canaries.add("the password WHMCS keeps", "WhmcsKept48213")
    changed = run.canaries.add("the password a client chose", "ClientChose7731")
    run.call("CreateAccount", password=whmcs)  # the module never sends it there
    for function, service, params in (
        ("CreateAccount", 501, {}),
        ("Renew", 501, {"call": {"invoice_item": {"id": 991, "invoice_id": 7}}}),
        ("SuspendAccount", 501, {}),
        ("UnsuspendAccount", 501, {}),
        ("ChangePackage", 501, {"configoption1": "family"}),
        ("ChangePassword", 501, {"password": changed}),
        ("TestConnection", 501, {}),
        ("CreateAccount", 502, {}),
        ("TerminateAccount", 502, {}),
    ):
        answer = run.call(function, service, **params)
        assert answer["result"] == "success", (function, answer)


def bad_chain(run: Run, practice: PracticeProcess) -> None:
    """The same secrets where something goes wrong: refused, lost, misplaced, sent to a broken panel."""
    odd = run.canaries.add("a password the rule refuses", ODD + "RefusedByRule")
    misplaced = run.canaries.add("a password in a wrong place", ODD + "Misplaced")
    wrong_key = run.canaries.add("a key that does not exist", "pb_test_NoSuchKey4711abcdefgh0815")
    in_url = run.canaries.add("a password in a URL", "UrlPassword5531")
    bad_setting = run.canaries.add("a panel key in bad settings", ODD + "PanelKey")
    run.call("ChangePassword", password=odd)
    run.call("ChangePassword", password=[misplaced])
    run.call("CreateAccount", 503, passw0rd=misplaced)
    run.call("CreateAccount", 503, configoption1={"password": misplaced})
    run.call("CreateAccount", 503, configoption1=misplaced)
    run.call("CreateAccount", 503, customfields={"Username": misplaced})
    run.call("NoSuchFunction", 503, password=misplaced)
    run.call("SuspendAccount", headers={"Panelbridge-System-Url": f"https://admin:{in_url}@shop.example"})
    run.call("SuspendAccount", headers={"Panelbridge-System-Url": f"https://a:{in_url}@staging.example"})
    run.call("SuspendAccount", headers={"Authorization": f"Bearer {wrong_key}"})
    run.ask("GET", "/v1/plans", headers={"Authorization": f"Basic {wrong_key}"})
    run.ask("GET", f"/v1/plans?key={wrong_key}&api_key={run.admin_key}")
    run.ask("GET", f"/v1/{wrong_key}")
    run.ask(
        "POST",
        "/v1/whmcs/CreateAccount",
        data=f'{{"password": "{misplaced}',
        headers={"Content-Type": "application/json"},
    )
    body = {"code": "other", "backend": "xui", "practice": True}
    run.ask("POST", "/v1/panels", json={**body, "settings": {"api_key": bad_setting, "token": bad_setting}})
    run.ask("POST", "/v1/panels", json={**body, "backend": bad_setting, "settings": {}})
    address = f"http://user:{in_url}@127.0.0.1:9/"
    run.ask("POST", "/v1/panels", json={**body, "settings": {"base_url": address, "api_key": bad_setting}})
    for fault in ("cut_after_commit", "error_500_but_done", "html_200", "wrong_types", "truncated_body"):
        practice.control.set_fault(fault, "create")
        run.call("CreateAccount", 510 + len(run.statuses), headers={"Panelbridge-Deadline": "1"})
    tell_playlists(run, practice)
    practice.control.set_fault("error_500_before", times=None)
    run.call("TerminateAccount", headers={"Panelbridge-Deadline": "1"})
    run.ask("GET", "/v1/panels/main/connection")
    practice.control.clear_faults()
    for path in ("panels", "plans", "keys", "operations", "subscriptions", "attention", "installations"):
        run.ask("GET", f"/v1/{path}")
    for path in ("/healthz", "/readyz", "/openapi.json", "/v1/credits/main/history.csv"):
        run.ask("GET", path)
    for name, account in practice.control.books()["accounts"].items():
        if len(account["password"] or "") >= 8:
            run.canaries.add(f"the password of {name}", account["password"])
            run.canaries.add(f"the playlist URL of {name}", playlist(name, account["password"]))


def tell_playlists(run: Run, practice: PracticeProcess) -> None:
    """A playlist address is login and password in one: mistyped into a field, or told by the panel."""
    typed = run.canaries.add("a playlist URL in a field", playlist("typedname", "TypedInto9931"))
    told = run.canaries.add("a playlist URL the panel told", playlist("toldname", "ToldByPanel6604"))
    run.call("CreateAccount", 601, customfields={"Username": typed})
    run.call("CreateAccount", 602, configoption1=typed)
    run.call("SuspendAccount", suspendreason="Overdue on Payment", domain=typed, call={"actor": typed})
    for status, text in ((200, "json"), (422, "json"), (200, "html"), (403, "html")):
        body = json.dumps({"status": told, "error": told, "field": told, "data": [told]})
        practice.control.set_reply(
            status=status,
            body=(body if text == "json" else f"<a href='{told}'>{told}</a>").encode(),
            content_type="application/json" if text == "json" else "text/html",
            headers={"Location": told},
            times=None,
        )
        run.call("CreateAccount", 610 + status, headers={"Panelbridge-Deadline": "1"})
        run.ask("GET", "/v1/panels/main/connection")
        practice.control.clear_faults()


def playlist(username: str, password: str) -> str:
    return f"http://tv.example/get.php?username={username}&password={password}&type=m3u_plus&output=ts"


def test_the_chain_was_one(run: Run) -> None:
    """Good calls were answered well and bad ones badly: what is searched did happen."""
    assert {200, 201, 400, 401, 404} <= set(run.statuses), run.statuses
    assert not [status for status in run.statuses if status >= 500 and status != 502], run.statuses
    assert len(run.canaries.names) >= 10


def test_no_secret_in_an_answer(run: Run) -> None:
    assert run.leaks == []


def test_no_secret_in_the_metrics(run: Run) -> None:
    metrics = run.ask("GET", "/metrics")
    assert "panelbridge_" in metrics
    assert run.canaries.found_in("/metrics", metrics) == []


def test_no_secret_in_the_output_of_the_service(run: Run) -> None:
    output = run.output.read_bytes()
    assert b"CreateAccount" in output
    assert run.canaries.found_in("the log", output) == []


def test_no_secret_in_the_data_folder_while_it_is_written(run: Run) -> None:
    names = {file.name for file in files_below(run.folder)}
    assert {"panelbridge.db", "panelbridge.db-wal", "secret.key"} <= names
    written = b"".join(file.read_bytes() for file in files_below(run.folder))
    assert all(table in written for table in (b"operations", b"attempts", b"workflow_status"))
    assert run.canaries.found_below(run.folder, but=run.folder / "secret.key") == []


def test_no_secret_in_the_repr_of_a_record(run: Run) -> None:
    services = compose(read_config(None, data_folder=run.folder))
    try:
        with services.units.read() as unit:
            panels = list(unit.panels.all())
            operations = list(unit.journal.search(limit=1000))
            owned = [unit.subscriptions.subscription(item.subscription_id) for item in operations]
            keys = list(unit.access.keys())
        adapters = [build_adapter(panel) for panel in panels]
        records = [*panels, *operations, *owned, *keys, *adapters, *(item.settings for item in adapters)]
        assert len(operations) > 5
        assert any(item is not None and item.password is not None for item in owned)
        for record in (*records, services, services.units, services.panels):
            assert (
                run.canaries.found_in(type(record).__name__, f"{record!r} {record} {vars_of(record)}") == []
            )
        for adapter in adapters:
            adapter.close()
    finally:
        services.close()


def vars_of(record: object) -> str:
    """What a debugger or an error report prints of it, one level down."""
    names = getattr(record, "__dict__", {})
    return repr(dict(names))


def test_no_secret_left_after_a_power_cut(run: Run) -> None:
    """Last, for it ends the service: what a killed process leaves on disk, write-ahead log included."""
    children = Path(f"/proc/{run.process.pid}/task/{run.process.pid}/children").read_text().split()
    for worker in children:  # none, where the server listens in the process itself
        os.kill(int(worker), signal.SIGKILL)
    run.process.kill()
    run.process.wait(20)
    assert run.canaries.found_below(run.folder, but=run.folder / "secret.key") == []
    assert run.canaries.found_in("the log", run.output.read_bytes()) == []
