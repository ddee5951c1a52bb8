"""The same application on Granian, one worker process: what `serve` ran on before, for comparison only."""

from __future__ import annotations

from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from panelbridge.service.compose import compose
from panelbridge.service.config import read_config
from panelbridge.service.logs import configure_logs
from panelbridge.service.serve import load


def main() -> None:
    """Serve the configured data folder until SIGTERM."""
    config = read_config()
    log = configure_logs(config.log_level)

    def application() -> Any:
        return load(config, compose, log)[1]

    server = Server(
        "panelbridge",
        address=config.host,
        port=config.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=config.threads,
        backpressure=config.threads * 8,
        log_level=LogLevels.warning,
        websockets=False,
    )
    server.serve(target_loader=application, wrap_loader=False)


if __name__ == "__main__":
    main()
