"""A backup put in place. Panel writes are off then, until somebody compared and switched them on."""

from __future__ import annotations

from pathlib import Path

from panelbridge.actions import restore_file, restore_server
from panelbridge.actions.database_copy import require_file
from panelbridge.actions.restored import Restored
from panelbridge.service.books import on_server
from panelbridge.service.config import ServiceConfig
from panelbridge.service.data_folder import claim_data_folder


def require_restorable(config: ServiceConfig, file: Path, *, replace: bool) -> None:
    """Before anybody is asked. Raises ``Refused``, and storage's errors."""
    require_file(file, "Name the file that `panelbridge backup` wrote.")
    require = restore_server.require_restorable if on_server(config) else restore_file.require_restorable
    require(config, file, replace=replace)


def restore(config: ServiceConfig, file: Path) -> Restored:
    """Put the backup in place, verified and with all writes off.

    A database file that was there is kept under another name; a database of a server must be empty. Raises
    storage's errors, and ``Refused``; the database is then as it was.
    """
    config.data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with claim_data_folder(config.data_folder):
        put = restore_server.restore if on_server(config) else restore_file.restore
        return put(config, file)
