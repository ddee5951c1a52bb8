"""A recorded round plays again where a header is the truth, facts are needed, objects go back whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from panelbridge_declarative import cassette
from panelbridge_declarative.description import queries
from panelbridge_declarative.description.load import load
from panelbridge_declarative.preview import preview

FACTS = {"domain": "maria.example", "email": "maria@customer.example"}


@pytest.mark.parametrize(
    ("name", "package", "options"),
    [("hestiacp", "default", FACTS), ("virtualmin", "0", FACTS), ("3x-ui", "50gib", {})],
)
def test_a_recorded_round_plays_and_holds_no_secret(
    name: str, package: str, options: dict[str, str], practised: Any, tmp_path: Path
) -> None:
    panel = practised(name)
    made = cassette.record(panel.practice.settings, package, options)
    assert {"call": "create", "ended": "done"} in made["calls"]
    assert {"call": "terminate again", "ended": "already"} in made["calls"]
    text = json.dumps(made)
    secrets = ("access_key", "secret_key", "password", "secret_path", "token")
    assert [key for key in secrets if panel.practice.settings.get(key, "\0") in text] == []
    file = tmp_path / "cassette.json"
    file.write_text(text)
    cassette.replay(file, name)


def test_a_header_that_a_rule_looks_at_is_kept_and_no_other(practised: Any) -> None:
    made = cassette.record(practised("hestiacp").practice.settings, "default", FACTS)
    kept = {name.lower() for one in made["exchanges"] for name in one["reply"]["headers"]}
    assert kept == {"content-type", "hestia-exit-code"}


def test_a_table_that_is_read_is_shown_as_one() -> None:
    assert queries.table_made("body.user.{name: login, on: enabled}") == ("name", "on")
    assert queries.table_made("body.user.name") is None
    shown = list(preview(load("3x-ui").spec, "suspend", {}, "https://panel.example/"))
    assert [one.problem for one in shown] == [None]
    assert json.loads(shown[0].body)["comment"] == "suspended bridge:1:1"
