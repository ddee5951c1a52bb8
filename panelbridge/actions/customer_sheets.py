"""Customers from a CSV file and into one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from panelbridge.actions.batches import batches
from panelbridge.actions.context import Context
from panelbridge.actions.customer_forms import CustomerAbout, CustomerFilters, Day, Email, Name
from panelbridge.actions.customers import author_of, filters_of, shop_of
from panelbridge.actions.fields import Body, Bool, Code, Id, TextLines, View
from panelbridge.actions.problems import Problem
from panelbridge.actions.resellers import own_reseller
from panelbridge.actions.validation import validate
from panelbridge.customers import CustomerRefused, sheets
from panelbridge.customers.importing import ImportedLine, ImportScope, Outcome, import_line, judge_line
from panelbridge.service.services import ServiceUnit
from panelbridge.subscriptions import Subscription, SubscriptionId

_AT_ONCE = 200  # lines a transaction: others write between two
_SHOWN_ERRORS = 200
_PAGE = 500


class WantedImport(Body):
    """A file of customers. An exact repeat changes nothing; so a large file may come in parts."""

    csv: Annotated[str, Field(max_length=64 * 1024 * 1024, repr=False)]
    mapping: dict[str, Code] = Field(
        default={}, max_length=100, description="column -> field, where its name does not say it"
    )
    dry_run: Bool = Field(default=False, description="only tell what would be done")
    reseller: Code | None = Field(default=None, description="needed with an operator's key")
    installation: Code | None = Field(default=None, description="the shop whose client ids these are")


class LineError(View):
    """Why a line was left out. It does not tell what stands in it."""

    line: int
    field: str | None
    message: str


class ImportReport(View):
    """What came of a file, or would come of it."""

    dry_run: bool
    import_id: int | None
    columns: dict[str, str] = Field(description="what each column was taken as")
    ignored: tuple[str, ...] = Field(description="columns that are no field")
    lines: int
    added: int
    changed: int
    already: int = Field(description="read before, or with nothing new")
    failed: int
    errors: tuple[LineError, ...] = Field(description="the first two hundred")


class ImportedCustomer(CustomerAbout):
    """A line's fields; those that are empty are left as they are."""

    name: Name | None = Field(default=None, repr=False)
    email: Email | None = Field(default=None, repr=False)
    client_id: Id | None = None
    subscription: Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9._-]*:)?[0-9]{1,15}$")] | None = None
    expires_on: Day | None = None


@dataclass
class _Reading:
    """How far a file was read."""

    outcomes: Counter[Outcome]
    errors: list[LineError]

    def left_out(self, number: int, error: Problem | CustomerRefused) -> None:
        self.errors.append(LineError(line=number, field=error.field, message=error.message))


def import_customers(context: Context, body: WantedImport) -> ImportReport:
    """Read customers from a CSV file, once each; a dry run only shows what would be done."""
    try:
        sheet = sheets.read_sheet(body.csv, body.mapping)
    except sheets.SheetUnreadable as error:
        raise Problem("invalid_request", f"csv: {error}", field="csv") from None
    with context.services.units.read() as unit:
        scope = _scope(replace(context, open_unit=unit), body)
    reading = _Reading(outcomes=Counter(), errors=[])
    number = None
    if body.dry_run:
        _judge(context, scope, sheet, reading)
    else:
        number = _read(context, scope, sheet, reading)
    return ImportReport(
        dry_run=body.dry_run,
        import_id=number,
        columns=dict(sheet.fields),
        ignored=sheet.ignored,
        lines=len(sheet.lines),
        added=reading.outcomes[Outcome.ADDED],
        changed=reading.outcomes[Outcome.CHANGED],
        already=reading.outcomes[Outcome.ALREADY],
        failed=len(reading.errors),
        errors=tuple(reading.errors[:_SHOWN_ERRORS]),
    )


