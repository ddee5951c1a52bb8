"""What is checked when a description is loaded, beyond its form: better now than at three in the morning."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator

from pydantic import BaseModel, ValidationError

from panelbridge.contract.models import AccountState
from panelbridge_declarative.description import places, queries
from panelbridge_declarative.description.abilities import abilities, is_checkable
from panelbridge_declarative.description.check_maps import check_map
from panelbridge_declarative.description.check_requests import check_names, check_requests
from panelbridge_declarative.description.expressions import ExpressionInvalid, expression
from panelbridge_declarative.description.findings import Finding
from panelbridge_declarative.description.shadows import shadows
from panelbridge_declarative.description.spec import (
    AfterUnknown,
    Is,
    ListOp,
    ReadOp,
    ResultField,
    Rules,
    Spec,
    WriteOp,
)
from panelbridge_declarative.description.words import meant
from panelbridge_declarative.settings import OWN_SETTINGS

TIMES = frozenset({"epoch_s", "epoch_ms", "iso", "date", "days_left"})
SIZES = frozenset({"bytes", "mib", "gib"})


def check(spec: Spec) -> Iterator[Finding]:
    """Every fault and every warning, in the order of the file's parts."""
    return itertools.chain.from_iterable(part(spec) for part in _CHECKS)


def _config(spec: Spec) -> Iterator[Finding]:
    for name, field in spec.config.items():
        key = f"config.{name}"
        if name in OWN_SETTINGS or hasattr(BaseModel, name) or name.startswith("model_"):
            yield Finding(key=key, message="this name is taken; choose another")
        kinds = {"int": int, "bool": bool}.get(field.type, str)
        if field.default is not None and (field.type == "secret" or type(field.default) is not kinds):
            yield Finding(key=key, message=f"has a default that is no {field.type}")


def _tests(spec: Spec) -> Iterator[Finding]:
    for place in places.tests(spec):
        try:
            yield from check_names(expression(place.text), place.key, place.known)
        except ExpressionInvalid as error:
            yield Finding(key=place.key, message=str(error))


def _queries(spec: Spec) -> Iterator[Finding]:
    for place in places.queries(spec):
        try:
            queries.check(place.text)
        except queries.QueryInvalid as error:
            yield Finding(key=place.key, message=str(error))


def _rules(spec: Spec) -> Iterator[Finding]:
    yield from _conditions("outcomes", spec.outcomes)
    yield from shadows("outcomes", spec.outcomes)
    for place in places.rules(spec):
        yield from _half_made(place)
        yield from _conditions(f"{place.key}.outcomes", place.own)
        yield from shadows(f"{place.key}.outcomes", place.own)
        if not place.also_ok and not any(rule.outcome is Is.OK for rule in place.all):
            yield Finding(key=place.key, message="no rule gives ok, so nothing here could ever succeed")


def _half_made(place: places.RulesPlace) -> Iterator[Finding]:
    of_read = place.key.removesuffix(".proof") in {"op.get", "op.find", "op.find_reference"}
    if not of_read and any(rule.outcome is Is.HALF_MADE for rule in place.own):
        yield Finding(key=place.key, message="only a read of one account can tell that it is half made")


def _conditions(key: str, rules: Rules) -> Iterator[Finding]:
    for at, rule in enumerate(rules):
        if not rule.status and not rule.header and {rule.type, rule.text, rule.match} == {None}:
            yield Finding(key=f"{key}.{at}", message="takes every reply; name a condition")


def _results(spec: Spec) -> Iterator[Finding]:
    asking: list[tuple[str, ReadOp | ListOp]] = [*places.reads(spec), *places.lists(spec)]
    for name, op in asking:
        yield from _result_names(name, op.result)
        for own, field in op.result.items():
            yield from _result(f"op.{name}.result.{own}", own, field)
    if spec.op.create is not None:
        for own in spec.op.create.result.keys() - {"id"}:
            yield Finding(key=f"op.create.result.{own}", message="a create says the id; the rest is read")
    for name in ("get", "find", "find_reference"):
        op = getattr(spec.op, name)
        if op is not None and "username" not in op.result:
            yield Finding(
                key=f"op.{name}.result", message="needs username: it is compared before every change"
            )
    if spec.op.list is not None and spec.op.list.like is None and "username" not in spec.op.list.result:
        yield Finding(key="op.list", message='needs result.username, or like = "get"')
    if spec.op.list is not None and spec.op.list.like is not None and spec.op.get is None:
        yield Finding(key="op.list.like", message="there is no op.get")


def _result_names(name: str, results: dict[str, ResultField]) -> Iterator[Finding]:
    allowed = places.RESULTS.get(name)
    if name in ("get", "find", "find_reference", "list", "packages") or allowed is None:
        return
    for own in results.keys() - allowed:
        yield Finding(key=f"op.{name}.result", message=f"unknown key {own!r}{meant(own, allowed)}")


