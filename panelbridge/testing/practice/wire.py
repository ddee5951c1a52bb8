"""One request and one reply, as a practice panel sees them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, kw_only=True)
class PracticeRequest:
    """A complete request; its fields keep their order and their repeats."""

    method: str
    path: str  # decoded, without the query
    query: tuple[tuple[str, str], ...]
    form: tuple[tuple[str, str], ...]  # empty unless the body is a form
    headers: Mapping[str, str] = field(repr=False)  # names in lower case
    body: bytes = field(repr=False)

    @classmethod
    def read(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> PracticeRequest:
        parts = urlsplit(target)
        lower = {name.lower(): value for name, value in headers.items()}
        is_form = lower.get("content-type", "").startswith("application/x-www-form-urlencoded")
        return cls(
            method=method,
            path=unquote(parts.path),
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            form=tuple(parse_qsl(body.decode(), keep_blank_values=True)) if is_form else (),
            headers=lower,
            body=body,
        )

    def value(self, name: str) -> str | None:
        """A field by name: the form wins over the query, the last one over earlier ones."""
        return {**dict(self.query), **dict(self.form)}.get(name)

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of a repeated field such as ``bouquets[]``."""
        return tuple(value for key, value in (*self.query, *self.form) if key == name)

    def json(self) -> Any:
        """The body as JSON. Raises ``ValueError``."""
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class PracticeReply:
    """What is sent back."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(
        cls, content: Any, *, status: int = 200, content_type: str = "application/json"
    ) -> PracticeReply:
        return cls(status=status, body=json.dumps(content).encode(), content_type=content_type)

    @classmethod
    def html(cls, title: str, *, status: int) -> PracticeReply:
        page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
        return cls(status=status, body=page.encode(), content_type="text/html; charset=UTF-8")

    def with_body(self, body: bytes) -> PracticeReply:
        return replace(self, body=body)
