"""The common part of WHMCS's ``$params``, under WHMCS's own names, and what belongs to this one call.

A function that takes more subclasses ``ServiceRequest`` or ``ModuleRequest``; the rest is refused by name.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, WithJsonSchema

from panelbridge.actions.fields import Body, Bool, Count, Id, Line, ScalarMap
from panelbridge.contract.models import Term

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NO_DATE = ("", "0000-00-00")  # WHMCS writes the second for "never"


def _calendar_date(value: str) -> str:
    if value in _NO_DATE:
        return ""
    if _DATE.fullmatch(value) is None:
        raise ValueError("must be a date as YYYY-MM-DD")
    try:
        date.fromisoformat(value)
    except ValueError:
        raise ValueError("is not a day of the calendar") from None
    return value


def _call_map(value: Any) -> Any:
    return {} if value == [] else value  # PHP writes an empty map as an empty list


def connections_in(text: str) -> int | None:
    """The number in ``text``; ``None`` for an empty one or 0, which leave it to the plan.

    Raises ``ValueError`` for what is no whole number.
    """
    if text.strip() in ("", "0"):
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text.strip()):
        raise ValueError("connections must be a whole number from 1 to 9999")
    return int(text)


DateText = Annotated[
    str,
    AfterValidator(_calendar_date),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, {"enum": list(_NO_DATE)}]}),
]
Actor = Annotated[str, Field(pattern=r"^(admin:[0-9]{1,15}|client:[0-9]{1,15}|cron|system)$")]
Token = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{16,64}$")]
BillingCycle = Literal[
    "Monthly",
    "Quarterly",
    "Semi-Annually",
    "Annually",
    "Biennially",
    "Triennially",
    "One Time",
    "Free Account",
]

# WHMCS's cycles in calendar months. One Time and Free Account name no length.
CYCLE_TERMS: dict[str, Term] = {
    "Monthly": Term(months=1),
    "Quarterly": Term(months=3),
    "Semi-Annually": Term(months=6),
    "Annually": Term(months=12),
    "Biennially": Term(months=24),
    "Triennially": Term(months=36),
}


class InvoiceItem(Body):
    """The paid invoice item a Renew belongs to."""

    id: Id
    invoice_id: Id
    first: Bool = False  # of the order's first invoice, which belongs to create


class CallPart(Body):
    """What belongs to this one call."""

    actor: Actor = "system"
    token: Token | None = None  # the same token never acts twice
    closing: Id | None = None  # only closes that operation in WHMCS
    invoice_item: InvoiceItem | None = None
    with_password: Bool = False
    fresh: Bool = False  # ask the panel now


Call = Annotated[
    CallPart,
    BeforeValidator(_call_map),
]


class CommonRequest(Body):
    """What every call may hold."""

    userid: Count | None = None
    pid: Count | None = None
    serverid: Count | None = None
    addonId: Count = 0  # noqa: N815 - WHMCS's own name
    qty: Count = 1
    status: Line | None = None
    domain: Line | None = None
    email: Line | None = None  # of the customer; with CreateAccount
    username: Line | None = None
    billingcycle: BillingCycle | None = None
    nextduedate: DateText | None = None
    regdate: DateText | None = None
    configoption1: Line = ""  # plan code
    configoption2: Line = ""  # connections; empty: the plan's
    configoption3: Line = ""  # days of grace shown
    configoption4: Line = ""
    configoption5: Line = ""
    configoption6: Line = ""
    configoption7: Line = ""
    configoption8: Line = ""
    configoption9: Line = ""
    configoption10: Line = ""
    configoption11: Line = ""
    configoption12: Line = ""
    configoption13: Line = ""
    configoption14: Line = ""
    configoption15: Line = ""
    configoption16: Line = ""
    configoption17: Line = ""
    configoption18: Line = ""
    configoption19: Line = ""
    configoption20: Line = ""
    configoption21: Line = ""
    configoption22: Line = ""
    configoption23: Line = ""
    configoption24: Line = ""
    configoptions: ScalarMap = Field(default_factory=dict)  # Connections is read
    customfields: ScalarMap = Field(default_factory=dict)  # Username and Device MAC are read
    highest_operation: Count | None = None  # the highest operation id this module was ever told
    call: Call = Field(default_factory=CallPart)

    @property
    def plan(self) -> str:
        """The product's plan code; empty when none was chosen."""
        return self.configoption1.strip()

    @property
    def term(self) -> Term | None:
        """The billing cycle's length; ``None`` for one-time and free products, or when it was not sent."""
        return CYCLE_TERMS.get(self.billingcycle or "")

    @property
    def connections(self) -> int | None:
        """The configurable option, else the product's setting; ``None`` = the plan's.

        Raises ``ValueError`` naming the member when it is no whole number.
        """
        for name, value in (
            ("configoptions.Connections", self.configoptions.get("Connections")),
            ("configoption2", self.configoption2),
        ):
            try:
                number = connections_in("" if value is None else str(value))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
            if number is not None:
                return number
        return None

    @property
    def chosen_username(self) -> str | None:
        """The custom field a customer may fill; ``None`` = the bridge chooses."""
        return str(self.customfields.get("Username") or "").strip() or None

    @property
    def mac(self) -> str | None:
        return str(self.customfields.get("Device MAC") or "").strip() or None


class ModuleRequest(CommonRequest):
    """A call that may name a service."""

    serviceid: Id | None = None


class ServiceRequest(CommonRequest):
    """A call about one service."""

    serviceid: Id  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride] # now required


Password = Annotated[SecretStr, Field(min_length=1, max_length=200)]
