"""Each request gets an id; each answer is logged and counted."""

from __future__ import annotations

import os
import time

from flask import Flask, Response
from flask.globals import app_ctx, request_ctx

from panelbridge.service.logs import ServiceLog
from panelbridge.service.metrics import ServiceMetrics


def watch(app: Flask, log: ServiceLog, metrics: ServiceMetrics) -> None:
    """From now on, whatever ``app`` answers."""

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
