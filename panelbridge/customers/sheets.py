"""Customers as lines of a CSV file: which column is which field, what is written, what is read. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

# The columns of an export, and the field of each; LTV is no field of a customer.
COLUMNS: Mapping[str, str | None] = {
    "Name": "name",
    "Email": "email",
    "Company": "company",
    "Company ID": "company_number",
    "Company Email": "company_email",
    "Tax ID": "tax_id",
    "Phone": "phone",
    "Address": "address",
    "City": "city",
    "State": "region",
    "Zip": "postcode",
    "Country": "country",
    "VAT Number": "vat_number",
    "LTV": None,
}
# What a file may tell besides.
MORE_FIELDS = ("client_id", "registered_on", "storefront", "agent", "subscription", "expires_on")
_FIELDS = frozenset(field for field in COLUMNS.values() if field) | frozenset(MORE_FIELDS)
_OTHER_NAMES = {
    "e-mail": "email",
    "email address": "email",
    "full name": "name",
    "telephone": "phone",
    "phone number": "phone",
    "region": "region",
    "postcode": "postcode",
    "postal code": "postcode",
    "zip code": "postcode",
    "client id": "client_id",
    "registered": "registered_on",
    "expires": "expires_on",
    "expiry date": "expires_on",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet runs, or hides such a sign behind
_DELIMITERS = ",;\t"
_SNIFFED = "utf-8-sig"  # with or without a mark at its beginning
GUESSES = ("cp1252", "cp1250", "iso8859-15", "cp1254")  # shown to a person; a program guesses them wrong


class SheetUnreadable(ValueError):
    """The file as a whole cannot be used; the message says why, without a word of what stands in it."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the file, its cells by field. Empty cells are left out."""

    number: int
    fields: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Line({self.number})"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A file that was read: what its columns are taken as, and its lines."""

    fields: Mapping[str, str]  # column -> field
    ignored: tuple[str, ...]  # columns that are no field
    lines: tuple[Line, ...]


def read_sheet(content: str, mapping: Mapping[str, str]) -> Sheet:
    """The lines of ``content``. ``mapping``: column -> field, where its name does not say it.

    Raises ``SheetUnreadable``.
    """
    first = content.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        fields = _fields_of(header, mapping)
        lines = tuple(_lines(reader, [fields.get(name) for name in header]))
    except csv.Error:
        raise SheetUnreadable(f"line {reader.line_num} is no CSV: a quotation mark is left open") from None
    return Sheet(
        fields=fields, ignored=tuple(name for name in header if name and name not in fields), lines=lines
    )


def decoded(content: bytes, encoding: str | None) -> str | None:
    """The text of a file; ``None``: it is not UTF-8, and somebody has to say what it is.

    Raises ``SheetUnreadable`` when it is not what was said.
    """
    try:
        return content.decode(encoding or _SNIFFED)
    except LookupError:
        raise SheetUnreadable("there is no such encoding; cp1252 and iso8859-15 are two") from None
    except UnicodeDecodeError:
        if encoding is None:
            return None
        raise SheetUnreadable(f"the file is not {encoding}") from None


def samples(content: bytes) -> Mapping[str, Sequence[str]]:
    """How up to three lines that are not plain ASCII read in each encoding that is likely."""
    odd = [line for line in content.splitlines() if not line.isascii()][:3]
    return {name: [line.decode(name, "replace")[:120] for line in odd] for name in GUESSES}


def written(rows: Iterable[Mapping[str, str | None]]) -> Iterator[str]:
    """The lines of an export, the header first. No cell is run as a formula by whoever opens it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_harmless(row.get(field) or "") if field else "" for field in COLUMNS.values()])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(text: str) -> str:
    """What ``_harmless`` did is undone, so that an export can be read in again."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


def _fields_of(header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    unknown = [column for column in mapping if column not in header]
    if unknown:
        raise SheetUnreadable(f"there is no column {unknown[0]!r}; there are: {', '.join(header)}")
    wrong = [field for field in mapping.values() if field not in _FIELDS]
    if wrong:
        raise SheetUnreadable(f"{wrong[0]!r} is no field; there are: {', '.join(sorted(_FIELDS))}")
    found = {name: field for name in header if (field := mapping.get(name) or _field_named(name))}
    twice = [field for field in found.values() if list(found.values()).count(field) > 1]
    if twice or len(set(header)) < len(header):
        raise SheetUnreadable(f"two columns are taken as {twice[0] if twice else 'the same'}")
    if not {"name", "email"} & set(found.values()):
        raise SheetUnreadable("no column is a name or an e-mail address; say which: COLUMN=name")
    return found


def _field_named(column: str) -> str | None:
    by_title = {title.lower(): field for title, field in COLUMNS.items() if field}
    lowered = column.lower()
    if lowered.replace(" ", "_") in _FIELDS:
        return lowered.replace(" ", "_")
    return by_title.get(lowered) or _OTHER_NAMES.get(lowered)


def _lines(reader: Iterator[list[str]], fields: Sequence[str | None]) -> Iterator[Line]:
    for row in reader:
        cells = {
            field: _plain(cell.strip())
            for field, cell in zip(fields, row, strict=False)
            if field is not None and cell.strip()
        }
        if cells:
            yield Line(number=reader.line_num, fields=cells)  # type: ignore[attr-defined]
