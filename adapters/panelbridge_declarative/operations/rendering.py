"""A request of the file with its values put in. A value that does not fit is refused before sending."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from panelbridge_declarative.description.expressions import (
    Expression,
    ExpressionFailed,
    Scope,
    template,
    text_of,
)
from panelbridge_declarative.description.filters import FilterRefused, as_text
from panelbridge_declarative.description.spec import Request, Send

Pairs = list[tuple[str, str]]
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_HEADER = re.compile(r"[^\x20-\x7e\xa0-\xff]|^\s|\s$")
_QUOTES = {'"': "&quot;", "'": "&apos;"}


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """What is sent, below the base address."""

    method: str
    path: str = field(repr=False)
    query: Pairs = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    form: Pairs | None = field(default=None, repr=False)
    body: bytes | None = field(default=None, repr=False)


def render(request: Request, send: Send, prefix: str, scope: Scope) -> Rendered:
    """Raises ``ExpressionFailed`` naming the fact that has no place in the request."""
    headers = {**_headers(send.headers, scope), **_basic(send, scope), **_headers(request.headers, scope)}
    form, body = None, None
    if request.json_body is not None:
        body = json.dumps(_filled(request.json_body, scope)).encode()
        headers.setdefault("Content-Type", "application/json")
    elif request.xml is not None:
        body = _xml(request.xml, scope).encode()
        headers.setdefault("Content-Type", "text/xml; charset=utf-8")
    elif request.form is not None or send.form:
        form = _pairs({**send.form, **(request.form or {})}, scope)
    return Rendered(
        method=request.method,
        path=_text(prefix, scope) + _text(request.path, scope),
        query=_pairs({**send.query, **request.query}, scope),
        headers=headers,
        form=form,
        body=body,
    )


def _text(source: str, scope: Scope) -> str:
    return "".join(template(source).texts(scope))


def _filled(value: Any, scope: Scope) -> Any:
    """``value`` with its expressions evaluated. A null drops its key; an empty table stays."""
    if isinstance(value, str):
        return _plain(value, scope)
    if isinstance(value, Mapping):
        filled = {name: _filled(item, scope) for name, item in value.items()}
        return {name: item for name, item in filled.items() if item is not None}
    if isinstance(value, list):
        return [_filled(item, scope) for item in value]
    return value


def _plain(source: str, scope: Scope) -> Any:
    found = template(source)
    value = found.value(scope)
    chain = found.expressions[0].chains[:1] if found.expressions else ()
    try:
        json.dumps(value).encode()
        json.dumps(value, ensure_ascii=False).encode()
    except (TypeError, ValueError):
        name = ".".join(chain[0]) if chain else source
        raise ExpressionFailed(f"{name} cannot be written; a moment needs a filter", *chain) from None
    return float(value) if isinstance(value, Decimal) else value


def _pairs(fields: Mapping[str, Any], scope: Scope) -> Pairs:
    """Fields of a form or query: a list repeats its name, a truth value is ``true`` or ``false``."""
    pairs: Pairs = []
    for name, given in fields.items():
        value = _filled(given, scope)
        for item in value if isinstance(value, list) else [value]:
            if item is not None:
                pairs.append((name, _field_text(name, item)))
    return pairs


def _field_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return as_text(value)
    except FilterRefused as error:
        raise ExpressionFailed(f"{name}: {error}") from None


def _headers(headers: Mapping[str, str], scope: Scope) -> dict[str, str]:
    made = {}
    for name, source in headers.items():
        value = template(source).value(scope)
        if value is None:
            continue
        text = _field_text(name, value)
        if _NO_HEADER.search(text):
            chain = next((part.chains[0] for part in template(source).expressions if part.chains), ())
            raise ExpressionFailed(f"{'.'.join(chain) or name} cannot stand in a header", chain)
        made[name] = text
    return made


def _basic(send: Send, scope: Scope) -> dict[str, str]:
    if send.basic is None:
        return {}
    pair = f"{_text(send.basic.user, scope)}:{_text(send.basic.password, scope)}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _xml(source: str, scope: Scope) -> str:
    return "".join(_xml_parts(template(source).parts, scope))


def _xml_parts(parts: Sequence[str | Expression], scope: Scope) -> Iterable[str]:
    for part in parts:
        if isinstance(part, str):
            yield part
            continue
        text = text_of(part, scope)
        if _NO_XML.search(text):
            raise ExpressionFailed(f"{part.source} holds a character that XML has not", *part.chains[:1])
        yield escape(text, _QUOTES)
