"""An expiry that somebody moved, as the operator meets it at the shell: nothing bought, and two ways on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from panelbridge.provisioning import RenewCommand
from panelbridge.service.compose import compose
from panelbridge.testing.practice import PracticeProcess
from tests.cli.conftest import Shell
from tests.support.ready import PracticeHere


@pytest.fixture(scope="module")
def seller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeProcess]:
    books = tmp_path_factory.mktemp("seller") / "books.sqlite"
    with PracticeHere("reference", books=books, options={"extend": "add"}) as panel:
        yield panel


@pytest.fixture
def stuck(shell: Shell, seller: PracticeProcess, tmp_path: Path) -> Shell:
    """A paid renewal of an account whose expiry its panel's owner moved by a month."""
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({**seller.settings, "late_commit": 0}))
    settings.chmod(0o600)
    added = shell(
        "panels", "add", "main", "--backend", "reference", "--practice", "--settings", str(settings)
    )
    assert added.code == 0, added.err
    shell.done("plans", "add", "gold", "--panel", "main", "--term", "1m=basic-1m@1")
    shell.done("credits", "top-up", "50", "--reason", "opening credit")
    answer = shell.order(username=f"mover{id(tmp_path)}"[:20])
    name = answer.operation.username
    until = datetime.fromisoformat(seller.control.books()["accounts"][name]["expires_at"])
    seller.control.act(
        "set_expiry", username=name, expires_at=f"{until + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"
    )
    _renew(shell)
    return shell


def _renew(shell: Shell) -> None:
    services = compose(shell.config, migrate=False)
    try:
        with services.units.read() as unit:
            shop = next(item for item in unit.installations.all() if item.code == "shop")
        command = RenewCommand(installation=shop, service_id=501, actor="test", fact="item:1")
        services.provisioner.submit(command)
    finally:
        services.close()


def balance(shell: Shell) -> str:
    found: str = shell.done("credits", "show", "--reseller", "main", "--json").json["balance"]
    return found


def test_the_list_names_both_ways_on(stuck: Shell) -> None:
    items = stuck.done("attention", "list", "--json").json
    assert [item["code"] for item in items] == ["moved_elsewhere"]
    (item,) = items
    assert {"book-missing", "buy-from-here"} <= set(item["ways_out"])
    assert "nothing was bought" in item["message"]


def test_a_panel_can_be_told_never_to_send_a_purchase_again(
    shell: Shell, seller: PracticeProcess, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({**seller.settings, "resend_after": "never"}))
    settings.chmod(0o600)
    added = shell(
        "panels", "add", "main", "--backend", "reference", "--practice", "--settings", str(settings)
    )
    assert added.code == 0, added.err
    assert "never" in shell.done("panels", "show", "main").out


@pytest.mark.parametrize(("way", "left"), [("book-missing", "47"), ("buy-from-here", "48")])
def test_each_way_goes_on_and_charges_what_it_said(
    stuck: Shell, seller: PracticeProcess, way: str, left: str
) -> None:
    bought = seller.control.books()["counts"].get("extend", 0)
    assert len(stuck.done("attention", "list", "--json").json) == 1
    declined = stuck("attention", way, "2", "--reason", "saw the panel's log", typed="n\n")
    assert "bought" in declined.err
    assert seller.control.books()["counts"].get("extend", 0) == bought

    stuck.done("attention", way, "2", "--reason", "saw the panel's log", "--yes")

    assert seller.control.books()["counts"].get("extend", 0) == bought + 1
    assert balance(stuck) == left
    assert stuck.done("attention", "list", "--json").json == []
