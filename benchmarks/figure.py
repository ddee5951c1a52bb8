"""One measured figure, and the shape of ``latest.json``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """``ratio``: the value in terms of what it is measured ``against``; ``None`` where nothing is."""

    name: str
    value: float
    unit: str
    ratio: float | None
    against: str
    goal: str
    met: bool | None  # None: told for completeness, no goal is set

    def entry(self) -> dict[str, object]:
        """The figure as it stands in the file."""
        return asdict(self)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of ``values`` do not exceed (nearest rank)."""
    if not values:
        raise ValueError("no value was measured")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
