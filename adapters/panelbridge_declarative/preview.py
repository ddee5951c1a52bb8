"""What an operation would send, shown without sending it; secrets are starred by value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from panelbridge.transport import Redactor
from panelbridge_declarative.description import queries
from panelbridge_declarative.description.expressions import ExpressionFailed, expression
from panelbridge_declarative.description.places import texts
from panelbridge_declarative.description.spec import LISTS, READS, WRITES, Request, ResultField, Send, Spec
from panelbridge_declarative.description.words import meant
from panelbridge_declarative.operations.facts import of_values
from panelbridge_declarative.operations.rendering import Rendered, render

_UNTIL = datetime(2031, 1, 31, 12, tzinfo=UTC)
_SECRETS = ("sample-account-password", "sample-token")


@dataclass(frozen=True, kw_only=True)
class Preview:
    """One request of an operation. ``problem`` says why there is none."""

    part: str  # login, request, step 1, undo of step 1, poll
    request: str = ""  # POST https://panel.example/path?query
    headers: Mapping[str, str]
    body: str = ""
    when: str | None = None  # the condition it depends on, where the sample does not meet it
    problem: str | None = None


def preview(spec: Spec, name: str, given: Mapping[str, Any], base_url: str) -> Iterator[Preview]:
    """The requests of ``name`` in order, for a made-up account. Raises ``LookupError``.

    ``given`` are values of the description's config; a made-up one stands for what is left out.
    """
    op = getattr(spec.op, name, None)
    if op is None:
        there = [own for own in (*READS, *LISTS, *WRITES) if getattr(spec.op, own) is not None]
        raise LookupError(f"the description has no op.{name}{meant(name, there)}")
    config = {own: given.get(own, _sample(own, field)) for own, field in spec.config.items()}
    hidden = [str(config[own]) for own, field in spec.config.items() if field.type == "secret"]
    show = _Shower(spec, {**_scope(spec, name), "config": config}, base_url, Redactor([*hidden, *_SECRETS]))
    if spec.auth.login is not None:
        yield show("login", spec.auth.login.request, Send())
    if name not in WRITES:
        yield show("request", op.request, spec.auth.send)
        return
    for at, step in enumerate(op.sequence(), start=1):
        part = f"step {at}" if op.steps else "request"
        yield show(part, step.request, spec.auth.send, step.when)
        if step.poll is not None and step.poll.request is not None:
            yield show(f"poll of {part}", step.poll.request, spec.auth.send)
        if step.undo is not None:
            yield show(f"undo of {part}", step.undo, spec.auth.send)


@dataclass(frozen=True, kw_only=False)
class _Shower:
    spec: Spec
    scope: Mapping[str, Any]
    base_url: str
    redactor: Redactor

    def __call__(self, part: str, request: Request, send: Send, when: str | None = None) -> Preview:
        try:
            rendered = render(request, send, self.spec.prefix, self.scope)
            met = when is None or expression(when).value(self.scope) is True
        except ExpressionFailed as error:
            said = f"cannot be shown with made-up values: {error}"
            return Preview(part=part, headers={}, when=when, problem=self.redactor.text(said))
        star = self.redactor.text
        return Preview(
            part=part,
            request=star(f"{rendered.method} {self.base_url.rstrip('/')}{_target(rendered)}"),
            headers={
                key: "***" if key == "Authorization" else star(text) for key, text in rendered.headers.items()
            },
            body=star(body_text(rendered)),
            when=None if met else when,
        )


def body_text(rendered: Rendered) -> str:
    """The body as text."""
    return urlencode(rendered.form) if rendered.form is not None else (rendered.body or b"").decode()


def _target(rendered: Rendered) -> str:
    return f"{rendered.path}?{urlencode(rendered.query)}" if rendered.query else rendered.path


def _sample(name: str, field: Any) -> Any:
    if field.default is not None:
        return field.default
    return {"int": 1, "bool": False, "url": "https://panel.example/"}.get(field.type, f"sample-{name}")


def _sample_read(field: ResultField) -> Any:
    keys = queries.table_made(field.at)
    return "sample" if keys is None else dict.fromkeys(keys, "sample")


def _tables(op: Any) -> list[str]:
    """Results that the requests of ``op`` write back as tables."""
    written = (place.text for place in texts(op.model_dump(), ""))
    return [own for text in written for own in re.findall(r"present\.(\w+)\|with", text)]


def _scope(spec: Spec, name: str) -> dict[str, Any]:
    """Made-up facts of every kind, so that each request can be shown."""
    packages = {own: {"id": own, "name": own, **values} for own, values in spec.packages.items()}
    listed = spec.op.packages.result if spec.op.packages is not None else {}
    first = next(
        iter(packages.values()), {"id": "1", "name": "sample", **{own: 1 for own in listed if own != "id"}}
    )
    account = {
        "id": "customer1", "username": "customer1", "password": _SECRETS[0], "reference": "bridge:1:1",
        "expires": _UNTIL, "connections": 1, "mac": None, "key": "sample-key", "package": first["id"],
    }  # fmt: skip
    read = spec.op.get or spec.op.find
    known = {
        own: account.get(own, _sample_read(field)) for own, field in (read.result if read else {}).items()
    }
    op = getattr(spec.op, name)
    taken = {own: f"sample-{own}" for step in (op.sequence() if name in WRITES else ()) for own in step.take}
    page = getattr(op, "page", None)
    return {
        "account": account,
        "package": first,
        "packages": packages,
        "present": of_values({**known, **{key: {"sample": "sample"} for key in _tables(op)}}),
        "options": {fact: f"sample-{fact}" for fact in ("domain", "email")},
        "reason": "overdue",
        "token": _SECRETS[1],
        "took": taken,
        "lookup": {own: f"sample-{own}" for own in getattr(op, "lookup", {})},
        "page": {"number": 1, "offset": 0, "size": page.size if page is not None else 100, "after": None},
    }
