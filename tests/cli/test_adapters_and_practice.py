"""Installed backends as a matrix, and a practice panel to try everything on."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import closing
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from panelbridge.contract.registry import AdapterEntry
from panelbridge.testing.practice import PracticeControl, practice_class
from tests.cli.conftest import Shell


def test_the_matrix_shows_each_backend_in_its_variants(bare: Shell) -> None:
    told = bare.done("adapters", "--json").json

    dialects = {
        item["settings"].get("dialect"): item["capabilities"]["extend"]
        for item in told
        if item["backend"] == "xui"
    }
    assert dialects == {"reseller": "add", "admin": "set"}
    table = bare.done("adapters").out
    for text in ("dialect=reseller", "adds (bought, fenced)", "late commit", "reference"):
        assert text in table


def test_one_backend_is_shown_whole(bare: Shell) -> None:
    whole = bare.done("adapters", "reference").out
    assert "8 to 32 of [A-Za-z0-9]+" in whole
    assert "xui" not in whole
    assert {item["backend"] for item in bare.done("adapters", "xui", "--json").json} == {"xui"}
    unknown = bare("adapters", "nobody")
    assert unknown.code == 1
    assert "installed: " in unknown.err


def test_a_set_up_that_is_not_there_is_named(bare: Shell) -> None:
    ran = bare("practice", "xui", "--setup", "nowhere")
    assert ran.code == 1
    assert "reseller, reseller-admin-lookup" in ran.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["xui", "--books", "{folder}/nowhere/books.sqlite"], "cannot be used as books"),
        (["xui", "--books", "{folder}/text.sqlite"], "cannot be used as books"),
        (["xui", "--books", "{folder}/stalker.sqlite"], "cannot be used as books"),
        (
            ["xui", "--books", "{folder}/new.sqlite", "--option", "credits=many"],
            "can read",
        ),
        (["xui", "--books", "{folder}/new.sqlite", "--port", "{taken}"], "cannot be listened on"),
    ],
)
def test_what_a_practice_panel_cannot_be_started_with_is_named(
    bare: Shell, tmp_path: Path, words: list[str], told: str
) -> None:
    (tmp_path / "text.sqlite").write_text("no database")
    practice_class("stalker")(tmp_path / "stalker.sqlite")
    with closing(socket.create_server(("127.0.0.1", 0))) as busy:
        taken = busy.getsockname()[1]
        ran = bare("practice", *[word.format(folder=tmp_path, taken=taken) for word in words])
    assert ran.code == 1, ran.err
    assert told in ran.err
    assert "[invalid_request]" in ran.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["xui", "--option", "dialekt=admin"],
            ["'dialekt'", "admin_lookup, balance, credits, device_search"],
        ),
        (["xui", "--option", "dialect=amdin"], ["dialect", "'amdin'", "reseller, admin"]),
        (["tvheadend", "--option", "page=3"], ["'page'", "options: none"]),
        (
            ["declarative", "--option", "spec=marzban", "--option", "rolle=reseller"],
            ["spec=marzban", "'rolle'", "login, password, role, user"],
        ),
        (["declarative", "--option", "spec=marzbahn"], ["'marzbahn'", "marzban, modoboa"]),
    ],
)
def test_an_option_that_the_practice_panel_does_not_have_is_refused_with_those_it_has(
    bare: Shell, tmp_path: Path, words: list[str], told: list[str]
) -> None:
    books = tmp_path / "books.sqlite"

    ran = bare("practice", *words, "--books", str(books))

    assert ran.code == 1, ran.err
    assert "[invalid_request]" in ran.err
    assert words[0] in ran.err
    spoken = " ".join(ran.err.split())
    assert [text for text in told if text not in spoken] == []
    assert not books.exists()


def test_a_backend_that_fails_to_load_is_named_and_the_others_shown(
    bare: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from panelbridge.contract.registry import adapters

    broken = AdapterEntry(
        name="acme",
        distribution="panelbridge-acme 1.0",
        entry_point=EntryPoint("acme", "no_such_module:Acme", "panelbridge.adapters"),
    )
    both = (broken, *adapters())
    monkeypatch.setattr("panelbridge.contract.registry.adapters", lambda: both)

    ran = bare("adapters")

    assert ran.code == 8
    assert "adapter 'acme' of panelbridge-acme 1.0 failed to load" in ran.err
    assert "dialect=admin" in ran.out


def test_a_practice_panel_is_made_known_and_answers(shell: Shell, tmp_path: object) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "panelbridge.command",
            "practice",
            "reference",
            "--books",
            str(shell.folder.parent / "books.sqlite"),
            "--add",
            "try",
            "--json",
        ],
        env=os.environ | {"PANELBRIDGE_DATA_FOLDER": str(shell.folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        assert announced["url"].startswith("http://127.0.0.1:")
        assert announced["page"] == announced["url"] + "_practice/"
        accounts = PracticeControl(announced["url"]).books()["accounts"].values()
        assert sorted(account["state"] for account in accounts) == ["active", "active", "suspended"]
        panel = shell.done("panels", "show", "try", "--json").json
        assert (panel["practice"], panel["settings"]["base_url"]) == (True, announced["url"])
        assert "answers" in shell.done("panels", "test", "try").out
    finally:
        process.terminate()
        assert process.wait(15) == 0
        if process.stdout is not None:
            process.stdout.close()


def test_a_real_panel_is_never_turned_into_a_practice_one(selling: Shell, tmp_path: object) -> None:
    settings = selling.folder.parent / "real.json"
    settings.write_text(json.dumps({"base_url": "https://panel.example/", "token": "t" * 20}))
    settings.chmod(0o600)
    selling.done("panels", "add", "real", "--backend", "reference", "--settings", str(settings))

    ran = selling(
        "practice", "reference", "--books", str(selling.folder.parent / "b.sqlite"), "--add", "real"
    )

    assert ran.code == 1
    assert "reference, real" in ran.err
    shown = selling.done("panels", "show", "real", "--json").json
    assert shown["settings"]["base_url"] == "https://panel.example/"
