"""Rows on disk until all of them are there: what is printed is whole, and none is kept in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from typing import IO

    from pydantic import BaseModel

ModelT = TypeVar("ModelT", bound="BaseModel")


class Spool(Generic[ModelT]):
    """Iterate as often as needed. The file has no name and goes with the process."""

    def __init__(self, model: type[ModelT], file: IO[str]) -> None:
        self._model = model
        self._file = file
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[ModelT]:
        self._file.seek(0)
        for line in self._file:
            yield self._model.model_validate_json(line)

    def take(self, items: Iterable[ModelT]) -> None:
        """All of ``items``, or the error that ended them."""
        for item in items:
            self._file.write(item.model_dump_json() + "\n")
            self._count += 1


@contextmanager
def spooled(model: type[ModelT], items: Iterable[ModelT]) -> Iterator[Spool[ModelT]]:
    """``items``, read to their end."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        spool = Spool(model, file)
        spool.take(items)
        yield spool
