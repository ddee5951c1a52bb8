"""The Flask application factory. Nothing happens at import; everything it works with is given."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from flask import Flask, Response, g, request
from flask.globals import app_ctx, request_ctx
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from panelbridge.actions.problems import MEDIA_TYPE, Problem
from panelbridge.actions.refusals import KNOWN, problem_of
from panelbridge.http import health
from panelbridge.http.billing import BillingDoor, billing_doors
from panelbridge.http.dispatch import Dispatcher
from panelbridge.http.openapi import build_document
from panelbridge.http.resources import resource_routes
from panelbridge.http.routes import Route
from panelbridge.service.config import ServiceConfig
from panelbridge.service.logs import ServiceLog, describe, make_logger
from panelbridge.service.metrics import ServiceMetrics
from panelbridge.service.services import Services


class RowNumber(IntegerConverter):
    """An id in a path: no larger than any row's, so that a made-up one is simply not found."""

    regex = r"\d{1,15}"


def create_app(
    config: ServiceConfig,
    services: Services,
    *,
    log: ServiceLog | None = None,
    doors: Sequence[BillingDoor] | None = None,
) -> Flask:
    """The application, with the doors of the billing systems that are installed, or those given.

    Raises ``RuntimeError`` when two routes claim one name.
    """
    app = Flask("panelbridge", static_folder=None)
    app.url_map.converters["int"] = RowNumber
    app.config["MAX_CONTENT_LENGTH"] = config.max_body_bytes
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    if config.trusted_proxies:
        count = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    logger = log or make_logger(config.log_level)
    metrics = ServiceMetrics(services)
    _watch(app, logger, metrics)
    billing = billing_doors() if doors is None else doors
    _answer_errors(app, logger, billing)
    routes = _add_routes(app, Dispatcher(services), billing)
    # Made when it is first asked for: it takes longer than all the rest of a start.
    app.add_url_rule("/openapi.json", "openapi", cache(lambda: build_document(routes)))
    health.add_to(app, config, services, metrics)
    return app


def _add_routes(app: Flask, dispatcher: Dispatcher, billing: Sequence[BillingDoor]) -> list[Route]:
    routes = [*(route for door in billing for route in door.routes()), *resource_routes()]
    for route in routes:
        app.add_url_rule(route.path, route.name, _view(dispatcher, route), methods=[route.method])
    return routes


def _view(dispatcher: Dispatcher, route: Route) -> Callable[..., Response]:
    if route.serve is not None:
        return partial(route.serve, dispatcher, route)

    def view(**path: Any) -> Response:
        return dispatcher.serve(route, path)

    return view


def _watch(app: Flask, log: ServiceLog, metrics: ServiceMetrics) -> None:
    """Give each request an id; log and count each answer."""

    # Each use of Flask's names is a look-up of its own: here the things themselves are asked for once.
    @app.before_request
    def begin() -> None:
        noted = app_ctx.g
        noted.request_id = os.urandom(12).hex()
        noted.started = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        noted, asked = app_ctx.g, request_ctx.request
        request_id, seconds = noted.request_id, time.perf_counter() - noted.started
        route = asked.url_rule.rule if asked.url_rule is not None else "none"
        response.headers.extend({"X-Request-Id": request_id, "Cache-Control": "no-store"})
        metrics.request(route, response.status_code, seconds)
        log.request(
            request_id=request_id,
            route=route,
            method=asked.method,
            status=response.status_code,
            ms=round(seconds * 1000, 2),
            key=noted.get("key"),
            operation=noted.get("operation"),
            code=noted.get("code"),
        )
        return response


def _answer_errors(app: Flask, log: ServiceLog, billing: Sequence[BillingDoor]) -> None:
    def answer(problem: Problem) -> Response:
        g.code = problem.code
        door = next((door for door in billing if request.path.startswith(door.prefix)), None)
        body = door.problem_body(problem, g.request_id) if door else problem.body(g.request_id)
        response = Response(app.json.dumps(body), problem.status, mimetype=MEDIA_TYPE)
        response.headers.update(problem.headers)
        return response

    def unexpected(error: Exception) -> Response:
        log.events.error("unexpected", request_id=g.request_id, error=describe(error))
        text = f"An unexpected error of the bridge; its log has the cause under request id {g.request_id}."
        return answer(Problem("internal", text))

    app.register_error_handler(Problem, answer)
    app.register_error_handler(HTTPException, lambda error: answer(_of_http(error)))
    for refusal in KNOWN:
        app.register_error_handler(refusal, lambda error: answer(problem_of(error)))
    app.register_error_handler(Exception, unexpected)


def _of_http(error: HTTPException) -> Problem:
    match error:
        case NotFound():
            return Problem("not_found", "There is nothing at this address.")
        case MethodNotAllowed():
            allowed = ", ".join(sorted(error.valid_methods or ()))
            return Problem("method_not_allowed", f"Allowed here: {allowed}.", headers={"Allow": allowed})
        case RequestEntityTooLarge():
            return Problem("body_too_large", "The body is larger than this service reads.")
        case _:
            return Problem("invalid_body", "The request cannot be read.", status=error.code or 400)