def _result(key: str, name: str, field: ResultField) -> Iterator[Finding]:
    is_moment = name in places.MOMENTS
    if is_moment and field.unit not in TIMES:
        yield Finding(key=key, message=f"needs a unit{meant('', TIMES)}")
    if not is_moment and field.unit in TIMES:
        yield Finding(key=key, message=f"unit {field.unit} is for expires and last_seen only")
    if field.never is not False and not is_moment:
        yield Finding(key=key, message="never is for expires and last_seen only")
    if (field.unit == "date") is (field.format is None):
        yield Finding(key=key, message="format and unit date belong together")
    yield from _pattern(key, field)
    yield from _map(key, name, field)


def _pattern(key: str, field: ResultField) -> Iterator[Finding]:
    try:
        if field.pattern is not None and re.compile(field.pattern).groups < 1:
            yield Finding(key=key, message="the pattern needs a group: its text is the value")
    except re.error as error:
        yield Finding(key=key, message=f"the pattern is no regular expression: {error}")


def _map(key: str, name: str, field: ResultField) -> Iterator[Finding]:
    if field.map is None:
        if field.otherwise is not None:
            yield Finding(key=key, message="else belongs to a map")
    elif not field.map:
        yield Finding(key=key, message="the map is empty")
    elif field.map.keys() < {"true", "false"} and field.otherwise is None:
        yield Finding(key=key, message="the map covers one of true and false; add the other, or else")
    yield from check_map(key, field)
    if name != "state":
        return
    states = [state.value for state in AccountState]
    reported = [*(field.map or {}).values(), field.otherwise, field.missing]
    for value in reported:
        if value is not None and value not in states:
            yield Finding(key=key, message=f"{value!r} is no state of ours{meant(str(value), states)}")


def _writes(spec: Spec) -> Iterator[Finding]:
    readable = spec.op.get is not None or spec.op.find is not None
    for name, op in places.writes(spec):
        key = f"op.{name}"
        wanted = op.retry.after_unknown if op.retry is not None else None
        if (op.verify is not None or wanted is AfterUnknown.VERIFY) and not readable:
            yield Finding(key=key, message="verify reads the account back, and there is no op.get")
        elif wanted is AfterUnknown.VERIFY and not is_checkable(spec, name):
            yield Finding(
                key=key, message="after_unknown verify needs a verify, or a result that shows the end"
            )
        if name == "terminate" and (op.verify is None) is not (spec.op.terminate.note is None):  # type: ignore[union-attr]
            yield Finding(
                key=key, message="note and verify belong together: the account stays, and how is told"
            )
        for step in op.sequence():
            if step.made is not None and name != "create":
                yield Finding(key=f"{key}.steps", message="made belongs to the steps of a create")
            if step.poll is not None and (step.poll.request is None) is (step.poll.follow is None):
                yield Finding(key=f"{key}.poll", message="needs either request or follow")


def _lookups(spec: Spec) -> Iterator[Finding]:
    asking: list[tuple[str, ReadOp | WriteOp]] = [*places.reads(spec), *places.writes(spec)]
    for name, op in asking:
        for own, lookup in op.lookup.items():
            asked = spec.op.reader(lookup.op)
            key = f"op.{name}.lookup.{own}"
            if asked is None or lookup.op == name:
                yield Finding(key=key, message=f"there is no other op.{lookup.op} to ask")
            elif lookup.take not in asked.result:
                yield Finding(
                    key=key,
                    message=f"op.{lookup.op} has no result {lookup.take!r}{meant(lookup.take, asked.result)}",
                )


def _capabilities(spec: Spec) -> Iterator[Finding]:
    declared = spec.capabilities
    read = spec.op.get or spec.op.find
    if declared.reference_field is not None and (read is None or "reference" not in read.result):
        yield Finding(
            key="capabilities.reference_field",
            message="nothing reads it back: add result.reference to op.get",
        )
    if declared.list_complete and spec.op.list is None:
        yield Finding(key="capabilities.list_complete", message="there is no op.list")
    if spec.op.extend is not None and (read is None or "expires" not in read.result):
        yield Finding(key="op.extend", message="nothing reads the expiry back: add result.expires to op.get")
    if spec.packages and spec.op.packages is not None:
        yield Finding(key="packages", message="the panel lists its packages (op.packages); have one of both")
    for name, rule in (("username", declared.username), ("password", declared.password)):
        try:
            re.compile(rule.pattern)
        except re.error as error:
            yield Finding(key=f"capabilities.{name}.pattern", message=f"is no regular expression: {error}")
    try:
        abilities(spec)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_input=False):
            yield Finding(key="op", message=item["msg"].removeprefix("Value error, "))
    if spec.admin_link is not None and ("{{" in spec.admin_link or not spec.admin_link.startswith("/")):
        yield Finding(key="admin_link", message="is a fixed path that begins with /")


_CHECKS: tuple[Callable[[Spec], Iterator[Finding]], ...] = (
    _config, check_requests, _tests, _queries, _rules, _results, _writes, _lookups, _capabilities,
)  # fmt: skip
