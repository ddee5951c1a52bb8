"""A database that is older than what was done with it, or a copy of one: nothing leaves the bridge."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from panelbridge.http.app import create_app
from panelbridge.provisioning import Refusal
from panelbridge.service.compose import compose
from panelbridge.testing.practice import PracticeProcess
from tests.cli.conftest import Shell
from tests.support import postgres

WITNESS = "panelbridge.witness"
KILLED = """
import os, signal, sys
from pathlib import Path
from panelbridge.contract.models import Term
from panelbridge.provisioning import CreateCommand
from panelbridge.service.compose import compose
from panelbridge.service.config import ServiceConfig

services = compose(ServiceConfig(data_folder=Path(sys.argv[1])), migrate=False)
with services.units.read() as unit:
    shop = next(item for item in unit.installations.all() if item.code == "shop")
services.provisioner.submit(
    CreateCommand(
        installation=shop, service_id=int(sys.argv[2]), actor="test", plan="gold", term=Term.parse("1m")
    )
)
os.kill(os.getpid(), signal.SIGKILL)
"""


def ordered(shell: Shell, service_id: int) -> str:
    """How an order ends: the state of its operation, or the code it is refused with."""
    try:
        return shell.order(service_id).operation.state.value
    except Refusal as refusal:
        return refusal.code


def made(practice: PracticeProcess) -> object:
    return practice.control.books()["counts"]


def older_state(shell: Shell) -> Callable[[], object]:
    """The database as it is now, put back when that is called."""
    if shell.server is not None:
        server, older = shell.server, postgres.copy_of(shell.server)
        return lambda: postgres.replace(server, older)
    database = shell.folder / "panelbridge.db"
    content = database.read_bytes()
    return lambda: database.write_bytes(content)


def killed_after_an_order(shell: Shell, service_id: int) -> None:
    """A bridge that sold one account and was killed; its newest writes are in the log beside the database."""
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, str(shell.folder), str(service_id)],
        check=False,
        capture_output=True,
        timeout=120,
        env={**os.environ, "PANELBRIDGE_ANSWER_BUDGET": "30", "PANELBRIDGE_ATTEMPT_DEADLINE": "30"},
    )
    assert ran.returncode == -9, ran.stderr.decode()


def test_a_copy_of_the_folder_sends_nothing_and_the_original_goes_on(
    selling: Shell, practice: PracticeProcess
) -> None:
    assert ordered(selling, 9101) == "done"
    copy = selling.cloned("copy")
    before = made(practice)

    assert ordered(copy, 9102) == "writes_off"

    assert made(practice) == before
    told = copy.done("attention", "list").out
    assert "moved: confirm" in told
    assert copy.done("writes", "show", "--json").json["code"] == "copied"
    assert ordered(selling, 9103) == "done"


def test_a_renewal_wished_in_a_copy_waits_there(selling: Shell, practice: PracticeProcess) -> None:
    assert ordered(selling, 9111) == "done"
    copy = selling.cloned("copy")
    before = made(practice)

    ran = copy("subscriptions", "suspend", "shop:9111", "--reason", "overdue", "--yes")

    assert ran.code == 5, ran.err
    assert made(practice) == before


@pytest.mark.skipif(postgres.IN_USE, reason="a server's log is not in the data folder")
def test_a_log_deleted_after_a_kill_is_noticed(selling: Shell, practice: PracticeProcess) -> None:
    killed_after_an_order(selling, 9121)
    before = made(practice)
    for end in ("-wal", "-shm"):
        (selling.folder / f"panelbridge.db{end}").unlink(missing_ok=True)

    assert ordered(selling, 9121) == "writes_off"

    assert made(practice) == before
    assert "behind its witness" in selling.done("attention", "list").out


def test_a_kill_alone_stops_nothing(selling: Shell) -> None:
    killed_after_an_order(selling, 9126)

    assert ordered(selling, 9127) == "done"


def test_an_older_database_put_back_is_noticed(selling: Shell, practice: PracticeProcess) -> None:
    assert ordered(selling, 9131) == "done"
    put_back = older_state(selling)
    assert ordered(selling, 9132) == "done"
    put_back()
    before = made(practice)

    assert ordered(selling, 9132) == "writes_off"

    assert made(practice) == before


def test_without_its_witness_a_database_that_knows_of_one_stops(selling: Shell) -> None:
    assert ordered(selling, 9141) == "done"
    assert (selling.folder / WITNESS).exists()
    (selling.folder / WITNESS).unlink()

    assert ordered(selling, 9142) == "writes_off"

    assert selling.done("writes", "show", "--json").json["code"] == "witness_gone"
    selling.done("writes", "on", "--yes")
    assert ordered(selling, 9143) == "done"


def test_of_two_slots_a_torn_one_yields_the_other(selling: Shell) -> None:
    assert ordered(selling, 9151) == "done"
    witness = selling.folder / WITNESS
    assert witness.exists()
    whole = witness.read_bytes()
    half = len(whole) // 2
    for first, second in ((b"\xff" * 300 + whole[300:half], whole[half:]), (whole[:half], b"\0" * half)):
        with witness.open("r+b") as file:
            file.write(first + second)
        assert selling.done("writes", "show", "--json").json["stopped"] is False
    with witness.open("r+b") as file:
        file.write(b"\0" * len(whole))

    assert selling.done("writes", "show", "--json").json["code"] == "witness_gone"


def test_a_slot_that_was_written_by_somebody_else_counts_for_nothing(selling: Shell) -> None:
    assert ordered(selling, 9161) == "done"
    witness = selling.folder / WITNESS
    assert witness.exists()
    raised = witness.read_bytes().replace(b'"sequence":1', b'"sequence":7')
    with witness.open("r+b") as file:
        file.write(raised)

    assert selling.done("writes", "show", "--json").json["code"] == "witness_gone"


def test_before_writes_are_on_it_is_said_what_waits_and_for_which_panel(
    selling: Shell, practice: PracticeProcess
) -> None:
    assert ordered(selling, 9171) == "done"
    selling("panels", "writes", "off", "main")
    assert selling("subscriptions", "suspend", "shop:9171", "--reason", "overdue", "--yes").code == 5
    before = made(practice)

    ran = selling("panels", "writes", "on", "main", typed="n\n")

    assert ran.code == 1
    assert "main: 1 operation waits (1 suspend)" in ran.err
    assert made(practice) == before


def test_an_id_that_lost_books_gave_out_is_never_given_out_again(selling: Shell, tmp_path: Path) -> None:
    assert ordered(selling, 9181) == "done"
    selling.done("backup", str(tmp_path / "copy.db"))
    lost = selling.order(9182).operation
    if selling.server is None:
        selling.done("restore", str(tmp_path / "copy.db"), "--replace", "--yes")
    else:
        selling.server = postgres.empty_url()
        selling.done("restore", str(tmp_path / "copy.db"), "--yes")
    selling.done("panels", "writes", "on", "main", "--yes")

    made = selling.order(9183).operation
    assert made.id > lost.id
    assert made.subscription_id > lost.subscription_id, "the lost one's account bears its number"


def calling(shell: Shell, service_id: int, highest: int | None = None) -> dict[str, Any]:
    """What a shop's module is answered to CreateAccount, when it was told operation ``highest`` once."""
    key = shell.done("keys", "add", "shop", "--json").json["key"]
    services = compose(shell.config, migrate=False)
    try:
        app = create_app(shell.config, services)
        headers = {
            "Authorization": f"Bearer {key}",
            "Panelbridge-System-Url": "https://shop.example",
            "Panelbridge-Installation": "0" * 32,
        }
        body = {"serviceid": service_id, "billingcycle": "Monthly", "configoption1": "gold"}
        if highest is not None:
            body["highest_operation"] = highest
        answer = app.test_client().post("/v1/whmcs/CreateAccount", json=body, headers=headers).get_json()
        return dict(answer)
    finally:
        services.close()


