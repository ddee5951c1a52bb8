"""A bare Flask route on the server of ``panelbridge serve``, with as many threads and no logic."""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

from flask import Flask, Response

from panelbridge.service.config import read_config
from panelbridge.service.listener import Listener
from panelbridge.service.serve import keep_to_one_core


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
    folder = Path(tempfile.gettempdir())  # nothing is kept there
    listener = Listener(load(), read_config(None, data_folder=folder, port=port, threads=threads))
    signal.signal(signal.SIGTERM, lambda _number, _frame: listener.stop())
    listener.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
