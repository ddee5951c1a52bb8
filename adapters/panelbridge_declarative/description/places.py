"""Every place of a description where something is evaluated, and the facts that are known there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from panelbridge_declarative.description.spec import (
    LISTS,
    READS,
    WRITES,
    ListOp,
    ReadOp,
    Request,
    Results,
    Rules,
    Spec,
    WriteOp,
)

ANY = None
"""Facts whose names nobody knows before the panel answers."""

Known = Mapping[str, frozenset[str] | None]
ACCOUNT = frozenset(
    {"id", "username", "password", "reference", "expires", "connections", "mac", "key", "package"}
)
PAGE = frozenset({"number", "offset", "size", "after"})
RESULTS: Mapping[str, frozenset[str]] = {
    "test": frozenset({"version", "identity"}),
    "get": frozenset(
        {"id", "username", "password", "expires", "state", "package", "connections", "reference", "trial",
         "mac"}
    ),
    "balance": frozenset({"amount", "unit"}),
    "sign_on": frozenset({"url", "expires"}),
    "packages": frozenset({"id", "name", "connections", "price", "trial"}),
    "usage": frozenset(
        {"id", "username", "disk_bytes", "disk_limit_bytes", "traffic_bytes", "traffic_limit_bytes",
         "connections", "last_seen", "address", "player"}
    ),
}  # fmt: skip
"""Names of results with a meaning of their own; get, find, list and packages may have more."""
MOMENTS = frozenset({"expires", "last_seen"})
"""Those that are a moment, or never."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Something evaluated: its key in the file, its text, what it may read."""

    key: str
    text: str
    known: Known = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RequestPlace:
    key: str
    request: Request
    known: Known


@dataclass(frozen=True, kw_only=True)
class RulesPlace:
    """The rules asked for one request, its own first."""

    key: str
    own: Rules
    all: Rules
    also_ok: bool = False


def base(spec: Spec) -> Known:
    """What is known everywhere."""
    return {"config": frozenset(spec.config)}


def package_names(spec: Spec) -> frozenset[str]:
    """Names of what is known of a package."""
    names = {"id", *(name for package in spec.packages.values() for name in package)}
    if spec.op.packages is not None:
        names |= {"name", *spec.op.packages.result}
    return frozenset(names)


def results_of(spec: Spec) -> frozenset[str]:
    """Names of what op.get, or op.find, reads."""
    read = spec.op.get or spec.op.find
    return frozenset(read.result) if read is not None else frozenset()


def of_write(spec: Spec, op: WriteOp) -> Known:
    taken = {name for step in op.sequence() for name in step.take}
    return {
        **base(spec),
        "account": ACCOUNT,
        "package": package_names(spec),
        "packages": ANY,
        "options": ANY,
        "reason": frozenset(),
        "present": results_of(spec),
        "lookup": frozenset(op.lookup),
        "took": frozenset(taken),
    }


def of_read(spec: Spec, op: ReadOp) -> Known:
    return {**base(spec), "account": ACCOUNT, "lookup": frozenset(op.lookup)}


def reads(spec: Spec) -> Iterator[tuple[str, ReadOp]]:
    yield from ((name, op) for name in READS if (op := getattr(spec.op, name)) is not None)
    yield from ((f"ask.{name}", op) for name, op in spec.op.ask.items())


def lists(spec: Spec) -> Iterator[tuple[str, ListOp]]:
    yield from ((name, op) for name in LISTS if (op := getattr(spec.op, name)) is not None)


def writes(spec: Spec) -> Iterator[tuple[str, WriteOp]]:
    yield from ((name, op) for name in WRITES if (op := getattr(spec.op, name)) is not None)


def requests(spec: Spec) -> Iterator[RequestPlace]:
    """Every request of the file with what it may read."""
    if spec.auth.login is not None:
        yield RequestPlace(key="auth.login.request", request=spec.auth.login.request, known=base(spec))
    for name, read in reads(spec):
        yield RequestPlace(key=f"op.{name}.request", request=read.request, known=of_read(spec, read))
        if read.proof is not None:
            known = of_read(spec, read)
            yield RequestPlace(key=f"op.{name}.proof.request", request=read.proof.request, known=known)
    for name, many in lists(spec):
        known = {**base(spec), "page": PAGE if many.page is not None else frozenset()}
        yield RequestPlace(key=f"op.{name}.request", request=many.request, known=known)
    for name, write in writes(spec):
        known = dict(of_write(spec, write))
        for key, step in _steps(name, write):
            yield RequestPlace(key=f"{key}request", request=step.request, known=known)
            if step.undo is not None:
                yield RequestPlace(key=f"{key}undo", request=step.undo, known=known)
            if step.poll is not None and step.poll.request is not None:
                yield RequestPlace(key=f"{key}poll.request", request=step.poll.request, known=known)


