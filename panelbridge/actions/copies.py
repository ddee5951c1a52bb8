"""The files that a backup makes, for each kind of database: a SQLite file, or a dump with its manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from panelbridge.actions.database_copy import look_through
from panelbridge.service.books import on_server
from panelbridge.service.config import ServiceConfig
from panelbridge.storage.engine.manifest import manifest_of, read_manifest


@dataclass(frozen=True, kw_only=True)
class CopyKind:
    """What copies of one kind of database are like."""

    suffix: str
    beside: Callable[[Path], tuple[Path, ...]]  # the files that belong to one, itself included
    counted: Callable[[Path], Mapping[str, int]]  # looks through it; rows by table


def _counted_in_dump(dump: Path) -> Mapping[str, int]:
    return read_manifest(dump).rows


FILE = CopyKind(suffix=".db", beside=lambda file: (file,), counted=look_through)
DUMP = CopyKind(suffix=".dump", beside=lambda dump: (dump, manifest_of(dump)), counted=_counted_in_dump)


def copies_of(config: ServiceConfig) -> CopyKind:
    """The kind that this bridge's database has."""
    return DUMP if on_server(config) else FILE
