"""What can be sold: what the panel lists, what the description holds, or what the operator's settings say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from panelbridge.contract.exceptions import ContractBroken, InvalidOrder, Unsupported
from panelbridge.contract.models import Package
from panelbridge.contract.strict import unreadable_package
from panelbridge_declarative.mapping import package_from, reported, values_from
from panelbridge_declarative.operations.running import Runner
from panelbridge_declarative.settings import DeclarativeSettings, read_packages


@dataclass(frozen=True, kw_only=True)
class _Bad:
    """A row that cannot be read, and the package that is listed for it."""

    error: ContractBroken
    package: Package


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
        return (item.package if isinstance(item, _Bad) else package_from(item) for item in self._values())

    def named(self, package: str) -> Mapping[str, Any]:
        """What is known of it. Raises ``InvalidOrder`` when it cannot be sold, and ``PanelError``.

        One package that cannot be read stops no order of another one.
        """
        if not self.held and self._runner.spec.op.packages is None:
            return {"id": package}
        broken = None
        for values in self._values():
            if isinstance(values, _Bad):
                broken = values.error
            elif package_from(dict(values)).id == package:
                return values
        raise broken or InvalidOrder("the panel has no such package", field="package")

    def _values(self) -> Iterator[dict[str, Any] | _Bad]:
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
                yield _Bad(error=error, package=unreadable_package(reported(op.result, "id", row, now)))
            else:
                yield values
