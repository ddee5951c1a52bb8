"""``panelbridge spec``: what it tells of a file, what it would send, and a round that can be played back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from panelbridge_declarative import cassette
from panelbridge_declarative.description.load import find, shipped
from panelbridge_declarative.description.schema import FILE, schema_text
from panelbridge_declarative.description.spec import LISTS, READS, WRITES
from panelbridge_declarative.preview import preview
from tests.adapters.declarative.conftest import ACME, Panel
from tests.cli.conftest import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "data", monkeypatch)


def test_the_published_schema_is_that_of_the_models() -> None:
    assert FILE.read_text() == schema_text(), "run python -m panelbridge_declarative.description.schema"


def test_check_tells_every_fault_and_where(shell: Shell, tmp_path: Path) -> None:
    assert "marzban.toml can be used" in shell.done("spec", "check", "marzban").out
    file = tmp_path / "acme.toml"
    file.write_text(
        ACME.replace("{{config.key}}", "{{config.kye}}").replace("/{{account.id|path}}", "/{{account.id}}")
    )
    ran = shell("spec", "check", str(file))
    assert ran.code == 8
    assert "acme.toml: auth.send.headers.X-Key: config has no 'kye'; did you mean 'key'?" in ran.out
    assert "op.get.request.GET: {{account.id}} needs the filter path" in ran.out
    told = json.loads(shell("spec", "check", str(file), "--json").out)
    assert told["fit"] is False
    assert {one["key"] for one in told["findings"]} >= {"auth.send.headers.X-Key", "op.get.request.GET"}
    assert shell("spec", "check", "/nowhere.toml").code == 8


def test_check_warns_and_still_takes_it(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "acme.toml"
    file.write_text(ACME.replace("[op.suspend]", '[op.suspend]\noutcomes = [{ status = 302, is = "auth" }]'))
    ran = shell.done("spec", "check", str(file))
    assert "warning: op.suspend.outcomes.0: a redirect is never followed" in ran.out
    assert "can be used" in ran.out


def test_try_shows_the_request_without_its_secrets(shell: Shell) -> None:
    words = ("spec", "try", "marzban", "create", "--set", "user=joe", "--set", "password=hun ter2")
    ran = shell.done(*words)
    assert "POST https://panel.example/api/admin/token" in ran.out
    assert "username=joe&password=***" in ran.out
    assert '"username": "customer1"' in ran.out
    assert "hun ter2" not in ran.out + ran.err
    assert "hun+ter2" not in ran.out
    assert "Nothing was sent" in ran.err
    told = json.loads(shell.done("spec", "try", "outline", "unsuspend", "--json").out)
    assert [one["when"] for one in told] == [None, "packages[present.package].quota_gib == 0"]
    assert told[0]["request"] == "PUT https://panel.example/***/access-keys/customer1/data-limit"
    ran = shell("spec", "try", "outline", "extend")
    assert (ran.code, "has no op.extend" in ran.err) == (1, True)


@pytest.mark.parametrize("name", shipped())
def test_every_operation_of_every_description_can_be_shown(name: str) -> None:
    from panelbridge_declarative.description.load import load

    spec = load(name).spec
    for op in (*READS, *LISTS, *WRITES):
        if getattr(spec.op, op) is not None:
            assert [one.problem for one in preview(spec, op, {}, "https://panel.example/")].count(None) >= 1


@pytest.mark.parametrize("name", ["marzban", "outline"])
def test_a_recorded_round_plays_and_holds_no_secret(name: str, practised: Any, tmp_path: Path) -> None:
    panel = practised(name)
    setup = next(iter(panel.practice.server._server.panel.setups.values()))
    made = cassette.record(panel.practice.settings, setup.package)
    assert {"call": "create", "ended": "done"} in made["calls"]
    assert {"call": "terminate", "ended": "done"} in made["calls"]
    assert {"call": "terminate again", "ended": "already"} in made["calls"]
    text = json.dumps(made)
    secret = next(
        value for key, value in panel.practice.settings.items() if key in ("password", "secret_path")
    )
    assert secret not in text
    assert panel.practice.url not in text
    file = tmp_path / "cassette.json"
    file.write_text(text)
    cassette.replay(file, name)
    for change in (
        lambda one: one["exchanges"].pop(),
        lambda one: one["exchanges"][-1]["request"].update(path="/other"),
        lambda one: one["calls"][2].update(ended="already"),
    ):
        other = json.loads(text)
        change(other)
        file.write_text(json.dumps(other))
        with pytest.raises(cassette.CassetteMismatch):
            cassette.replay(file, name)


def test_record_asks_first_and_writes_a_file(shell: Shell, practised: Any, tmp_path: Path) -> None:
    panel = practised("outline")
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps(panel.practice.settings))
    settings.chmod(0o600)
    out = tmp_path / "round.json"
    words = (
        "spec",
        "record",
        "outline",
        "--settings",
        str(settings),
        "--package",
        "50gib",
        "--out",
        str(out),
    )
    assert shell(*words).code == 2
    assert not out.exists()
    told = shell.done(*words, "--yes").out
    assert "requests are kept in" in told
    assert "terminate again" in told
    cassette.replay(out, "outline")
    assert panel.practice.control.books()["accounts"] == {}


def test_a_round_that_made_nothing_is_told_as_that(shell: Shell, practised: Any, tmp_path: Path) -> None:
    panel = practised("marzban")
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps(panel.practice.settings))
    settings.chmod(0o600)
    words = ("spec", "record", "marzban", "--settings", str(settings), "--package", "none", "--yes", "--out")
    ran = shell(*words, str(tmp_path / "round.json"))
    assert ran.code == 1
    assert "invalid_order refused" in ran.out
    assert "made no account" in ran.err
    nowhere = shell(*words, str(tmp_path / "nowhere" / "round.json"))
    assert (nowhere.code, nowhere.out) == (1, "")
    assert "the folder does not exist" in nowhere.err


def test_practice_by_hand_names_the_panels_there_are(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "panelbridge.testing.practice", "declarative", "--option", "spec=nope"]
    ran = subprocess.run(
        [*command, "--books", str(tmp_path / "x.sqlite")],
        capture_output=True, text=True, check=False, env={**os.environ}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert ran.returncode != 0
    assert "there are marzban, outline" in ran.stderr or "marzban" in ran.stderr


def test_descriptions_and_schema_are_files_of_the_package() -> None:
    assert find("marzban").parent.parent == FILE.parent


def test_secrets_of_a_dry_run_are_made_up(panel: Panel) -> None:
    adapter, session = panel(ACME, None)
    shown = list(preview(adapter.spec, "reset_credentials", {"key": "s3cret"}, "https://panel.test/"))
    assert "s3cret" not in repr(shown)
    assert session.sent == []
