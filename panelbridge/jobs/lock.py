"""One worker process per SQLite file: the engine counts what runs in its own process only."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from panelbridge.storage.owner import give_to_owner_of


class WorkerAlreadyRunning(RuntimeError):
    """Another process runs the jobs of this database. Nothing was started; stop that one first."""

    def __init__(self, path: Path, pid: str) -> None:
        who = f"process {pid}" if pid else "another process"
        super().__init__(
            f"jobs are already run by {who} (lock {path.name}): one worker process per SQLite database. "
            "Stop that process, or run this one without jobs."
        )


class WorkerLock:
    """A kernel lock on ``path``; it goes with the process, however that dies. The file names the holder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def acquire(self) -> None:
        """Take the lock at once or raise ``WorkerAlreadyRunning``."""
        fd = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        give_to_owner_of(self._path.parent, fd)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(fd, 20).decode("ascii", "replace").strip()
            os.close(fd)
            raise WorkerAlreadyRunning(self._path, pid) from None
        os.ftruncate(fd, 0)
        os.write(fd, str(os.getpid()).encode())
        self._fd = fd

    def release(self) -> None:
        """Give the lock back; without it, nothing happens."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
