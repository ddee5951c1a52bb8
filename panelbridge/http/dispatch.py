"""From a request to a view and back: who asks, what is asked, in which transaction, and what is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from flask import Request, Response, request
from flask.globals import app_ctx, request_ctx

from panelbridge.access import StoredAnswer
from panelbridge.actions.context import Context
from panelbridge.actions.fields import TextFile, TextLines, View, starred
from panelbridge.actions.outage import AWAY, looked_up
from panelbridge.actions.problems import Problem
from panelbridge.actions.validation import validate
from panelbridge.http.auth import Caller, KeyVerifier
from panelbridge.http.auth.binding import refuse_elsewhere
from panelbridge.http.auth.headers import bearer, read_caller
from panelbridge.http.decoding import read_body
from panelbridge.http.routes import Effect, Route
from panelbridge.service.services import Services, ServiceUnit
from panelbridge.transport import deadline

_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_ACCEPTED = 202  # the status of an answer that is still pending


class Dispatcher:
    """One per application. Stateless but for the verifier's memory."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.verifier = KeyVerifier(services.units, services.clock)

    def caller(self, route: Route) -> Caller:
        """Who asks, allowed to do what ``route`` needs. Raises ``Problem``."""
        asked, noted = request_ctx.request, app_ctx.g
        environ = asked.environ
        access = self.verifier.verify(bearer(environ))
        noted.key = access.key.prefix
        caller = read_caller(
            access,
            environ,
            request_id=noted.request_id,
            remote_address=asked.remote_addr or "",
            budget=self.services.answer_budget,
        )
        if route.scope is not None:
            caller.require(route.scope)
        return caller

    def serve(self, route: Route, path: dict[str, Any]) -> Response:
        """Answer a resource's route. Raises ``Problem`` and whatever the view raises."""
        caller = self.caller(route)
        parts = dict(path)
        if route.query is not None:
            parts["query"] = _query(request, route)
        elif request.args:
            name = next(iter(request.args))[:80]
            raise Problem("invalid_request", f"{name}: unknown parameter", field=name)
        if route.body is not None:
            parts["body"] = read_body(request, route.body, route.formats)
        context = Context(
            services=self.services,
            caller=caller,
            now=self.services.clock(),
            forget_keys=self.verifier.forget,
        )
        with deadline(caller.budget):  # whatever the view asks the panels
            return self._viewed(route, context, parts)

    def _viewed(self, route: Route, context: Context, parts: dict[str, Any]) -> Response:
        if route.keyed:
            refuse_elsewhere(context.caller)
            return self._keyed(route, context, parts)
        if route.effect is Effect.READS:
            with self.services.units.read() as unit:
                return _render(route, route.view(replace(context, open_unit=unit), **parts))
        return _render(route, route.view(context, **parts))

    def _keyed(self, route: Route, context: Context, parts: dict[str, Any]) -> Response:
        key = _idempotency_key()
        fingerprint = self.services.fingerprint(_target(route))
        context = replace(context, idempotency_key=key)
        answer = self._changed if route.effect is Effect.CHANGES else self._acted
        return looked_up(
            lambda: answer(route, context, parts, key, fingerprint), seconds=context.caller.budget
        )

    def _changed(
        self, route: Route, context: Context, parts: dict[str, Any], key: str, fingerprint: str
    ) -> Response:
        try:
            with self.services.units.write() as unit:
                stored = unit.access.lock_answer(context.caller.owner, key)
                if stored is not None:
                    return _replay(stored, fingerprint)
                result = route.view(replace(context, open_unit=unit), **parts)
                unit.access.open_answer(context.caller.owner, key, fingerprint, context.now)
                _keep(unit, context, key, route.status, result)
        except AWAY:
            _run(context.committed)  # it may have been kept; what is forgotten for nothing is read again
            raise
        _run(context.committed)
        return _render(route, result, starred(parts.get("body")))

    def _acted(
        self, route: Route, context: Context, parts: dict[str, Any], key: str, fingerprint: str
    ) -> Response:
        with self.services.units.write() as unit:
            stored = unit.access.lock_answer(context.caller.owner, key)
            if stored is not None and stored.fingerprint == fingerprint and route.spent is not None:
                route.spent(replace(context, open_unit=unit), **parts)
            if stored is None:
                unit.access.open_answer(context.caller.owner, key, fingerprint, context.now)
            elif stored.fingerprint != fingerprint or stored.status is not None:
                return _replay(stored, fingerprint)
        result = route.view(context, **parts)  # a repeat without an answer acts again: verbs name end states
        if not result.is_pending():  # a pending one is no final answer
            with suppress(*AWAY), self.services.units.write() as unit:  # a repeat finds it done all the same
                _keep(unit, context, key, _status(route, result), result)
        return _render(route, result, starred(parts.get("body")))


def _run(effects: Sequence[Callable[[], None]]) -> None:
    for effect in effects:
        effect()


def _query(source: Request, route: Route) -> Any:
    given: dict[str, str] = {}
    for name, values in source.args.lists():
        if len(values) > 1:
            raise Problem("invalid_request", f"{name[:80]}: is given twice", field=name[:80])
        given[name] = values[0]
    assert route.query is not None  # noqa: S101 - the caller looked
    return validate(route.query, given, text=True)


def _idempotency_key() -> str:
    key = request.headers.get("Idempotency-Key")
    if not key:
        raise Problem("idempotency_key_missing", "This request changes something; send an Idempotency-Key.")
    if _KEY.fullmatch(key) is None:
        raise Problem(
            "invalid_request",
            "Idempotency-Key must be 1 to 200 visible ASCII characters.",
            field="Idempotency-Key",
        )
    return key


def _target(route: Route) -> str:
    """What the key is bound to. The body is read again as plain JSON, so that spelling does not matter."""
    plain = json.dumps(json.loads(request.get_data()), sort_keys=True) if route.body else ""
    return f"{request.method} {request.path}\n{plain}"


def _replay(stored: StoredAnswer, fingerprint: str) -> Response:
    if stored.fingerprint != fingerprint:
        raise Problem(
            "key_mismatch", "This Idempotency-Key was used for another request.", field="Idempotency-Key"
        )
    response = Response(stored.body, stored.status, mimetype="application/json")
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _status(route: Route, answer: View) -> int:
    return _ACCEPTED if answer.is_pending() else route.status


def _keep(unit: ServiceUnit, context: Context, key: str, status: int, answer: View) -> None:
    unit.access.keep_answer(context.caller.owner, key, status, answer.kept().model_dump_json())


def _render(route: Route, answer: View | TextFile | TextLines, redacted: tuple[str, ...] = ()) -> Response:
    if isinstance(answer, TextFile | TextLines):
        content = answer.text if isinstance(answer, TextFile) else answer.lines
        response = Response(content, mimetype=answer.media_type)
        if answer.filename:
            response.headers["Content-Disposition"] = f'attachment; filename="{answer.filename}"'
        return response
    text = answer.model_dump_json()
    if redacted:
        text = json.dumps({**json.loads(text), "redacted": redacted})
    return Response(text, _status(route, answer), mimetype="application/json")
