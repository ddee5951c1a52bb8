"""The witness: a small signed file outside the database that names what it last knew."""

from __future__ import annotations

from panelbridge.storage.witness.judging import judge
from panelbridge.storage.witness.keeper import Witness, losses_of
from panelbridge.storage.witness.record import Place, Record, Seen

__all__ = ["Place", "Record", "Seen", "Witness", "judge", "losses_of"]
