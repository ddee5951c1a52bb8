"""What may be said of a customer: the fields, their rules, and the bodies made of them.

No error shows a value: it names the field and the rule.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema

from panelbridge.actions.fields import Body, Bool, Code, Id, Line, Query, WithoutSecrets
from panelbridge.actions.paging import PageQuery
from panelbridge.customers import PROFILE_FIELDS, ContactKind

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]+\.[^@\s.\x00-\x1f\x7f]+")
_LONGEST_EMAIL = 254  # RFC 5321
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{2,39}")


def _email(text: str) -> str:
    if len(text) > _LONGEST_EMAIL or _EMAIL.fullmatch(text) is None:
        raise ValueError("is not a valid e-mail address")
    return text


def _phone(text: str) -> str:
    if _PHONE.fullmatch(text) is None:
        raise ValueError("is not a valid telephone number: digits, with + in front where international")
    return text


def _named(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text.strip()


def _schema(pattern: re.Pattern[str], longest: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "maxLength": longest, "pattern": f"^{pattern.pattern}$"})


_ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
Short = Annotated[str, Field(max_length=200, pattern=_ONE_LINE)]
Address = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*$")]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=_ONE_LINE), AfterValidator(_named)]
Email = Annotated[str, AfterValidator(_email), _schema(_EMAIL, _LONGEST_EMAIL)]
Phone = Annotated[str, AfterValidator(_phone), _schema(_PHONE, 41)]
Country = Annotated[str, Field(pattern="^[A-Z]{2}$", description="ISO 3166, such as GB")]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217, such as EUR")]
Locale = Annotated[str, Field(max_length=16, pattern="^[a-z]{2,3}([_-][A-Za-z]{2,4})?$")]
TimeZone = Annotated[str, Field(max_length=64, pattern="^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$")]
Day = Annotated[date, Field(strict=False)]
TagName = Annotated[str, Field(min_length=1, max_length=64, pattern=_ONE_LINE), AfterValidator(_named)]
NoteText = Annotated[
    str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$"), WithoutSecrets
]
Purpose = Annotated[str, Field(max_length=64, pattern="^[a-z][a-z0-9_]*$")]
Version = Annotated[str, Field(max_length=64, pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$")]

_IDENTITY = ("registered_on", "country", "locale", "time_zone", "currency", "storefront", "agent")


class CustomerAbout(Body):
    """The fields of a customer that may be set and changed."""

    email: Email | None = Field(default=None, repr=False)
    phone: Phone | None = Field(default=None, repr=False)
    company: Short | None = Field(default=None, repr=False)
    company_number: Short | None = Field(default=None, repr=False)
    company_email: Email | None = Field(default=None, repr=False)
    tax_id: Short | None = Field(default=None, repr=False)
    vat_number: Short | None = Field(default=None, repr=False)
    address: Address | None = Field(default=None, repr=False)
    city: Short | None = Field(default=None, repr=False)
    region: Short | None = Field(default=None, repr=False)
    postcode: Short | None = Field(default=None, repr=False)
    registered_on: Day | None = Field(default=None, description="null: not known")
    country: Country | None = None
    locale: Locale | None = None
    time_zone: TimeZone | None = None
    currency: Currency | None = None
    storefront: Code | None = Field(default=None, description="code of where the customer came from")
    agent: Code | None = Field(default=None, description="code of who looks after the customer")

    def personal(self) -> dict[str, str | None]:
        """What was given of the profile; an empty text is none."""
        given = self.model_fields_set & set(PROFILE_FIELDS)
        return {name: getattr(self, name) or None for name in sorted(given)}

    def identity(self) -> dict[str, Any]:
        """What was given of the rest, as the books call it."""
        found = {name: getattr(self, name) for name in _IDENTITY if name in self.model_fields_set}
        if "registered_on" in found:
            found["registered_at"] = midnight(found.pop("registered_on"))
        return found


class NewCustomer(CustomerAbout):
    """A customer to be added."""

    name: Name = Field(repr=False)
    reseller: Code | None = Field(default=None, description="needed with an operator's key")
    installation: Code | None = Field(default=None, description="the shop that knows the customer")
    client_id: Id | None = Field(default=None, description="his id in that shop")


class CustomerChange(CustomerAbout):
    """What shall be otherwise; what is left out stays as it is, null empties a field."""

    name: Name = Field(default="-", repr=False)


class CustomerFilters(Query):
    """Which customers, by what they have in common."""

    reseller: Code | None = None
    installation: Code | None = None
    country: Country | None = None
    storefront: Code | None = None
    agent: Code | None = None
    tag: TagName | None = None
    registered_from: Day | None = None
    registered_before: Day | None = None


class CustomerQuery(CustomerFilters, PageQuery):
    """Which customers of a list."""

    search: Annotated[str, Field(max_length=200)] | None = Field(
        default=None,
        description="part of a name, e-mail address, telephone number, login or device; or a client id, "
        "customer or subscription number",
        repr=False,
    )


class LinkedSubscription(Body):
    """A subscription that is the customer's."""

    subscription_id: Id


class Merging(Body):
    """Who is the same person; all of that one's goes on under this one."""

    other_id: Id


class NewContact(Body):
    """One more way to reach a customer."""

    kind: ContactKind = Field(strict=False)
    value: Annotated[Name, Field(repr=False)]
    label: Line = Field(default="", repr=False)


class ReachedByEmail(Body):
    """The rule for a contact's value that is an e-mail address."""

    value: Email = Field(repr=False)


class ReachedByPhone(Body):
    """The rule for one that is a telephone number."""

    value: Phone = Field(repr=False)


class NewNote(Body):
    """Something to be remembered, for colleagues."""

    body: NoteText = Field(repr=False)
    pinned: Bool = False
    subscription_id: Id | None = None


class NoteChange(Body):
    """Where a note is shown. A removed one can be put back for 30 days; then its text is erased."""

    pinned: Bool | None = None
    removed: Bool | None = None


class NoteQuery(PageQuery):
    """Which notes."""

    removed: Bool = Field(default=False, description="those that were removed too")


class TagChange(Body):
    """Which tags a customer has and has not."""

    add: tuple[TagName, ...] = Field(default=(), max_length=50, strict=False)
    remove: tuple[TagName, ...] = Field(default=(), max_length=50, strict=False)


class NewConsent(Body):
    """What a customer agreed to, or took back."""

    purpose: Purpose
    given: Bool
    source: Purpose = Field(description="code of where he said so, such as checkout")
    wording_version: Version = Field(description="which text he was shown")
    evidence: NoteText | None = Field(default=None, repr=False, description="in words; it can be erased")


class EventQuery(Query):
    """Which part of a timeline, the newest first: those below ``after``; 0 begins with the newest."""

    after: Annotated[int, Field(ge=0, le=2**53 - 1, strict=False)] = 0
    limit: Annotated[int, Field(ge=1, le=500, strict=False)] = 100


def midnight(day: date | None) -> datetime | None:
    """The day as an instant of the books."""
    return None if day is None else datetime.combine(day, time(), UTC)
