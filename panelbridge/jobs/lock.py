"""One worker process per SQLite file: the engine counts what runs in its own process only."""

from __future__ import annotations

from pathlib import Path

from panelbridge.storage.file_lock import FileLock, LockHeld


class WorkerAlreadyRunning(RuntimeError):
    """Another process runs the jobs of this database. Nothing was started; stop that one first."""

    def __init__(self, path: Path, pid: str) -> None:
        who = f"process {pid}" if pid else "another process"
        super().__init__(
            f"jobs are already run by {who} (lock {path.name}): one worker process per SQLite database. "
            "Stop that process, or run this one without jobs."
        )


class WorkerLock:
    """The lock at ``path``, once it was acquired."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: FileLock | None = None

    def acquire(self) -> None:
        """Take the lock at once or raise ``WorkerAlreadyRunning``."""
        lock = FileLock(self._path)
        try:
            lock.take()
        except LockHeld as held:
            lock.close()
            raise WorkerAlreadyRunning(self._path, held.pid) from None
        self._lock = lock

    def release(self) -> None:
        """Give the lock back; without it, nothing happens."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
