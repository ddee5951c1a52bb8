"""What storage can fail with, apart from bugs."""

from __future__ import annotations

from typing import ClassVar

from panelbridge.contract.secret import SecretUnreadable


class StorageBusy(Exception):
    """Others held the database for longer than our patience. Nothing was changed; safe to run again.

    Contention only: it says nothing about credit and nothing about the books.
    """

    code: ClassVar[str] = "storage_busy"
    advice: ClassVar[str] = "Repeat in a moment; if it lasts, look for a program that keeps the file open."
    retry_safe: ClassVar[bool] = True


class StorageFailed(Exception):
    """The database file cannot be used. What this transaction wrote was not kept.

    ``code`` distinguishes full from damaged; neither fixes itself.
    """

    code: ClassVar[str] = "storage_failed"
    advice: ClassVar[str] = "Look at the disk and at the system's log; then repeat."
    retry_safe: ClassVar[bool] = True

    @property
    def message(self) -> str:
        return str(self)


class StorageFull(StorageFailed):
    """The disk took no more."""

    code = "storage_full"
    advice = "Make room on the disk of the data folder, then repeat: nothing was changed."


class StorageDamaged(StorageFailed):
    """The file is no database, or its pages contradict each other."""

    code = "storage_damaged"
    advice = "Stop `serve`, keep a copy of the data folder as it is, and restore the last good backup."


class StorageForbidden(StorageFailed):
    """The role of the configuration may not do what is needed."""

    advice = "Run `panelbridge init` once with database_owner_url set; nothing was changed."


class ToolMissing(StorageFailed):
    """A program of the database server that is needed here is not installed, or too old."""

    advice = "Install the package that is named, then repeat: nothing was changed."


class StorageUnreachable(StorageFailed):
    """The database server does not answer, and was not asked to store anything. Nothing was changed."""

    code = "storage_unreachable"
    advice = "Repeat in a moment; if it lasts, look whether the database server runs and can be reached."


class StorageUnanswered(StorageFailed):
    """The server went away during COMMIT: whether this transaction was kept is not known."""

    code = "storage_unanswered"
    advice = "Ask again with the same key: what was kept is found under it, and nothing is done twice."


class VaultError(SecretUnreadable):
    """A sealed value that cannot be opened here: another place, another key, or changed.

    The message names the place, never the value.
    """


class KeyFileError(Exception):
    """The key file is missing, unreadable, readable by others, or malformed."""
