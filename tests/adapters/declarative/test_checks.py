"""What a description gets wrong is told when it is loaded: where, what came, what is allowed."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from panelbridge_declarative.description.load import SpecInvalid, find, load, read, shipped
from tests.adapters.declarative.conftest import ACME, HERE

MINIMAL = """
spec = 1
name = "m"
title = "M"
outcomes = [{ status = 200, is = "ok" }]
[op.test]
request = { GET = "/" }
[op.suspend]
request = { POST = "/" }
[op.unsuspend]
request = { POST = "/" }
"""


def refused(text: str) -> str:
    with pytest.raises(SpecInvalid) as caught:
        read(text, where="acme.toml")
    return str(caught.value)


def test_the_small_one_is_fit_and_json_is_its_equal() -> None:
    text = read(ACME, where="acme.toml")
    same = read(json.dumps(tomllib.loads(ACME)), where="acme.json", as_json=True)
    assert text.warnings == ()
    assert text.spec == same.spec


def test_shipped_ones_are_fit_without_a_warning() -> None:
    assert len(shipped()) >= 2
    for name in shipped():
        assert load(name).warnings == (), name


FAULTS = tomllib.loads((HERE / "faults.toml").read_text())["fault"]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["told"])
def test_a_fault_is_told_with_its_place(fault: dict[str, Any]) -> None:
    assert fault["old"] in ACME
    parts = ACME.rsplit if "last" in fault else ACME.split
    said = refused(fault["new"].join(parts(fault["old"], 1)))
    assert fault["told"] in said
    assert said.startswith("acme.toml: ")


@pytest.mark.parametrize("key", ["True", "null", "None"])
def test_a_key_of_a_map_that_no_reply_can_equal_is_refused(key: str) -> None:
    """It was silent, and the state it meant was never seen."""
    text = ACME.replace(
        'map = { true = "active", false', f'map = {{ {key} = "expired", true = "active", false'
    )
    try:
        said = f"fit: {read(text, where='acme.toml').where}"
    except SpecInvalid as error:
        said = str(error)
    assert f"the key {key!r} can never match" in said


def test_a_panel_without_expiry_needs_suspend() -> None:
    text = MINIMAL.replace("[op.unsuspend]", "[op.create]")
    assert "a panel without expiry is held by suspending" in refused(text)


def test_verify_needs_something_to_read() -> None:
    wants = MINIMAL.replace("[op.unsuspend]", 'retry = { after_unknown = "verify" }\n[op.unsuspend]')
    assert "op.suspend: verify reads the account back, and there is no op.get" in refused(wants)


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (
            '{ status = [400, 401], is = "auth" }, { status = 401, is = "denied" }',
            "outcomes.1: rule 0 comes first",
        ),
        (
            '{ match = "body.a", is = "ok" }, { match = "body.a", status = 200, is = "busy" }',
            "outcomes.1: rule 0",
        ),
        ('{ text = "no", is = "denied" }, { text = "not", is = "auth" }', "outcomes.1: rule 0"),
        ('{ status = 302, is = "auth" }', "outcomes.0: a redirect is never followed"),
    ],
)
def test_a_rule_that_never_matches_is_warned_of(rules: str, told: str) -> None:
    text = MINIMAL.replace('{ status = 200, is = "ok" }', f'{rules}, {{ status = 200, is = "ok" }}')
    assert [told in str(one) and not one.fatal for one in read(text, where="m").warnings] == [True]


def test_rules_that_differ_hide_nothing() -> None:
    rules = '{ status = 401, type = "text/html", is = "auth" }, { status = 401, is = "denied" }'
    text = MINIMAL.replace('{ status = 200, is = "ok" }', f'{rules}, {{ status = 200, is = "ok" }}')
    assert read(text, where="m").warnings == ()


@pytest.mark.parametrize("text", ["spec = ", "spec = 1\nspec = 1", "[", "\x00"])
def test_what_is_no_toml_is_told(text: str) -> None:
    assert refused(text).startswith("acme.toml: ")


def test_names_and_paths() -> None:
    assert find("marzban").name == "marzban.toml"
    with pytest.raises(SpecInvalid, match="did you mean 'marzban'"):
        load("marzbn")
    with pytest.raises(SpecInvalid, match=r"\.toml or \.json"):
        load("/etc/passwd")
    with pytest.raises(SpecInvalid, match="cannot be read"):
        load("/nowhere/x.toml")


def test_the_guides_example_can_be_used(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "developer.md").read_text("utf-8")
    told = guide.partition("## Describe a panel in a file")[2].partition("```toml\n")[2].partition("```")[0]
    file = tmp_path / "acme.toml"
    file.write_text(told)
    assert load(str(file)).warnings == ()


USAGE = """
[op.usage]
request = { GET = "/usage" }
rows = "body"
[op.usage.result]
username = "row.login"
last_seen = { at = "row.seen", unit = "epoch_s", never = [0] }
address = { at = "row.ip", optional = true }
player = "row.agent"
"""


def reported_of(text: str) -> str:
    """What is wrong with it; nothing where it is fit."""
    try:
        read(text, where="acme.toml")
    except SpecInvalid as error:
        return str(error)
    return ""


def test_usage_tells_when_from_where_and_with_what() -> None:
    assert reported_of(MINIMAL + USAGE) == ""


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            ('last_seen = { at = "row.seen", unit = "epoch_s", never = [0] }', 'last_seen = "row.seen"'),
            "a unit",
        ),
        (('player = "row.agent"', 'player = { at = "row.agent", never = true }'), "last_seen only"),
        (('player = "row.agent"', 'agent = "row.agent"'), "unknown key 'agent'"),
    ],
)
def test_a_usage_that_says_what_none_means_is_refused(wrong: tuple[str, str], told: str) -> None:
    assert told in reported_of(MINIMAL + USAGE.replace(*wrong))
