"""The file: two slots written in turn, each whole in itself, so that a torn one yields the other.

A slot is a magic, the length of its content, the id of the key, the HMAC over the content, and the content.
Slots keep their size: writing one over changes no length, and one ``fdatasync`` is one flush of data.
"""

from __future__ import annotations

import fcntl
import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from panelbridge.ledger.chain import ChainKeyMissing, ChainKeys
from panelbridge.storage.owner import give_to_owner_of
from panelbridge.storage.witness.record import Record, from_bytes, to_bytes

_MAGIC = b"panelbridge-witness-1\n"
_HEAD = len(_MAGIC) + 8 + 16 + 64  # magic, length, key id, HMAC in hex
_PAGE = 4096
_SLOTS = 2


class WitnessLost(Exception):
    """The file is not there any more, or is another one than was opened."""


class WitnessFile:
    """One process's view of the file. Not thread-safe: its keeper has the lock."""

    def __init__(self, path: Path, keys: ChainKeys) -> None:
        self.path = path
        self._keys = keys
        self._fd: int | None = None
        self._raw: tuple[bytes, ...] = ()
        self._read: list[Record | None] = []

    def create(self, record: Record) -> None:
        """The file says ``record``, in both slots, whatever was there before: it is put in place whole."""
        content = self._signed(record)
        size = _PAGE * -(-2 * (len(content)) // _PAGE)  # room for as much again
        fresh = self.path.with_name(f"{self.path.name}.new")
        handle = os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, content.ljust(size, b"\0") * _SLOTS)
            give_to_owner_of(self.path.parent, handle)
            os.fsync(handle)
        finally:
            os.close(handle)
        fresh.replace(self.path)
        _sync_folder(self.path.parent)
        self.close()

    def newest(self) -> Record | None:
        """The newest slot that is whole; ``None`` when none is, or there is no file."""
        try:
            with self.locked():
                return self.newest_here()
        except WitnessLost:
            return None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone among all processes. Raises ``WitnessLost`` when the file is gone."""
        descriptor = self._open()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            if self._fd == descriptor:  # else it was made anew, and closing the old one let go of it
                fcntl.flock(descriptor, fcntl.LOCK_UN)

    def newest_here(self) -> Record | None:
        """As ``newest``, by whoever holds the lock."""
        whole = [record for record in self._slots() if record is not None]
        return max(whole, key=_age, default=None)

    def write(self, record: Record) -> None:
        """Over the older slot, and onto the disk. By whoever holds the lock."""
        content = self._signed(record)
        size = len(self._raw[0]) if self._raw else 0
        if len(content) > size:  # more wallets than it was made for
            self.create(record)
            return
        descriptor = self._open()
        slot = self._older()
        os.pwrite(descriptor, content, slot * size)
        os.fdatasync(descriptor)
        self._read[slot] = record
        raw = list(self._raw)
        raw[slot] = content + raw[slot][len(content) :]
        self._raw = tuple(raw)

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
        self._raw, self._read = (), []

    def _open(self) -> int:
        if self._fd is not None and os.fstat(self._fd).st_nlink == 0:
            self.close()  # removed, or made anew by another process
        if self._fd is None:
            try:
                self._fd = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                raise WitnessLost(f"the witness {self.path} is gone") from None
        return self._fd

    def _slots(self) -> list[Record | None]:
        """Both, verified; what is as this process last read or wrote it is not verified again."""
        descriptor = self._open()
        length = os.fstat(descriptor).st_size // _SLOTS
        raw = tuple(os.pread(descriptor, length, slot * length) for slot in range(_SLOTS))
        if raw != self._raw:
            self._read = [self._verified(content) for content in raw]
            self._raw = raw
        return self._read

    def _older(self) -> int:
        ages = [(-1, -1, -1) if record is None else _age(record) for record in self._slots()]
        return ages.index(min(ages))

    def _signed(self, record: Record) -> bytes:
        content = to_bytes(record)
        key = self._keys.current
        signature = self._keys.sign(content, key)
        return b"".join(
            (_MAGIC, b"%08d" % len(content), key.encode("ascii"), signature.encode("ascii"), content)
        )

    def _verified(self, raw: bytes) -> Record | None:
        head, start = raw[:_HEAD], len(_MAGIC)
        if not head.startswith(_MAGIC) or not head[start : start + 8].isdigit():
            return None
        content = raw[_HEAD : _HEAD + int(head[start : start + 8])]
        try:
            expected = self._keys.sign(content, head[start + 8 : start + 24].decode("ascii"))
        except (ChainKeyMissing, UnicodeDecodeError):
            return None
        if not hmac.compare_digest(expected.encode("ascii"), head[start + 24 :]):
            return None
        return from_bytes(content)


def _age(record: Record) -> tuple[int, int, int]:
    return record.seen.sequence, record.seen.recent, record.seen.operation


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
