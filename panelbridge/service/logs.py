"""JSON logs, one line an event. Headers and bodies are not logged; the rest is redacted by key and value."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections.abc import MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TextIO

import structlog
from pydantic_core import to_json

from panelbridge.service.config import LogLevel
from panelbridge.transport.secret_text import STARS, is_secret_key, redact_text

_PUBLIC = frozenset({"key"})  # the public prefix of an API key, put there by ourselves


def redact_event(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: stars by key, then by value."""
    del logger, method
    for name, value in event.items():
        if name not in _PUBLIC and is_secret_key(name):
            event[name] = STARS
        elif type(value) is str:
            event[name] = redact_text(value)
        elif value is not None and not isinstance(value, (bool, int, float)):
            event[name] = redact_text(str(value))
    return event


_REQUEST_LINE = '{"event":"request","level":"info",'

_PROCESSORS: list[Any] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    redact_event,
    structlog.processors.JSONRenderer(),
]


class _Patient:
    """A stream that nothing is lost over but the line: a log on a full disk must not end an answer."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """As far as the disk takes it."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """The same."""
        with suppress(OSError):
            self._stream.flush()


@lru_cache(maxsize=1)
def _written(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def describe(error: BaseException) -> str:
    """A traceback without source lines and values, and the redacted message of every error in the chain."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        lines.append(f"{type(seen).__module__}.{type(seen).__qualname__}: {redact_text(str(seen))[:500]}")
        frames = traceback.extract_tb(seen.__traceback__)
        lines.extend(f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(lines)


class _JsonLines(logging.Handler):
    """What libraries log by Python's own logging, in the same form and as redacted."""

    def __init__(self, log: Any) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        fields = {"error": describe(record.exc_info[1])} if record.exc_info and record.exc_info[1] else {}
        self._log.log(record.levelno, record.getMessage(), source=record.name, **fields)


def configure_logs(level: LogLevel, stream: TextIO | None = None) -> ServiceLog:
    """Every logger of this process writes redacted JSON lines. Returns the service's own."""
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        logger_factory=structlog.WriteLoggerFactory(_Patient(stream or sys.stderr)),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    log = make_logger(level, stream)
    logging.basicConfig(
        level=max(_number(level), logging.WARNING), handlers=[_JsonLines(log.events)], force=True
    )
    # A line a panel call (method, redacted path, status, milliseconds) where somebody asked for detail.
    logging.getLogger("panelbridge").setLevel(logging.INFO if level is LogLevel.DEBUG else logging.WARNING)
    return log


@dataclass(frozen=True, kw_only=True)
class ServiceLog:
    """The service's log: ``events`` for what happens, ``request`` for each answer."""

    events: Any  # a structlog logger
    stream: _Patient
    requests: bool  # whether the level lets lines about requests through

    def request(self, **fields: str | float | None) -> None:
        """One line about an answered request.

        Every value is one the service chose itself (ids, a route's pattern, numbers), so this line, written
        for each request, is spared the redaction; it is a third of the cost of an event.
        """
        if self.requests:
            seconds = time.time()
            fields = {"timestamp": f"{_written(int(seconds))}.{int(seconds % 1 * 1000):03d}Z", **fields}
            self.stream.write(_REQUEST_LINE + to_json(fields).decode()[1:] + "\n")
            self.stream.flush()


def make_logger(level: LogLevel = LogLevel.INFO, stream: TextIO | None = None) -> ServiceLog:
    """The service's log, writing to ``stream`` (standard error)."""
    target = _Patient(stream or sys.stderr)
    events = structlog.wrap_logger(
        structlog.WriteLogger(target),  # type: ignore[arg-type]  # it writes and flushes, no more
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        cache_logger_on_first_use=True,
    )
    return ServiceLog(events=events, stream=target, requests=_number(level) <= logging.INFO)


def _number(level: LogLevel) -> int:
    return logging.getLevelNamesMapping()[level.value.upper()]