def export_customers(context: Context, query: CustomerFilters) -> TextLines:
    """Export customers as CSV, in fourteen columns."""
    with context.services.units.read() as unit:
        filters = filters_of(replace(context, open_unit=unit), query)

    def rows() -> Iterator[dict[str, str | None]]:
        after = 0
        while True:  # each page in a transaction of its own: a slow reader holds none open
            with context.services.units.read() as unit:
                page = unit.customers.profiles(filters, after=after, limit=_PAGE)
            for one, profile in page:
                yield {**vars(profile), "country": one.country}
            if len(page) < _PAGE:
                return
            after = page[-1][0].id

    return TextLines(lines=sheets.written(rows()), media_type="text/csv", filename="customers.csv")


def _scope(context: Context, body: WantedImport) -> ImportScope:
    shop = shop_of(context, body.installation)
    reseller = shop.reseller_id if shop is not None else own_reseller(context, body.reseller).id
    return ImportScope(reseller_id=reseller, installation_id=shop.id if shop is not None else None)


def _read(context: Context, scope: ImportScope, sheet: sheets.Sheet, reading: _Reading) -> int:
    units = context.services.units
    with units.write() as unit:
        number = unit.customers.begin_import(scope.reseller_id, context.caller.actor, context.now)
    author = replace(author_of(context), cause=f"import:{number}")
    for lines in batches(sheet.lines, _AT_ONCE):
        with units.write() as unit:
            unit.customers.lock_imports(scope.reseller_id)
            for line in lines:
                try:
                    reported = _line(context, unit, scope, line)
                    reading.outcomes[import_line(unit, author, scope, reported)] += 1
                except (Problem, CustomerRefused) as error:
                    reading.left_out(line.number, error)
    return number


def _judge(context: Context, scope: ImportScope, sheet: sheets.Sheet, reading: _Reading) -> None:
    """What would be done. Lines that tell of one new person are one addition and then changes."""
    lines: set[str] = set()
    people: set[object] = set()
    with context.services.units.read() as unit:
        for line in sheet.lines:
            try:
                reported = _line(context, unit, scope, line)
                judged = judge_line(unit, scope, reported).outcome
            except (Problem, CustomerRefused) as error:
                reading.left_out(line.number, error)
                continue
            who = reported.client_id or (reported.personal.get("email") or "").casefold()
            if reported.digest in lines:
                judged = Outcome.ALREADY
            elif who and who in people and judged is Outcome.ADDED:
                judged = Outcome.CHANGED
            lines.add(reported.digest)
            people.add(who)
            reading.outcomes[judged] += 1


def _line(context: Context, unit: ServiceUnit, scope: ImportScope, line: sheets.Line) -> ImportedLine:
    """The line's fields by their rules. Raises ``Problem`` and ``CustomerRefused``."""
    cells = dict(line.fields)
    if "country" in cells:
        cells["country"] = cells["country"].upper()
    reported = validate(ImportedCustomer, cells, text=True)
    personal = {name: value for name, value in reported.personal().items() if value}
    if reported.client_id is None and not personal.get("name") and not personal.get("email"):
        raise Problem("invalid_request", "name: a line needs a name or an e-mail address", field="name")
    said = json.dumps([scope.reseller_id, scope.installation_id, sorted(cells.items())])
    return ImportedLine(
        number=line.number,
        digest=context.services.fingerprint(f"import row {said}"),
        client_id=reported.client_id,
        identity=reported.identity(),
        personal=personal,
        subscription=_subscription(unit, scope, reported.subscription),
        expires_on=reported.expires_on,
    )


def _subscription(unit: ServiceUnit, scope: ImportScope, named: str | None) -> Subscription | None:
    if named is None:
        return None
    shop, _, number = named.rpartition(":")
    if not shop:
        found = unit.subscriptions.subscription(SubscriptionId(int(number)))
    else:
        known = unit.installations.named(shop)
        found = unit.subscriptions.of_service(known.id, int(number)) if known is not None else None
    other_shop = (
        scope.installation_id is not None and found and found.installation_id != scope.installation_id
    )
    if found is None or other_shop:
        raise Problem("invalid_request", "subscription: there is no such subscription", field="subscription")
    return found
