"""A bare Flask route on Granian, with one worker and the threads of ``panelbridge serve``, and no logic."""

from __future__ import annotations

import sys

from flask import Flask, Response
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from whmcs_module_shim.serve import keep_to_one_core


def load() -> Flask:
    """An application with one route that does nothing."""
    app = Flask("bare", static_folder=None)

    @app.post("/bare")
    def bare() -> Response:
        return Response('{"result":"success"}', mimetype="application/json")

    return app


def main(port: int, threads: int, cores: str) -> None:
    """Serve until SIGTERM. ``cores``: ``one``, as ``panelbridge serve``, or ``any``."""
    if cores == "one":
        keep_to_one_core()
    server = Server(
        "bare",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=threads,
        backpressure=threads * 8,
        log_level=LogLevels.warning,
        websockets=False,
    )
    server.serve(target_loader=load, wrap_loader=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
