"""``panelbridge serve``: HTTP in one process, which also runs what happens later.

On SIGTERM it takes no new connection, answers what it has, stops its background work and ends.
"""

from __future__ import annotations

import gc
import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from panelbridge.service.address import try_address
from panelbridge.service.config import ServiceConfig
from panelbridge.service.data_folder import claim_data_folder
from panelbridge.service.doors import HTTP, doors
from panelbridge.service.exposed import log_exposures
from panelbridge.service.listener import Listener
from panelbridge.service.logs import ServiceLog, configure_logs, describe
from panelbridge.service.services import Services

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_COLLECT = (10_000, 20, 20)  # Python's own, 700 and 10 and 10, is for a heap of a few objects

Compose = Callable[[ServiceConfig], Services]
Explain = Callable[[BaseException], str | None]
"""What an error means to the operator; ``None`` for a bug."""


def _as_it_is(_error: BaseException) -> None:
    """Nobody explains it."""


def serve(config: ServiceConfig, compose: Compose, explain: Explain = _as_it_is) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises ``DataFolderTaken`` when another ``serve`` has the folder, and ``AddressUnusable``.
    """
    with claim_data_folder(config.data_folder):
        try_address(config.host, config.port)
        log = configure_logs(config.log_level)
        _log_what_python_prints(log)
        services, app = load(config, compose, log, explain)
        listener = Listener(app, config)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: listener.stop())
        try:
            listener.run()
        finally:
            services.stop_background()
            services.close()


def load(
    config: ServiceConfig, compose: Compose, log: ServiceLog, explain: Explain = _as_it_is
) -> tuple[Services, WSGIApplication]:
    """Compose everything, start the background, and make the application."""
    if config.one_core:
        keep_to_one_core()
    try:
        services = compose(config)
        app: WSGIApplication = doors(HTTP)["v1"](config, services, log=log)
        log_exposures(services, log)
        services.start_background()
    except Exception as error:  # noqa: BLE001 - whatever it is, the operator needs one readable line
        said = explain(error) or f"{describe(error)}\n"
        sys.stderr.write(f"panelbridge serve cannot start:\n{said}")
        sys.stderr.flush()
        os._exit(1)
    _settle_memory()
    return services, app


def _log_what_python_prints(log: ServiceLog) -> None:
    """Warnings, and errors that end a thread or befall a destructor: JSON lines too, and redacted."""
    logging.captureWarnings(capture=True)

    def tell(caught: threading.ExceptHookArgs | sys.UnraisableHookArgs) -> None:
        if isinstance(caught.exc_value, Exception):
            log.events.error("an error that nobody caught", error=describe(caught.exc_value))

    threading.excepthook = sys.unraisablehook = tell


def keep_to_one_core() -> None:
    """One core of those the process may use is ours: this thread's, and every one's it starts (Linux).

    Python runs one thread at a time, whatever the machine. Where that thread may be on any core, each let-go
    of the interpreter, of which a statement of SQLite has several, wakes another core for nothing, and what
    one core has in its cache the next must fetch: docs/decisions/0007-one-core.md.
    """
    if sys.platform == "linux":
        # Any of them, for two bridges shall not always meet on the first. A container may forbid it.
        with suppress(OSError):
            os.sched_setaffinity(0, {secrets.choice(sorted(os.sched_getaffinity(0)))})


def _settle_memory() -> None:
    """What is loaded by now stays for good: the collector need not walk over it again and again.

    It cost a tenth of a create, and a pause of tens of milliseconds now and then.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT)
