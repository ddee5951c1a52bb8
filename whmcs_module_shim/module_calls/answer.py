"""The answer of a module call, as docs/whmcs-calls.md promises it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from pydantic import Field

from panelbridge.actions.connect_view import ConnectView
from panelbridge.actions.fields import View


class Result(StrEnum):
    """An error is not here: it is a ``Problem``."""

    SUCCESS = "success"
    PENDING = "pending"


class OperationView(View):
    """An operation, as a module needs to know it."""

    id: int
    verb: str
    state: str
    outcome: str | None = None
    waits_for: int | None = Field(default=None, description="id of the operation that is settled first")


class AccountView(View):
    """The account as it is now; ``live`` false: as the journal knows it, the panel could not be asked."""

    username: str | None = None
    password: str | None = Field(default=None, repr=False, description="only where it is asked and allowed")
    state: str
    expires_at: datetime | None = Field(default=None, description="as the panel has it")
    entitled_until: datetime | None = Field(default=None, description="what was paid for")
    suspensions: tuple[str, ...] = ()
    plan: str | None = None
    term: str | None = None
    package: str | None = None
    connections: int | None = None
    panel: str | None = None
    account_id: str | None = None
    connect: tuple[ConnectView, ...] = Field(default=(), description="how the customer connects")
    known_at: datetime | None = None
    live: bool = False


class ModuleAnswer(View):
    """``success`` is sent with 200, ``pending`` with 202. ``request_id`` is filled in when it is sent."""

    result: Result = Result.SUCCESS
    message: str
    request_id: str = ""
    operation: OperationView | None = None
    account: AccountView | None = None
    data: dict[str, Any] | None = Field(default=None, repr=False)

    def is_pending(self) -> bool:
        return self.result is Result.PENDING

    def sent_as(self, request_id: str) -> Self:
        """The same, for the request ``request_id``."""
        return self.model_copy(update={"request_id": request_id})
