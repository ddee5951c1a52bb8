"""Expressions: typed, checked when the file is loaded, blind to Python objects, and never evaluated twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelbridge_declarative.description.expressions import (
    ExpressionFailed,
    ExpressionInvalid,
    expression,
    template,
)

SCOPE: dict[str, Any] = {
    "account": {"username": "a/b", "number": "478", "none": None, "at": datetime(2030, 1, 1, tzinfo=UTC)},
    "config": {"items": "x", "keys": "y"},
    "package": {"gib": 50, "text": "50", "tags": ["a", "b"], "empty": {}},
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("{{account.number}}", "478"),
        ("{{account.number|int}}", 478),
        ("{{package.gib}}", 50),
        ("x{{package.gib}}", "x50"),
        (" {{package.gib}}", " 50"),
        ("{{account.none}}", None),
        ("{{package.empty}}", {}),
        ("{{package.tags}}", ["a", "b"]),
        ("{{package.tags[1]}}", "b"),
        ("{{package.tags|join(',')}}", "a,b"),
        ("{{account['number']}}", "478"),
        ("{{config.items}}{{config.keys}}", "xy"),
        ("{{account.username|path}}", "a%2Fb"),
        ("{{account.at|epoch_s}}", 1893456000),
        ("{{account.at|epoch_ms}}", 1893456000000),
        ("{{account.at|iso}}", "2030-01-01T00:00:00Z"),
        ("{{account.at|date('%d.%m.%Y')}}", "01.01.2030"),
        ("{{package.gib|gib}}", 50 * 1024**3),
        ("{{package.text|mib}}", 50 * 1024**2),
        ("{{account.number|b64}}", "NDc4"),
        ("{{'AbC'|lower}}", "abc"),
        ("{{package.gib|str}}", "50"),
        ("{{account.none|gib}}", None),
        ("{{account.none|default(0)}}", 0),
        ("{{account.missing|default('x')}}", "x"),
        ("{{'yes' if package.gib > 10 and not account.none else 'no'}}", "yes"),
        ("{{1 + package.gib - 1}}", 50),
        ("{{'a' ~ package.gib ~ account.number}}", "a50478"),
        ("{{ '{{' }}", "{{"),
        ("{% raw %}{# x #}", "{% raw %}{# x #}"),
        ("", ""),
    ],
)
def test_values(source: str, value: Any) -> None:
    found = template(source).value(SCOPE)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{{ a() }}", "call"), ("{{ a * 2 }}", "mul"), ("{{ 'x' ** 9 }}", "pow"), ("{{ [1] }}", "list"),
        ("{{ {} }}", "dict"), ("{{ a[1:2] }}", "slice"), ("{{ a is defined }}", "test"),
        ("{{ a._b }}", "underscore"), ("{{ a['_b'] }}", "underscore"), ("{{ _a }}", "underscore"),
        ("{{ a|attr('x') }}", "no filter"), ("{{ a|epoc_s }}", "did you mean 'epoch_s'"),
        ("{{ a|path(1) }}", "takes 0 to 0"), ("{{ a|date }}", "takes 1 to 1"), ("{{ a", "end of"),
        ("{{ a / 2 }}", "div"), ("{{ a|default(x=1) }}", "takes"), ("{{ lipsum }}{{ cycler() }}", "call"),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_refused_at_load(source: str, told: str) -> None:
    with pytest.raises(ExpressionInvalid, match=told):
        template(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{account.missing}}", "{{nothing}}", "x{{account.none}}", "{{account.none ~ 'x'}}",
        "{{account.username.upper}}", "{{account.at.year}}", "{{account.username + 1}}",
        "{{account.number|epoch_s}}", "{{account.username|int}}", "{{account.none > 3}}", "{{'..'|path}}",
        "{{''|path}}", "{{'a\\nb'|path}}", "{{account.at - account.at}}", "{{true ~ 'x'}}",
        "{{account.none|path}}", "x{{package.tags}}",
    ],
)  # fmt: skip
def test_what_has_no_value_fails_by_name_and_never_reads_as_one(source: str) -> None:
    with pytest.raises(ExpressionFailed) as caught:
        template(source).value(SCOPE)
    assert "a/b" not in str(caught.value)


def test_a_bare_expression_is_one_expression() -> None:
    assert expression("package.gib == 50").value(SCOPE) is True
    for wrong in ("{{a}}", "a }} b {{ c", ""):
        with pytest.raises(ExpressionInvalid):
            expression(wrong)


@given(st.text(max_size=60))
def test_a_value_is_data_whatever_it_holds(text: str) -> None:
    assert template("{{account.username}}").value({"account": {"username": text}}) == text
    assert template("<{{account.username}}>").value({"account": {"username": text}}) == f"<{text}>"
