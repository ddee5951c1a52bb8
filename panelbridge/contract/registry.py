"""Finding backends: entry points in the group ``panelbridge.adapters``, lazy, sorted and loud."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.exceptions import AdapterLoadError

GROUP = "panelbridge.adapters"


@dataclass(frozen=True, kw_only=True)
class AdapterEntry:
    """A backend that is installed, not yet imported."""

    name: str
    distribution: str  # name and version of the distribution that ships it
    entry_point: EntryPoint

    def load(self) -> type[PanelAdapter[Any]]:
        """Import the class. Raises ``AdapterLoadError`` naming the distribution."""
        try:
            loaded = self.entry_point.load()
        except Exception as error:
            raise AdapterLoadError(
                f"adapter {self.name!r} of {self.distribution} failed to load: {type(error).__name__}: "
                f"{error}"
            ) from error
        if not (isinstance(loaded, type) and issubclass(loaded, PanelAdapter)):
            raise AdapterLoadError(
                f"adapter {self.name!r} of {self.distribution} is not a PanelAdapter class"
            )
        if loaded.backend != self.name:
            raise AdapterLoadError(
                f"adapter {self.name!r} of {self.distribution} calls itself {loaded.backend!r}; "
                "both must agree"
            )
        return loaded


def adapters() -> tuple[AdapterEntry, ...]:
    """Every installed backend, sorted by name. Raises ``AdapterLoadError`` when two claim one name."""
    found: dict[str, list[AdapterEntry]] = defaultdict(list)
    for point in entry_points(group=GROUP):
        dist = point.dist
        shipped_by = f"{dist.name} {dist.version}" if dist is not None else "an unnamed distribution"
        found[point.name].append(AdapterEntry(name=point.name, distribution=shipped_by, entry_point=point))
    for name, entries in found.items():
        if len({entry.entry_point.value for entry in entries}) > 1:
            shippers = " and ".join(sorted(entry.distribution for entry in entries))
            raise AdapterLoadError(f"adapter {name!r} is claimed by {shippers}; uninstall one")
    return tuple(found[name][0] for name in sorted(found))


def load_adapter(name: str) -> type[PanelAdapter[Any]]:
    """The class of backend ``name``. Raises ``AdapterLoadError`` naming what is installed."""
    installed = adapters()
    for entry in installed:
        if entry.name == name:
            return entry.load()
    known = ", ".join(entry.name for entry in installed) or "none"
    raise AdapterLoadError(f"no adapter named {name!r} is installed; installed: {known}")
