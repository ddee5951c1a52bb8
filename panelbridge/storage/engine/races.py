"""Two transactions at once where the rules were kept by each alone."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from panelbridge.storage.engine.sql_states import DUPLICATE, has_state
from panelbridge.storage.exceptions import StorageBusy


def is_raced(error: IntegrityError) -> bool:
    """Whether a unique index refused a row, on a database where others write beside us."""
    return has_state(error, DUPLICATE)


def raise_if_raced(error: IntegrityError) -> None:
    """Raises ``StorageBusy`` where another transaction wrote a row with the same unique value first.

    Only for rows that were looked for in the same transaction: in SQLite nobody comes between.
    """
    if is_raced(error):
        raise StorageBusy("another transaction wrote the same thing first") from None
