"""The practice panel speaks as the release it imitates does, and keeps its books."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from panelbridge.contract.settings import read_settings
from panelbridge.testing.practice import PracticeProcess
from panelbridge_xui import XuiAdapter, XuiSettings

BOUQUETS = (("bouquets_selected[]", "1"), ("bouquets_selected[]", "2"))


def fetch(url: str, method: str = "GET", **more: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, timeout=30, **more)


def test_one_row_mixes_strings_a_native_zero_and_null(panel: Any, made: Any) -> None:
    adapter = panel.reseller()
    account = made(adapter)
    adapter.suspend(account.ref, "overdue")
    row = panel.naive("get_line", ("id", account.id))["data"]
    assert (row["id"], row["admin_enabled"], row["enabled"], row["is_trial"]) == (account.id, "1", 0, 0)
    assert (row["contact"], row["bouquet"]) == (None, "[1,2]")
    assert row["exp_date"] == str(int(account.expires_at.timestamp()))
    assert row["updated"] == "0000-00-00 00:00:00"


def test_prices_and_counts_come_as_either(panel: Any) -> None:
    packages = panel.naive("packages")["data"]
    assert [row["official_credits"] for row in packages][:3] == [1, 3, 12]
    assert panel.naive("get_package", ("id", "3"), admin=True)["data"]["official_credits"] == "3"
    lines = panel.naive("get_lines", admin=True)
    assert (lines["recordsTotal"], lines["recordsFiltered"]) == ("3", "3")


def test_some_lists_are_bare(panel: Any) -> None:
    assert isinstance(panel.naive("get_packages", admin=True), list)


def test_our_own_user_shows_the_key_and_the_permissions(panel: Any) -> None:
    told = panel.naive("user_info")
    assert told["data"]["api_key"] == panel.settings["api_key"]
    assert (told["permissions"]["create_line"], told["permissions"]["allow_change_username"]) == (True, "1")
    shown = panel.naive("user_info", ("show_columns", "id,credits"))
    assert shown["data"] == {"id": "2", "credits": "100"}


@pytest.mark.parametrize(
    ("key", "admin"), [("wrong", False), ("", False), ("reseller", True), ("admin", False)]
)
def test_a_wrong_key_and_a_wrong_role_get_one_answer(panel: Any, key: str, admin: bool) -> None:
    settings = panel.settings
    keys = {"reseller": settings["api_key"], "admin": settings["admin_api_key"]}
    answer = panel.naive("get_lines", ("api_key", keys.get(key, key)), admin=admin)
    assert answer == {"status": "STATUS_FAILURE", "error": "Invalid API key."}


def test_an_unknown_action_is_told(panel: Any) -> None:
    answer = {"status": "STATUS_FAILURE", "error": "Invalid action."}
    assert panel.naive("nothing") == answer
    assert panel.naive("mysql_query", admin=True) == answer


def test_the_front_server_answers_pages(panel: Any) -> None:
    base = panel.settings["base_url"]
    wrong = fetch(f"{base}wrong/")
    assert (wrong.status_code, wrong.headers["Content-Type"].split(";")[0]) == (404, "text/html")
    panel.control.act("door", state="closed")
    assert fetch(f"{base}{panel.settings['access_code']}/").status_code == 403


def test_get_writes_too_and_the_form_wins_over_the_query(panel: Any, made: Any) -> None:
    account = made(panel.reseller())
    address = f"{panel.settings['base_url']}{panel.settings['access_code']}/"
    query = {"api_key": panel.settings["api_key"], "action": "disable_line", "id": account.id}
    assert fetch(address, params=query).json() == {"status": "STATUS_SUCCESS"}
    assert panel.account(account.username)["state"] == "suspended"
    fetch(address, "POST", params=query, data={"action": "enable_line"})
    assert panel.account(account.username)["state"] == "active"


def test_the_log_of_spending_is_the_admins_alone(panel: Any, made: Any) -> None:
    account = made(panel.reseller())
    assert panel.naive("user_logs")["data"] == []
    logged = panel.naive("user_logs", admin=True)["data"]
    assert [(row["action"], row["log_id"], row["cost"], row["credits_after"]) for row in logged] == [
        ("new", account.id, "1", "99")
    ]


def test_credits_move_by_the_admins_hand(panel: Any) -> None:
    panel.naive("adjust_credits", ("id", "2"), ("credits", "5"), admin=True)
    assert panel.reseller().balance().amount == 105
    assert (
        panel.naive("adjust_credits", ("id", "2"), ("credits", "-500"), admin=True)["status"]
        == "STATUS_FAILURE"
    )


def test_a_subscribers_login_prints_nothing_or_a_page(panel: Any, made: Any) -> None:
    account = made(panel.reseller())
    address = f"{panel.settings['base_url']}player_api.php"
    login = {"username": account.username, "password": account.password.get_secret_value()}
    valid = fetch(address, params=login)
    assert (valid.status_code, valid.content) == (200, b"")
    assert fetch(address, params={**login, "password": "wrong"}).status_code == 404


def test_an_override_price_is_ours(panel: Any, made: Any) -> None:
    with_override = {"override_packages": '{"1": 7}'}
    panel.write_user(2, with_override)
    adapter = panel.reseller()
    account = made(adapter)
    assert panel.charges(account.username) == [7]
    assert {package.id: package.price for package in adapter.list_packages()}["1"] == 7


def test_the_books_outlive_the_process(tmp_path: Path, order: Any) -> None:
    process = PracticeProcess("xui", books=tmp_path / "books.sqlite")
    request = order()
    with process:
        settings = process.settings
        with XuiAdapter(read_settings(XuiSettings, settings)) as adapter:
            adapter.create(request)
        process.kill()
        process.start()
        assert {**process.settings, "probe_from": 0} == {**settings, "probe_from": 0}
        books = process.control.books()
    assert list(books["accounts"]) == [request.credentials.username]
    assert (books["charges"], books["charged"], books["balance"]) == (
        {request.credentials.username: [1]},
        1,
        99,
    )