def test_a_shop_that_was_told_more_than_the_books_hold_stops_them(
    selling: Shell, practice: PracticeProcess
) -> None:
    first = calling(selling, 9201)
    assert first["result"] == "success", first
    same = calling(selling, 9202, highest=first["operation"]["id"])
    assert same["result"] == "success", same
    before = made(practice)

    cloned = calling(selling, 9203, highest=100)

    assert cloned.get("code") == "writes_off", cloned
    assert made(practice) == before
    assert selling.done("writes", "show", "--json").json["code"] == "told_behind"
    selling.done("writes", "on", "--yes")
    after = calling(selling, 9203, highest=100)
    assert after["result"] == "success", after
    assert after["operation"]["id"] == 101


@pytest.mark.parametrize("how", ["missing", "emptied", "log left"])
def test_a_lost_database_is_never_replaced_by_empty_books(selling: Shell, how: str) -> None:
    assert ordered(selling, 9191) == "done"
    database = selling.folder / "panelbridge.db"
    if selling.server is not None:
        if how == "log left":
            pytest.skip("a server's log is not in the data folder")
        (postgres.emptied if how == "emptied" else postgres.dropped)(selling.server)
    elif how == "emptied":
        os.truncate(database, 0)
    else:
        database.unlink()
    if how == "log left":
        (selling.folder / WITNESS).unlink(missing_ok=True)
        (selling.folder / "panelbridge.db-wal").touch()

    init = selling("init")
    assert init.code == 4, init.out
    serve = subprocess.run(
        [sys.executable, "-m", "panelbridge", "serve"],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PANELBRIDGE_DATA_FOLDER": str(selling.folder), "PANELBRIDGE_PORT": "1"},
    )

    assert serve.returncode == 4
    if selling.server is None or how == "emptied":
        assert "panelbridge restore" in init.err
    assert "Traceback" not in serve.stderr
    assert not database.exists() or database.stat().st_size == 0


def test_the_key_of_existing_books_is_never_made_anew(selling: Shell) -> None:
    key_file = selling.folder / "secret.key"
    key_file.rename(selling.folder / "aside")

    ran = selling("init")

    assert ran.code == 4
    assert not key_file.exists()
    assert "put the key file back" in ran.err


def test_nothing_is_signed_with_the_key_of_other_books(selling: Shell) -> None:
    other = selling.elsewhere("other")
    other.done("init")
    shutil.copy2(other.folder / "secret.key", selling.folder / "secret.key")

    ran = selling("credits", "top-up", "5", "--reason", "with a foreign key")

    assert ran.code == 4
    assert "does not belong to this database" in ran.err
