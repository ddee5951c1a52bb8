"""What joins the service by entry points: it imports none of them by name.

``panelbridge.http`` has the application factory; ``panelbridge.billing`` has a door for each billing system.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

BILLING = "panelbridge.billing"
HTTP = "panelbridge.http"


def doors(group: str) -> Mapping[str, Any]:
    """What is installed in ``group``, loaded, by name. Raises ``RuntimeError`` when two claim one name."""
    found: dict[str, Any] = {}
    for point in sorted(entry_points(group=group), key=lambda point: (point.name, point.value)):
        if point.name in found:
            raise RuntimeError(f"two installed packages claim the door {point.name} of {group}")
        found[point.name] = point.load()
    return found
