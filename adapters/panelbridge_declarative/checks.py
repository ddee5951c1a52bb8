"""What is checked when a description is loaded, beyond its form: better now than at three in the morning."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

from defusedxml import ElementTree
from pydantic import BaseModel, ValidationError

from panelbridge.models import AccountState
from panelbridge_declarative import places, queries
from panelbridge_declarative.abilities import abilities, is_checkable
from panelbridge_declarative.expressions import Expression, ExpressionInvalid, expression, template
from panelbridge_declarative.findings import Finding
from panelbridge_declarative.places import Known, RequestPlace
from panelbridge_declarative.settings import OWN_SETTINGS
from panelbridge_declarative.shadows import shadows
from panelbridge_declarative.spec import AfterUnknown, Is, ListOp, ReadOp, ResultField, Spec, WriteOp
from panelbridge_declarative.words import meant

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


def _requests(spec: Spec) -> Iterator[Finding]:
    token: Known = {"token": frozenset()} if spec.auth.login is not None else {}
    known = {**places.base(spec), **token}
    yield from _texts(spec.auth.send.model_dump(), "auth.send", known)
    yield from _address(spec, spec.auth.send.query, "auth.send.query")
    yield from _path(spec, "prefix", spec.prefix, places.base(spec)) if spec.prefix else ()
    for place in places.requests(spec):
        yield from _request(spec, place)


def _request(spec: Spec, place: RequestPlace) -> Iterator[Finding]:
    request, key = place.request, place.key
    yield from _path(spec, f"{key}.{request.method}", request.path, place.known)
    yield from _address(spec, request.query, f"{key}.query")
    for name in ("query", "headers", "json_body", "form", "xml"):
        yield from _texts(getattr(request, name), f"{key}.{name.removesuffix('_body')}", place.known)
    for part in ("query", "form"):
        for name, value in (getattr(request, part) or {}).items():
            if isinstance(value, dict) or (
                isinstance(value, list) and any(isinstance(i, dict) for i in value)
            ):
                yield Finding(key=f"{key}.{part}.{name}", message="a table has no place here")
    if request.xml is not None:
        yield from _xml(request.xml, f"{key}.xml")


def _xml(text: str, key: str) -> Iterator[Finding]:
    try:
        ElementTree.fromstring(template(text).literal.replace("\0", "x"))
    except ExpressionInvalid:
        return  # told already
    except (ElementTree.ParseError, ValueError) as error:
        yield Finding(key=key, message=f"is no well-formed XML: {error}")


def _path(spec: Spec, key: str, path: str, known: Known) -> Iterator[Finding]:
    faults = list(_texts(path, key, known))
    yield from faults
    if faults:
        return
    found = template(path)
    if not path.startswith("/") or re.search(r"(^|/)\.{1,2}(/|$)|[\\?#\s]|//", found.literal):
        yield Finding(key=key, message="a path begins with /, has no query, no blank and no dot segment")
    for part in found.expressions:
        if part.filter != "path":
            yield Finding(key=key, message=f"{{{{{part.source}}}}} needs the filter path: {{{{…|path}}}}")
    for part in found.expressions:
        for chain in part.chains:
            if chain in {("account", "password"), ("token",)}:
                told = (
                    f"{'.'.join(chain)} is secret and never stands in a path: our own log would not know it"
                )
                yield Finding(key=key, message=told)
    yield from _address(spec, path, key)


def _address(spec: Spec, value: Any, key: str) -> Iterator[Finding]:
    """Secrets are kept out of addresses: those stand in logs of every proxy on the way."""
    if spec.allow_secret_in_url:
        return
    hidden = {("config", name) for name, field in spec.config.items() if field.type == "secret"}
    hidden |= {("account", "password")}
    for place in places.texts(value, key):
        for part in _expressions(place.text):
            for chain in part.chains:
                if chain in hidden or chain == ("token",):
                    told = f"{'.'.join(chain)} is secret and would stand in the address; put it into a header"
                    yield Finding(key=place.key, message=f"{told} or body, or set allow_secret_in_url = true")


def _texts(value: Any, key: str, known: Known) -> Iterator[Finding]:
    for place in places.texts(value, key):
        try:
            found = template(place.text).expressions
        except ExpressionInvalid as error:
            yield Finding(key=place.key, message=str(error))
            continue
        for part in found:
            yield from _names(part, place.key, known)


def _expressions(text: str) -> tuple[Expression, ...]:
    try:
        return template(text).expressions
    except ExpressionInvalid:
        return ()


def _names(part: Expression, key: str, known: Known) -> Iterator[Finding]:
    for root, *rest in part.chains:
        if root not in known:
            yield Finding(key=key, message=f"there is no {root!r} here{meant(root, known)}")
            continue
        names = known[root]
        if names is None:  # nobody knows them before the panel answers
            continue
        if rest and rest[0] not in names:
            yield Finding(key=key, message=f"{root} has no {rest[0]!r}{meant(rest[0], names)}")
        elif not rest and names:
            yield Finding(key=key, message=f"{root} is a table; name what of it{meant('', names)}")


def _tests(spec: Spec) -> Iterator[Finding]:
    for place in places.tests(spec):
        try:
            yield from _names(expression(place.text), place.key, place.known)
        except ExpressionInvalid as error:
            yield Finding(key=place.key, message=str(error))


def _queries(spec: Spec) -> Iterator[Finding]:
    for place in places.queries(spec):
        try:
            queries.check(place.text)
        except queries.QueryInvalid as error:
            yield Finding(key=place.key, message=str(error))


def _rules(spec: Spec) -> Iterator[Finding]:
    yield from shadows("outcomes", spec.outcomes)
    for place in places.rules(spec):
        yield from shadows(f"{place.key}.outcomes", place.own)
        if not place.also_ok and not any(rule.outcome is Is.OK for rule in place.all):
            yield Finding(key=place.key, message="no rule gives ok, so nothing here could ever succeed")


def _results(spec: Spec) -> Iterator[Finding]:
    asking: list[tuple[str, ReadOp | ListOp]] = [*places.reads(spec), *places.lists(spec)]
    for name, op in asking:
        yield from _result_names(name, op.result)
        for own, field in op.result.items():
            yield from _result(f"op.{name}.result.{own}", own, field)
    if spec.op.create is not None:
        for own in spec.op.create.result.keys() - {"id"}:
            yield Finding(key=f"op.create.result.{own}", message="a create tells the id; the rest is read")
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
    if name == "expires" and field.unit not in TIMES:
        yield Finding(key=key, message=f"needs a unit{meant('', TIMES)}")
    if name != "expires" and field.unit in TIMES:
        yield Finding(key=key, message=f"unit {field.unit} is for expires only")
    if field.never is not False and name != "expires":
        yield Finding(key=key, message="never is for expires only")
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
    if name != "state":
        return
    states = [state.value for state in AccountState]
    told = [*(field.map or {}).values(), field.otherwise, field.missing]
    for value in told:
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
            if step.poll is not None and (step.poll.request is None) is (step.poll.follow is None):
                yield Finding(key=f"{key}.poll", message="needs either request or follow")


def _lookups(spec: Spec) -> Iterator[Finding]:
    asking: list[tuple[str, ReadOp | WriteOp]] = [*places.reads(spec), *places.writes(spec)]
    for name, op in asking:
        for own, lookup in op.lookup.items():
            asked = getattr(spec.op, lookup.op)
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
    _config, _requests, _tests, _queries, _rules, _results, _writes, _lookups, _capabilities,
)  # fmt: skip
