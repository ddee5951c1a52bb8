"""Who owns the files: what root makes in a folder of the service's user belongs to that user."""

from __future__ import annotations

import os
from pathlib import Path


def give_to_owner_of(folder: Path, file: Path | int) -> None:
    """``file`` belongs to the owner of ``folder``. Only root can give; for others it is so."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(file, owner.st_uid, owner.st_gid)
