"""Setting up by commands: panels, plans, resellers, shops, keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.full_books import fill_panel
from panelbridge import adapters
from panelbridge.testing.practice import PracticeProcess
from tests.cli.conftest import Shell, nothing_changed
from tests.support.ready import PracticeHere


def test_a_panels_secrets_are_starred_everywhere_and_sealed(
    selling: Shell, practice: PracticeProcess
) -> None:
    token = practice.settings["token"]

    for words in (
        ("show", "main"),
        ("show", "main", "--json"),
        ("list",),
        ("list", "--json"),
        ("test", "main"),
    ):
        ran = selling.done("panels", *words)
        assert token not in ran.out + ran.err, words
    assert selling.done("panels", "show", "main", "--json").json["settings"]["token"] == "***"
    for file in selling.folder.iterdir():
        assert token.encode() not in file.read_bytes(), file


def test_a_secret_on_the_command_line_is_refused(shell: Shell) -> None:
    ran = shell("panels", "add", "main", "--backend", "reference", "--set", "token=hunter2hunter2")

    assert ran.code == 1
    assert "stay in the shell's history" in ran.err
    assert "hunter2" not in ran.err
    assert shell.done("panels", "list", "--json").json == []


def test_settings_that_are_missing_are_asked_for(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = iter(["secret-token"])
    monkeypatch.setattr("typer._click.termui.hidden_prompt_func", lambda _: next(asked))

    ran = shell.done("panels", "add", "main", "--backend", "reference", typed="http://127.0.0.1:9/\n")

    settings = shell.done("panels", "show", "main", "--json").json["settings"]
    assert (settings["base_url"], settings["token"]) == ("http://127.0.0.1:9/", "***")
    assert "secret-token" not in ran.out + ran.err


def test_where_nobody_can_be_asked_all_missing_settings_are_named(shell: Shell) -> None:
    ran = shell("panels", "add", "main", "--backend", "reference")

    assert ran.code == 1
    assert "also needs base_url, token" in ran.err


def test_an_unknown_backend_names_those_that_are_there(shell: Shell) -> None:
    ran = shell("panels", "add", "main", "--backend", "nope")

    assert ran.code == 1
    listed = ran.err.partition("installed: ")[2]
    assert all(entry.name in listed for entry in adapters())


def test_a_panel_answers_and_tells_its_packages(selling: Shell) -> None:
    assert "Panel main answers" in selling.done("panels", "test", "main").out
    packages = {item["id"] for item in selling.done("panels", "packages", "main", "--json").json}
    assert {"basic-1m", "basic-12m"} <= packages


def test_a_panel_that_is_down_ends_with_7_and_repeating_is_safe(selling: Shell) -> None:
    selling.done("panels", "set", "main", "--set", "base_url=http://127.0.0.1:9/")

    ran = selling("panels", "accounts", "main")

    assert ran.code == 7
    assert "Safe to run again." in ran.err
    assert ran.out == ""


def test_accounts_say_which_subscription_they_belong_to(selling: Shell, practice: PracticeProcess) -> None:
    selling.order(7001)
    practice.control.act("create", username="somebody7001", reference=None)

    rows = {row["username"]: row for row in selling.done("panels", "accounts", "main", "--json").json}

    ours = selling.done("subscriptions", "show", "shop:7001", "--json").json
    assert rows[ours["username"]]["subscription"] == ours["id"]
    assert rows["somebody7001"]["subscription"] is None
    assert not any("password" in row for row in rows.values())
    assert "not ours" in selling.done("panels", "accounts", "main").out


def test_a_long_list_of_accounts_is_whole_or_nothing(selling: Shell, tmp_path: Path) -> None:
    with PracticeHere("reference", books=tmp_path / "large.sqlite") as large:
        fill_panel(tmp_path / "large.sqlite", 1100)  # more than are looked up and laid out together
        file = tmp_path / "large.json"
        file.write_text(json.dumps(large.settings))
        file.chmod(0o600)
        selling.done(
            "panels", "add", "large", "--backend", "reference", "--practice", "--settings", str(file)
        )

        lines = selling.done("panels", "accounts", "large").out.splitlines()
        rows = selling.done("panels", "accounts", "large", "--json").json
        large.control.set_fault("error_500_before", "list_accounts", skip=7, times=None)
        broken = selling("panels", "accounts", "large", "--json")

    told = [line for line in lines if "listed" in line]
    assert 1100 == len(told) == len(rows) == len({row["account"] for row in rows})
    assert 1 == sum("username" in line for line in lines)
    assert 1 == len({line.index("listed") for line in told})
    assert broken.code != 0
    assert broken.out == ""


def test_switching_writes_on_is_asked_and_off_is_not(selling: Shell) -> None:
    selling.done("panels", "writes", "off", "main")
    assert "off" in selling.done("panels", "list").out

    declined = selling("panels", "writes", "on", "main", typed="n\n")

    assert declined.code == 1
    assert "orders that wait are sent" in declined.err
    assert selling.done("panels", "show", "main", "--json").json["writes_enabled"] is False
    selling.done("panels", "writes", "on", "main", typed="y\n")
    assert selling.done("panels", "show", "main", "--json").json["writes_enabled"] is True


def test_a_changed_plan_is_a_new_version_and_keeps_what_is_not_named(selling: Shell) -> None:
    before = selling.done("plans", "show", "gold", "--json").json

    selling.done("plans", "set", "gold", "--title", "TV Gold", "--queue")
    same = selling.done("plans", "set", "gold", "--title", "TV Gold")

    after = selling.done("plans", "show", "gold", "--json").json
    assert (before["version"], after["version"]) == (1, 2)
    assert (after["title"], after["queue_without_credit"]) == ("TV Gold", True)
    assert after["terms"] == before["terms"]
    assert [
        (one["term"], one["package"], one["price"], one["extra_connection"]) for one in after["terms"]
    ] == [
        ("1m", "basic-1m", "1", "0.5"),
        ("12m", "basic-12m", "10", None),
    ]
    assert "Nothing changed." in same.err


def test_adding_a_plan_never_changes_one(selling: Shell) -> None:
    with nothing_changed(lambda: selling.done("plans", "show", "gold", "--json").out):
        ran = selling("plans", "add", "gold", "--panel", "main", "--term", "1m=basic-1m@9")

    assert ran.code == 1
    assert "plans set gold" in ran.err


@pytest.mark.parametrize("term", ["1m=basic-1m", "1m@3", "=x@1", "1m=basic-1m@1.23456", "1m=x@-1", "1m=x@1+"])
def test_a_term_that_cannot_be_read_names_the_form(selling: Shell, term: str) -> None:
    ran = selling("plans", "add", "bad", "--panel", "main", "--term", term)

    assert ran.code == 2
    assert "--term" in ran.err


def test_with_two_resellers_one_must_be_named(selling: Shell) -> None:
    selling.done("resellers", "add", "acme", "--name", "Acme TV", "--floor", "5")

    ran = selling("credits", "top-up", "5", "--reason", "start")

    assert ran.code == 1
    assert "choose one with --reseller.\nThey are: acme, main." in ran.err
    selling.done("credits", "top-up", "5", "--reason", "start", "--reseller", "acme")
    assert selling.done("resellers", "show", "acme", "--json").json["wallet"]["available"] == "5"


def test_a_key_is_told_once(shell: Shell) -> None:
    made = shell.done("keys", "add", "shop", "--label", "second", "--expires", "90d", "--json").json

    listed = shell.done("keys", "list")
    assert made["key"].startswith(f"{made['prefix']}_")
    assert made["prefix"] in listed.out
    assert made["key"] not in listed.out + shell.done("keys", "list", "--json").out


def test_a_whole_key_is_enough_to_revoke_it_and_is_not_repeated(shell: Shell) -> None:
    made = shell.done("keys", "add", "--operator", "--json").json

    asked = shell("keys", "revoke", made["key"])
    ran = shell.done("keys", "revoke", made["key"], "--yes")

    assert asked.code == 2
    assert "Add --yes" in asked.err
    assert made["key"] not in asked.out + asked.err + ran.out + ran.err
    assert "revoked" in shell.done("keys", "list").out


def test_a_shop_cannot_have_the_operators_scope(shell: Shell) -> None:
    ran = shell("keys", "add", "shop", "--scope", "admin")

    assert ran.code == 1
    assert "admin is the operator's" in ran.err


def test_rebinding_says_what_it_means_before_it_asks(shell: Shell) -> None:
    declined = shell("installations", "rebind", "shop", typed="n\n")

    assert declined.code == 1
    assert "never for a staging copy" in declined.err
    shell.done(
        "installations",
        "rebind",
        "shop",
        "--system-url",
        "https://shop.example/",
        "--module-id",
        "a" * 32,
        "--yes",
    )
    bound = shell.done("installations", "show", "shop", "--json").json
    assert bound["system_url"] == "https://shop.example"


def test_lists_are_json_for_a_program(selling: Shell) -> None:
    for group in ("panels", "plans", "resellers", "installations", "keys"):
        assert isinstance(selling.done(group, "list", "--json").json, list), group


def test_a_settings_file_that_is_no_object_is_refused(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(["no"]))

    ran = shell("panels", "add", "main", "--backend", "reference", "--settings", str(file))

    assert ran.code == 1
    assert "not a JSON object" in ran.err


@pytest.mark.parametrize(
    ("term", "told"),
    [
        ("1m=basic-12m@1", "sells 1m by package basic-12m, which lasts 12m"),
        ("1m=nothing@1", "1m needs package nothing, which the panel does not offer us"),
    ],
)
def test_a_plan_that_does_not_fit_the_panel_is_made_and_told(selling: Shell, term: str, told: str) -> None:
    for words in (
        ("add", "silver", "--panel", "main", "--term", term),
        ("set", "silver", "--term", term),
        ("set", "silver", "--active", "--json"),
    ):
        ran = selling.done("plans", *words)
        assert f"WRONG: plan silver: {told}" in ran.err
        assert "panelbridge p" in ran.err

    (doctors,) = (item for item in selling("doctor", "--json").json if item["check"] == "plan silver")
    assert doctors["cause"] == told


def test_a_plan_that_fits_is_made_without_a_word(selling: Shell) -> None:
    ran = selling.done("plans", "add", "silver", "--panel", "main", "--term", "12m=basic-12m@9")

    assert ran.err == ""


def test_a_plan_on_a_panel_that_does_not_answer_is_made_and_said_to_be_not_compared(selling: Shell) -> None:
    selling.done("panels", "set", "main", "--set", "base_url=http://127.0.0.1:9/")

    ran = selling.done("plans", "add", "silver", "--panel", "main", "--term", "1m=basic-12m@1", "--json")

    assert ran.json["code"] == "silver"
    assert "plan silver: was not compared with what the panel sells: " in ran.err
    assert "panelbridge doctor" in ran.err


def test_a_settings_file_that_others_may_read_is_refused_unless_accepted_by_name(
    shell: Shell, tmp_path: Path
) -> None:
    file = tmp_path / "panel.json"
    words = ("panels", "add", "main", "--backend", "reference", "--settings", str(file))
    settings = {"base_url": "https://panel.example.com/", "token": "t" * 20}
    file.write_text(json.dumps(settings))
    file.chmod(0o644)

    refused = shell(*words)

    assert refused.code == 1, refused.out
    assert "0644" in refused.err
    assert f"chmod 600 {file}" in refused.err
    shell.done(*words, "--set", "allow_open_file=true")
    assert shell.done("panels", "show", "main", "--json").json["settings"]["allow_open_file"] is True


def test_doctor_shows_a_way_that_others_can_listen_to(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "panel.json"
    file.write_text(
        json.dumps({"base_url": "http://192.0.2.1.example.com/", "token": "t" * 20, "allow_http": True})
    )
    file.chmod(0o600)
    added = shell("panels", "add", "main", "--backend", "reference", "--settings", str(file), "--writes-off")
    assert added.code == 0, added.err

    found = shell("doctor", "--json").json

    assert [item["cause"] for item in found if "accepted by allow_http" in item["cause"]]


def test_repeating_is_offered_only_where_it_can_help(shell: Shell) -> None:
    wrong = shell("panels", "show", "nowhere")

    assert wrong.code == 1
    assert "Safe to run again" not in wrong.err
    assert "[not_found]" in wrong.err
