"""What the witness says: how far the books had come before the last call, where they lay, and who says it."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

from pydantic_core import from_json, to_json


@dataclass(frozen=True, kw_only=True)
class Place:
    """Which folder and which database: a copy has others, a move within one disk or another boot has not."""

    folder: int  # inode of the data folder
    database: str  # as ``identity_of`` gives it


@dataclass(frozen=True, kw_only=True)
class Head:
    """The newest link of one wallet's chain."""

    sequence: int
    link: str


@dataclass(frozen=True, kw_only=True)
class Seen:
    """How far the books are. It only ever grows, in every part."""

    sequence: int  # attempts ever begun: each call outside has one, committed before it
    operation: int  # the highest operation id ever given out
    recent: int = 0  # on PostgreSQL: how many of the last numbers up to ``sequence`` are committed
    heads: dict[int, Head] = field(default_factory=dict)  # by wallet


@dataclass(frozen=True, kw_only=True)
class Record:
    """One slot's content."""

    seen: Seen
    place: Place
    host: str  # host, boot and time are shown to people, and judged by nobody
    boot: str
    at: str


def new_record(seen: Seen, place: Place, at: datetime) -> Record:
    """What this machine says now."""
    return Record(
        seen=seen,
        place=place,
        host=_host(),
        boot=_boot(),
        at=at.isoformat(timespec="seconds"),
    )


def to_bytes(record: Record) -> bytes:
    """For the slot."""
    seen = record.seen
    heads = {str(wallet): (head.sequence, head.link) for wallet, head in seen.heads.items()}
    return to_json(
        {
            "sequence": seen.sequence,
            "recent": seen.recent,
            "operation": seen.operation,
            "heads": heads,
            "folder": record.place.folder,
            "database": record.place.database,
            "host": record.host,
            "boot": record.boot,
            "at": record.at,
        }
    )


def from_bytes(content: bytes) -> Record:
    """Of bytes whose signature is right: whatever is wrong now is a bug."""
    read = from_json(content)
    heads = {
        int(wallet): Head(sequence=sequence, link=link) for wallet, (sequence, link) in read["heads"].items()
    }
    return Record(
        seen=Seen(
            sequence=read["sequence"],
            recent=read.get(
                "recent", 0
            ),  # releases before PostgreSQL wrote none, and a number as the database
            operation=read["operation"],
            heads=heads,
        ),
        place=Place(folder=read["folder"], database=str(read["database"])),
        host=read["host"],
        boot=read["boot"],
        at=read["at"],
    )


@cache
def _host() -> str:
    return socket.gethostname()


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:  # not Linux
        return f"unknown-{os.name}"
