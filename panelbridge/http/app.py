"""The Flask application factory. Nothing happens at import; everything it works with is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from panelbridge.http import health
from panelbridge.http.billing import BillingDoor, billing_doors
from panelbridge.http.dispatch import Dispatcher
from panelbridge.http.error_answers import answer_errors
from panelbridge.http.openapi import build_document
from panelbridge.http.resources import resource_routes
from panelbridge.http.routes import Route
from panelbridge.http.watching import watch
from panelbridge.service.config import ServiceConfig
from panelbridge.service.logs import ServiceLog, make_logger
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
    watch(app, logger, metrics)
    billing = billing_doors() if doors is None else doors
    answer_errors(app, logger, billing)
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
