"""One writer at a time: first among the threads of this process, then among processes.

SQLite itself waits by sleeping and retrying, so an unlucky writer starves for seconds. Here writers queue
before ``BEGIN IMMEDIATE``: threads in order of arrival, processes in the kernel's lock queue.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from panelbridge.storage.exceptions import StorageBusy
from panelbridge.storage.file_lock import FileLock


class WriteQueue:
    """The turn to write to one database file. ``patience`` is in seconds."""

    def __init__(self, lock_path: str, patience: float) -> None:
        self._patience = patience
        self._threads = _ThreadLine()
        self._file = _PatientLock(lock_path)
        self._owner: int | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the turn. Raises ``StorageBusy`` when it did not come in time."""
        if self._owner == threading.get_ident():
            raise RuntimeError("a write transaction is open in this thread already; use that one")
        deadline = time.monotonic() + self._patience
        if not self._threads.enter(self._patience):
            raise StorageBusy("other requests of this process kept the database for too long")
        try:
            if not self._file.acquire(deadline - time.monotonic()):
                raise StorageBusy("another process kept the database for too long")
            self._owner = threading.get_ident()
            try:
                yield
            finally:
                self._owner = None
                self._file.release()
        finally:
            self._threads.leave()

    def close(self) -> None:
        self._file.close()


class _ThreadLine:
    """A lock that is handed to whoever waited longest; Python's own goes to whoever is quickest."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    def enter(self, patience: float) -> bool:
        with self._mutex:
            if not self._taken:
                self._taken = True
                return True
            place = threading.Lock()
            place.acquire()
            self._waiting.append(place)
        handed = place.acquire(timeout=max(0.0, patience))
        if handed:
            return True
        with self._mutex:
            if place in self._waiting:
                self._waiting.remove(place)
                return False
        return True  # the turn was handed over in the very moment patience ended

    def leave(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


class _PatientLock:
    """The file's lock with patience. Only one thread at a time calls in here.

    The kernel's wait has no time limit, so a thread of ours waits in it while the caller waits for that
    thread; a wait that outlives its caller gives the lock back by itself.
    """

    def __init__(self, path: str) -> None:
        self._lock = FileLock(Path(path))
        self._state = threading.Condition()
        self._kernel_wait = False
        self._wanted = False
        self._granted = False

    def acquire(self, patience: float) -> bool:
        with self._state:
            if not self._kernel_wait:
                if self._lock.try_take():
                    return True
                self._kernel_wait = True
                threading.Thread(target=self._wait, name="storage-write-queue", daemon=True).start()
            self._wanted, self._granted = True, False
            self._state.wait_for(lambda: self._granted, timeout=max(0.0, patience))
            self._wanted = False
            return self._granted

    def _wait(self) -> None:
        self._lock.wait()
        with self._state:
            self._kernel_wait = False
            if self._wanted:
                self._granted = True
                self._state.notify()
            else:
                self._lock.give_back()

    def release(self) -> None:
        self._lock.give_back()

    def close(self) -> None:
        self._lock.close()
