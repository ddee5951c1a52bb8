"""Checks of requests: addresses, values and names in them, and no secret where it would be logged."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from defusedxml import ElementTree

from panelbridge_declarative.description import places
from panelbridge_declarative.description.expressions import Expression, ExpressionInvalid, template
from panelbridge_declarative.description.findings import Finding
from panelbridge_declarative.description.places import Known, RequestPlace
from panelbridge_declarative.description.spec import Spec
from panelbridge_declarative.description.words import meant


def check_requests(spec: Spec) -> Iterator[Finding]:
    token: Known = {"token": frozenset()} if spec.auth.login is not None else {}
    known = {**places.base(spec), **token}
    yield from _texts(spec.auth.send.model_dump(), "auth.send", known)
    yield from _address(spec, spec.auth.send.query, "auth.send.query")
    yield from _path(spec, "prefix", spec.prefix, places.base(spec)) if spec.prefix else ()
    for place in places.requests(spec):
        yield from _request(spec, place)
    shown: Known = {
        **places.base(spec),
        "account": places.ACCOUNT,
        "result": places.results_of(spec),
        "panel": frozenset({"url"}),
    }
    for at, line in enumerate(spec.connect):
        yield from _texts(line.value, f"connect.{at}.value", shown)


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
        yield from _plain(getattr(request, part), f"{key}.{part}")
    yield from _plain(request.json_body, f"{key}.json")
    if request.xml is not None:
        yield from _xml(request.xml, f"{key}.xml")


def _plain(value: Any, key: str) -> Iterator[Finding]:
    """TOML has dates and infinities, which no body can hold."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _plain(item, f"{key}.{name}")
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _plain(item, f"{key}.{at}")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Finding(key=key, message="is no number that can be sent")
    elif value is not None and not isinstance(value, (str, int, float)):
        yield Finding(key=key, message="a date is written as text")


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
                reported = (
                    f"{'.'.join(chain)} is secret and never stands in a path: our own log would not know it"
                )
                yield Finding(key=key, message=reported)
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
                    reported = (
                        f"{'.'.join(chain)} is secret and would stand in the address; put it into a header"
                    )
                    yield Finding(
                        key=place.key, message=f"{reported} or body, or set allow_secret_in_url = true"
                    )


def _texts(value: Any, key: str, known: Known) -> Iterator[Finding]:
    for place in places.texts(value, key):
        try:
            found = template(place.text).expressions
        except ExpressionInvalid as error:
            yield Finding(key=place.key, message=str(error))
            continue
        for part in found:
            yield from check_names(part, place.key, known)


def _expressions(text: str) -> tuple[Expression, ...]:
    try:
        return template(text).expressions
    except ExpressionInvalid:
        return ()


def check_names(part: Expression, key: str, known: Known) -> Iterator[Finding]:
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
