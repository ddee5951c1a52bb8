"""What storage can fail with, apart from bugs."""

from __future__ import annotations

from typing import ClassVar

from panelbridge.secret import SecretUnreadable


class StorageBusy(Exception):
    """Others held the database for longer than our patience. Nothing was changed; repeating is safe.

    Contention only: it says nothing about credit and nothing about the books.
    """

    code: ClassVar[str] = "storage_busy"
    advice: ClassVar[str] = "Repeat in a moment; if it lasts, look for a program that keeps the file open."
    retry_safe: ClassVar[bool] = True


class VaultError(SecretUnreadable):
    """A sealed value that cannot be opened here: another place, another key, or changed.

    The message names the place, never the value.
    """


class KeyFileError(Exception):
    """The key file is missing, unreadable, readable by others, or malformed."""