def _steps(name: str, write: WriteOp) -> Iterator[tuple[str, Any]]:
    for at, step in enumerate(write.sequence()):
        yield (f"op.{name}.steps.{at}." if write.steps else f"op.{name}."), step


def rules(spec: Spec) -> Iterator[RulesPlace]:
    """Every list of rules with those that follow it."""
    login = spec.auth.login
    if login is not None:
        own = login.outcomes
        yield RulesPlace(key="auth.login", own=own, all=own + spec.outcomes)
    asking: list[tuple[str, ReadOp | ListOp]] = [*reads(spec), *lists(spec)]
    for name, read in asking:
        yield RulesPlace(key=f"op.{name}", own=read.outcomes, all=read.outcomes + spec.outcomes)
        proof = getattr(read, "proof", None)
        if proof is not None:
            all_ = proof.outcomes + spec.outcomes
            yield RulesPlace(key=f"op.{name}.proof", own=proof.outcomes, all=all_, also_ok=True)
    for name, write in writes(spec):
        for key, step in _steps(name, write):
            own = step.outcomes + write.outcomes
            yield RulesPlace(
                key=key.rstrip("."), own=own, all=own + spec.outcomes, also_ok=bool(step.also_ok)
            )
            if step.poll is not None:
                polled = step.poll.outcomes
                yield RulesPlace(key=f"{key}poll", own=polled, all=polled + spec.outcomes)


def tests(spec: Spec) -> Iterator[Place]:
    """Every bare expression."""
    for name, read in reads(spec):
        if read.found is not None and read.found.where is not None:
            known = {**of_read(spec, read), "row": ANY}
            yield Place(key=f"op.{name}.found.where", text=read.found.where, known=known)
    for name, write in writes(spec):
        known = dict(of_write(spec, write))
        for key, step in _steps(name, write):
            if step.when is not None:
                yield Place(key=f"{key}when", text=step.when, known=known)
            if step.made is not None:
                reported = {**base(spec), "result": results_of(spec)}
                yield Place(key=f"{key}made", text=step.made, known=reported)
        if write.verify is not None:
            reported = {**known, "result": results_of(spec)}
            yield Place(key=f"op.{name}.verify", text=write.verify, known=reported)


def queries(spec: Spec) -> Iterator[Place]:
    """Every JMESPath."""
    yield from _rule_queries("outcomes", spec.outcomes)
    if spec.auth.login is not None:
        yield Place(key="auth.login.token", text=spec.auth.login.token)
        yield from _rule_queries("auth.login.outcomes", spec.auth.login.outcomes)
    for name, read in reads(spec):
        yield from _op_queries(f"op.{name}.", read.outcomes, read.result)
        yield from _parts(f"op.{name}.found.", read.found, ("rows", "when"))
        if read.proof is not None:
            yield from _rule_queries(f"op.{name}.proof.outcomes", read.proof.outcomes)
    for name, many in lists(spec):
        yield from _op_queries(f"op.{name}.", many.outcomes, many.result)
        yield Place(key=f"op.{name}.rows", text=many.rows)
        yield from _parts(f"op.{name}.page.", many.page, ("total", "next"))
    for name, write in writes(spec):
        yield from _op_queries(f"op.{name}.", write.outcomes, getattr(write, "result", {}))
        for key, step in _steps(name, write):
            yield from _rule_queries(f"{key}outcomes", step.outcomes)
            yield from (Place(key=f"{key}take.{own}", text=text) for own, text in step.take.items())
            yield from _parts(f"{key}poll.", step.poll, ("follow", "until", "fail_when"))


def _op_queries(key: str, own: Rules, results: Results) -> Iterator[Place]:
    yield from _rule_queries(f"{key}outcomes", own)
    yield from (Place(key=f"{key}result.{name}", text=field.at) for name, field in results.items())


def _parts(key: str, holder: Any, names: Iterable[str]) -> Iterator[Place]:
    for name in names:
        text = getattr(holder, name, None)
        if text is not None:
            yield Place(key=f"{key}{name}", text=text)


def _rule_queries(key: str, given: Rules) -> Iterator[Place]:
    for at, rule in enumerate(given):
        for part in ("match", "message"):
            text = getattr(rule, part)
            if text is not None:
                yield Place(key=f"{key}.{at}.{part}", text=text)


def texts(value: Any, key: str) -> Iterator[Place]:
    """Every text inside of ``value``, tables and lists all levels down."""
    if isinstance(value, str):
        yield Place(key=key, text=value)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from texts(item, f"{key}.{name}")
    elif isinstance(value, (list, tuple)):
        for at, item in enumerate(value):
            yield from texts(item, f"{key}.{at}")
