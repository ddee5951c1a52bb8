"""When a process that only waits shall end."""

from __future__ import annotations

import os
import signal
import stat
import threading


class Ending:
    """Knows when to end: on SIGTERM or SIGINT, or when whoever started us has gone.

    A pipe that the interpreter writes to the moment a signal comes: a lock would miss a signal that arrives
    just before it is waited for, and sleep on.
    """

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        signal.set_wakeup_fd(self._writing)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)

    def watch_parent(self) -> None:
        """Where standard input is a pipe, its closing means that whoever started us has gone."""
        if stat.S_ISFIFO(os.fstat(0).st_mode):
            threading.Thread(target=self._read_input, name="watch-stdin", daemon=True).start()

    def wait(self) -> None:
        """Return when it is time to end."""
        os.read(self._reading, 1)

    def _read_input(self) -> None:
        while os.read(0, 4096):
            pass
        os.write(self._writing, b"\0")
