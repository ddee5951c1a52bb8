"""/healthz, /readyz and /metrics: for the machine that runs the service. They need no key."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from flask import Flask, Response, request

from panelbridge.actions.problems import Problem
from panelbridge.service.config import ServiceConfig
from panelbridge.service.metrics import ServiceMetrics
from panelbridge.service.services import Services


def add_to(app: Flask, config: ServiceConfig, services: Services, metrics: ServiceMetrics) -> None:
    """Serve the three addresses on ``app``."""

    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    def readyz() -> tuple[dict[str, Any], int]:
        checks = services.checks()
        ready = all(check.ok for check in checks)
        lines = [{"name": check.name, "ok": check.ok, "message": check.message} for check in checks]
        return {"status": "ok" if ready else "not ready", "checks": lines}, 200 if ready else 503

    def metrics_text() -> Response:
        if not config.metrics or not _asked_from_this_machine():
            raise Problem("not_found", "Metrics are for this machine only.")
        return Response(metrics.text(), mimetype="text/plain; version=0.0.4")

    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)
    app.add_url_rule("/metrics", "metrics", metrics_text)


def _asked_from_this_machine() -> bool:
    """A scraper on this machine, not a visitor whom a reverse proxy on this machine passes on."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
