"""What can be sold: what the panel lists, what the description holds, or what the operator's settings say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from panelbridge.exceptions import ContractBroken, InvalidOrder, Unsupported
from panelbridge.models import Package
from panelbridge_declarative.mapping import package_from, values_from
from panelbridge_declarative.running import Runner
from panelbridge_declarative.settings import DeclarativeSettings, read_packages


class Packages:
    """The packages of one panel. Those the panel lists are asked for each time they are needed."""

    def __init__(self, runner: Runner, settings: DeclarativeSettings) -> None:
        self._runner = runner
        own = read_packages(settings.packages) if settings.packages is not None else None
        held = runner.spec.packages if own is None else own
        self.held: Mapping[str, Mapping[str, Any]] = {
            name: {"id": name, "name": name, **values} for name, values in held.items()
        }

    def all(self) -> Iterator[Package]:
        """Raises ``PanelError``; never a silent part."""
        if not self.held and self._runner.spec.op.packages is None:
            raise Unsupported("this panel's description knows no packages")
        return map(package_from, map(_whole, self._values()))

    def named(self, package: str) -> Mapping[str, Any]:
        """What is known of it. Raises ``InvalidOrder`` when it cannot be sold, and ``PanelError``.

        One package that cannot be read stops no order of another one.
        """
        if not self.held and self._runner.spec.op.packages is None:
            return {"id": package}
        broken = None
        for values in self._values():
            if isinstance(values, ContractBroken):
                broken = values
            elif package_from(dict(values)).id == package:
                return values
        raise broken or InvalidOrder("the panel has no such package", field="package")

    def _values(self) -> Iterator[dict[str, Any] | ContractBroken]:
        """Each package, or what is wrong with its row."""
        op = self._runner.spec.op.packages
        if self.held or op is None:
            yield from map(dict, self.held.values())
            return
        now = datetime.now(UTC)
        for row in self._runner.rows(op, {}):
            try:
                values = values_from(op.result, row, now)
                package_from(values)
            except ContractBroken as error:
                yield error
            else:
                yield values


def _whole(values: dict[str, Any] | ContractBroken) -> dict[str, Any]:
    if isinstance(values, ContractBroken):
        raise values
    return values
