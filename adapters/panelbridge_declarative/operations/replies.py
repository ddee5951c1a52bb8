"""A reply as rules and results see it: status, headers, type, body and text.

What cannot be read as it should is kept apart: a login page or half a document never passes for an answer.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from panelbridge.transport import PanelReply

_NO_CONTENT = 204
_PAGE = re.compile(r"\s*(<!doctype\s+html|<html)", re.IGNORECASE)
_BY_TYPE = {
    "application/x-www-form-urlencoded": "urlencoded",
    "application/xml": "xml",
    "text/xml": "xml",
}


@dataclass(frozen=True, kw_only=True)
class Reply:
    """``readable`` is false for a page of HTML that was not asked for, and for what cannot be parsed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)  # names in lower case
    type: str
    body: Any = field(repr=False)
    text: str = field(repr=False)
    readable: bool = True

    def facts(self) -> dict[str, Any]:
        """What JMESPath reads."""
        return {
            "status": self.status,
            "headers": dict(self.headers),
            "type": self.type,
            "body": self.body,
            "text": self.text,
        }


def read(reply: PanelReply, form: str | None) -> Reply:
    """``form``: what the description says of the body; else its content type decides."""
    headers = {name.lower(): value for name, value in reply.headers.items()}
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    text = reply.body.decode("utf-8-sig", "replace")
    body, readable = _body(text, form or _form_of(kind), empty_is_fine=reply.status == _NO_CONTENT)
    if form != "text" and _PAGE.match(text):
        readable = False
    return Reply(status=reply.status, headers=headers, type=kind, body=body, text=text, readable=readable)


def _form_of(kind: str) -> str:
    if kind == "application/json" or kind.endswith("+json"):
        return "json"
    return _BY_TYPE.get(kind, "text")


def _body(text: str, form: str, *, empty_is_fine: bool) -> tuple[Any, bool]:
    if not text.strip() and (empty_is_fine or form == "text"):
        return ("" if form == "text" else None), True
    try:
        return _READ[form](text), True
    except (ValueError, RecursionError, ParseError, DefusedXmlException):
        return None, False


def _refuse_constant(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


def _from_json(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse_constant)


def _from_pairs(text: str) -> dict[str, Any]:
    """Entities first: some panels write them into the values, even without their semicolon."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(html.unescape(text.strip()), keep_blank_values=True, strict_parsing=True):
        if name in found or name.endswith("[]"):
            earlier = found.get(name, [])
            found[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        else:
            found[name] = value
    return found


def _from_xml(text: str) -> dict[str, Any]:
    root = ElementTree.fromstring(text, forbid_dtd=True)
    return {_tag(root): _element(root)}


def _element(element: Element) -> Any:
    """Text of a leaf, else a table: children by tag (several: a list), attributes as ``@name``."""
    found: dict[str, Any] = {f"@{name}": value for name, value in element.attrib.items()}
    for child in element:
        value, tag = _element(child), _tag(child)
        if tag in found:
            earlier = found[tag]
            found[tag] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        else:
            found[tag] = value
    text = (element.text or "").strip()
    if not found:
        return text
    return {**found, "#text": text} if text else found


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


_READ: dict[str, Callable[[str], Any]] = {
    "json": _from_json,
    "urlencoded": _from_pairs,
    "xml": _from_xml,
    "text": str,
}
