"""What lies beside a dump of a server's database: what must be in it, and in which bytes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from panelbridge.storage.exceptions import StorageFailed


class Manifest(BaseModel):
    """One dump."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    manifest: Literal[1] = 1  # the form of this file
    made_at: datetime
    release: int  # of the server, as 15: pg_restore must be as new
    database: str  # whose copy it is, as ``identity_of`` gives it
    tables: str  # the schema of the server that our tables were in
    rows: Mapping[str, int]  # by table
    size: int  # of the dump, in bytes
    sha256: str


def manifest_of(dump: Path) -> Path:
    """Where the manifest of ``dump`` lies."""
    return dump.with_name(f"{dump.name}.json")


def digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_manifest(dump: Path, manifest: Manifest) -> None:
    """The file must not exist."""
    handle = os.open(manifest_of(dump), os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(manifest.model_dump_json(indent=2) + "\n")


def read_manifest(dump: Path) -> Manifest:
    """Raises ``StorageFailed`` when there is none, or the dump is not the one that it describes."""
    path = manifest_of(dump)
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise StorageFailed(f"the manifest {path} cannot be read: {error.strerror}") from None
    except ValidationError:
        raise StorageFailed(f"{path} is no manifest of a backup") from None
    if dump.stat().st_size != manifest.size or digest(dump) != manifest.sha256:
        raise StorageFailed(f"{dump} is not whole: it has other bytes than its manifest says")
    return manifest
