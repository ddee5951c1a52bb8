"""Capabilities: what a backend can do, as declared data.

They drive the engine (fences, quiet time, slots), the WHMCS buttons, the docs table and the conformance
suite's skips. A capability is never found by calling a verb and catching an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from panelbridge.contract.pattern_words import words_for


class Verb(StrEnum):
    """The mutating verbs."""

    CREATE = "create"
    EXTEND = "extend"
    SUSPEND = "suspend"
    UNSUSPEND = "unsuspend"
    RESET_CREDENTIALS = "reset_credentials"
    CHANGE_PACKAGE = "change_package"
    TERMINATE = "terminate"


class Extend(StrEnum):
    SET = "set"  # writes an absolute date: a repeat converges
    ADD = "add"  # buys a length: every repeat adds, so it is fenced
    NONE = "none"  # the panel has no expiry: our schedule suspends when the paid time has passed


class PackageWrite(StrEnum):
    SET = "set"  # writes the package: a repeat converges
    PURCHASE = "purchase"  # buys another package: fenced, priced, may restart the term


class FindBy(StrEnum):
    USERNAME = "username"
    REFERENCE = "reference"


class SerialiseWrites(StrEnum):
    NONE = "none"
    PER_CREDENTIAL = "per_credential"  # the panel reads, then writes a balance without a lock


class OrderFact(StrEnum):
    """What billing knows of an order and some panels want, passed as an option of that name."""

    DOMAIN = "domain"  # of the service, such as customer.example
    EMAIL = "email"  # of the customer


class Connections(StrEnum):
    """Who decides how many connections an account has."""

    CHOSEN = "chosen"  # an order may name a number
    PACKAGE = "package"  # the package decides; an order may name its number and no other
    ONE = "one"  # an account has one; an order may name it
    NONE = "none"  # there is nothing to count; an order names no number


ResendAfter = Annotated[float, Field(ge=0)] | Literal["never"]
"""How long a purchase without any effect is waited for before it is bought a second time."""


class TextRule(BaseModel):
    """What the panel accepts as a login name or password."""

    model_config = ConfigDict(frozen=True)

    min_length: int = 8
    max_length: int = 32
    pattern: str = r"[A-Za-z0-9]+"

    def breach(self, text: str) -> str | None:
        """The rule that ``text`` breaks, in words without the text itself; ``None`` when it fits."""
        if not self.min_length <= len(text) <= self.max_length:
            return f"must have {self.min_length} to {self.max_length} characters, has {len(text)}"
        if re.fullmatch(self.pattern, text) is None:
            return f"may only hold characters matching {self.pattern}"
        return None

    @property
    def in_words(self) -> str:
        """The rule for people who know no patterns: ``8 to 32 characters: letters, digits or . _ -``."""
        length = f"{self.min_length} to {self.max_length} characters"
        if self.min_length == self.max_length:
            length = f"{self.min_length} characters"
        allowed = words_for(self.pattern)
        return f"{length}: {allowed}" if allowed else length


class Capabilities(BaseModel):
    """Declared by every adapter; may depend on its settings (a dialect switch), never on a live answer."""

    model_config = ConfigDict(frozen=True)

    verbs: frozenset[Verb] = frozenset(Verb)
    extend: Extend = Extend.SET
    change_package: PackageWrite = PackageWrite.SET
    find_by: frozenset[FindBy] = frozenset({FindBy.USERNAME})
    expiry_granularity: int = Field(
        default=1, ge=1, description="seconds within which two expiries are equal"
    )
    grace: bool = Field(default=True, description="the panel's expiry can be set past the paid date")
    username: TextRule = TextRule()
    password: TextRule = TextRule()
    reference_field: str | None = Field(default=None, description="where the panel keeps our reference")
    safe_repeats: frozenset[Verb] = Field(
        default=frozenset(Verb) - {Verb.CREATE}, description="verbs whose repeat converges"
    )
    list_complete: bool = Field(default=True, description="an account missing from the list is proved absent")
    password_readable: bool = Field(default=False, description="the panel shows the password of an account")
    devices: frozenset[str] = Field(default=frozenset({"line"}), description="line, mag, enigma")
    connections: Connections = Field(
        default=Connections.CHOSEN, description="who decides how many connections an account has"
    )
    needs: frozenset[OrderFact] = Field(
        default=frozenset(), description="facts of the order that a create takes as options of that name"
    )
    shared_login: bool = Field(
        default=False, description="the accounts of one customer share a login, where an order names him"
    )
    single_sign_on: bool = Field(default=False, description="a one-time login of a customer can be asked for")
    admin_sign_on: bool = Field(default=False, description="the same for the panel's own administration")
    usage: bool = Field(default=False, description="the panel shows what its accounts use")
    late_commit: float = Field(
        default=60.0, ge=0, description="seconds after a request's deadline in which it may still take effect"
    )
    resend_after: ResendAfter | None = Field(
        default=None,
        description="where lengths are bought: seconds without any effect after which a purchase that may "
        "have left is sent again, once; never: a person is asked; none: ten times late_commit",
    )
    serialise_writes: SerialiseWrites = SerialiseWrites.NONE
    slow_verbs: Mapping[Verb, float] = Field(
        default_factory=dict,
        description="verbs that may take longer than a caller waits, with the seconds of one try",
    )

    @model_validator(mode="after")
    def _no_expiry_is_not_extended(self) -> Self:
        if (self.extend is Extend.NONE) is (Verb.EXTEND in self.verbs):
            msg = "verbs has extend exactly where extend is SET or ADD; a panel without expiry has neither"
            raise ValueError(msg)
        if self.extend is Extend.NONE and not self.verbs >= {Verb.SUSPEND, Verb.UNSUSPEND}:
            msg = "a panel without expiry is held by suspending, so it needs suspend and unsuspend"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _adding_is_no_safe_repeat(self) -> Self:
        if self.extend is Extend.ADD and Verb.EXTEND in self.safe_repeats:
            msg = "extend=ADD buys on every call, so it cannot be among safe_repeats"
            raise ValueError(msg)
        if self.change_package is PackageWrite.PURCHASE and Verb.CHANGE_PACKAGE in self.safe_repeats:
            msg = "change_package=PURCHASE buys on every call, so it cannot be among safe_repeats"
            raise ValueError(msg)
        return self
