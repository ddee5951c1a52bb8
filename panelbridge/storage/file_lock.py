"""A kernel lock on a file that names its holder. It goes with the process, however that dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from panelbridge.storage.owner import give_to_owner_of


class LockHeld(Exception):
    """Another process has it; ``pid`` is empty where it left no name."""

    def __init__(self, pid: str) -> None:
        super().__init__(f"held by process {pid or 'unknown'}")
        self.pid = pid


class FileLock:
    """The file is made, for the owner of its folder alone. Raises ``OSError`` when it cannot be."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        give_to_owner_of(path.parent, self._fd)

    def take(self) -> None:
        """Take it at once and write our process into the file, or raise ``LockHeld``."""
        if not self.try_take():
            raise LockHeld(os.pread(self._fd, 20, 0).decode("ascii", "replace").strip())
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def try_take(self) -> bool:
        """Take it at once; false when another process has it."""
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def wait(self) -> None:
        """Take it however long that lasts."""
        fcntl.flock(self._fd, fcntl.LOCK_EX)

    def give_back(self) -> None:
        """Others may take it; the file stays open."""
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give it back for good."""
        os.close(self._fd)
