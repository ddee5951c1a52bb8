"""What the billing stand-in tells its driver, as frozen records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Fields = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ModuleCall:
    """One call of a module function, and what it gave."""

    function: str
    service_id: int
    result: Any  # None when it threw
    thrown: str  # class and message, else empty
    milliseconds: float


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail to a client, sent or held back by a hook; or a notice to staff."""

    audience: str  # client, admin or notification
    name: str
    related_id: int
    subject: str
    message: str
    aborted: bool


@dataclass(frozen=True, kw_only=True)
class Captured:
    """Everything one request did that can be seen from outside the module."""

    output: Sequence[str]  # printed text; a module must print nothing
    calls: Sequence[ModuleCall]
    activity: Sequence[str]
    module_log: Sequence[Fields]  # module, action, request, response, processed: already masked
    emails: Sequence[Mail]
    notices: Sequence[Mail]
    hooks: Sequence[Fields]  # each hook that has handlers: name, results (one for each handler)
    errors: Sequence[Fields]
    template_warnings: Sequence[str]
    switches: Sequence[str]  # those of Switches.php that had a say in it

    def called(self, function: str) -> list[ModuleCall]:
        """The calls of one module function in this request."""
        return [call for call in self.calls if call.function == function]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One request's outcome: what the command gave, and what happened meanwhile."""

    result: Any
    captured: Captured
    session: Fields = field(default_factory=dict)  # give it to the next request to stay in the same session

    @property
    def answer(self) -> str:
        """The text a module command gave: ``success`` or the error."""
        return str(self.result["result"])


@dataclass(frozen=True, kw_only=True)
class PlacedOrder:
    """An order, or the texts that refused it (then the ids are 0 and empty)."""

    refusals: Sequence[str]
    order_id: int
    service_ids: Sequence[int]
    invoice_id: int  # 0 when nothing is to be paid
    turn: Turn

    @property
    def service_id(self) -> int:
        """The only service of a one-service order."""
        (service_id,) = self.service_ids
        return service_id


@dataclass(frozen=True, kw_only=True)
class PlacedUpgrade:
    """An upgrade, or the texts that refused it."""

    refusals: Sequence[str]
    upgrade_id: int
    invoice_id: int  # 0 when nothing was due: then it is already done
    amount: str
    turn: Turn


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service as the shop holds it; the password is not part of it."""

    id: int
    user_id: int
    order_id: int
    product_id: int
    server_id: int
    status: str
    username: str
    billing_cycle: str
    next_due_date: str
    amount: str
    quantity: int
    suspend_reason: str
    row: Fields


@dataclass(frozen=True, kw_only=True)
class Invoice:
    """An invoice."""

    id: int
    user_id: int
    status: str
    total: str
    due_date: str
    row: Fields


@dataclass(frozen=True, kw_only=True)
class QueueRow:
    """A failed automated module action that waits for a person."""

    id: int
    service_id: int
    action: str
    error: str
    retries: int


def captured_from(kept: Mapping[str, Sequence[Any]]) -> Captured:
    """Read the ``captured`` member of a reply."""
    return Captured(
        output=[f"{entry['by']}: {entry['text']}" for entry in kept["output"]],
        calls=[_call(entry) for entry in kept["calls"]],
        activity=[str(entry["message"]) for entry in kept["activity"]],
        module_log=list(kept["module_log"]),
        emails=[mail_from(entry) for entry in kept["emails"]],
        notices=[mail_from(entry) for entry in kept["notices"]],
        hooks=list(kept["hooks"]),
        errors=list(kept["errors"]),
        template_warnings=[str(entry["message"]) for entry in kept["template_warnings"]],
        switches=[str(name) for name in kept["switches"]],
    )


def mail_from(entry: Fields) -> Mail:
    """Read a mail from a capture or from a row of the outbox."""
    return Mail(
        audience=str(entry["audience"]),
        name=str(entry.get("messagename") or entry.get("identifier") or ""),
        related_id=int(entry.get("relid", 0)),
        subject=str(entry.get("subject") or entry.get("title") or ""),
        message=str(entry["message"]),
        aborted=bool(entry.get("aborted", 0)),
    )


def service_from(row: Fields) -> Service:
    """Read a row of ``tblhosting``; the (encrypted) password is left out."""
    return Service(
        id=int(row["id"]),
        user_id=int(row["userid"]),
        order_id=int(row["orderid"]),
        product_id=int(row["packageid"]),
        server_id=int(row["server"]),
        status=str(row["domainstatus"]),
        username=str(row["username"]),
        billing_cycle=str(row["billingcycle"]),
        next_due_date=str(row["nextduedate"]),
        amount=str(row["amount"]),
        quantity=int(row["qty"]),
        suspend_reason=str(row["suspendreason"]),
        row={key: value for key, value in row.items() if key != "password"},
    )


def invoice_from(row: Fields) -> Invoice:
    """Read a row of ``tblinvoices``."""
    return Invoice(
        id=int(row["id"]),
        user_id=int(row["userid"]),
        status=str(row["status"]),
        total=str(row["total"]),
        due_date=str(row["duedate"]),
        row=row,
    )


def queue_row_from(row: Fields) -> QueueRow:
    """Read a row of ``tblmodulequeue``."""
    return QueueRow(
        id=int(row["id"]),
        service_id=int(row["service_id"]),
        action=str(row["module_action"]),
        error=str(row["last_attempt_error"]),
        retries=int(row["num_retries"]),
    )


def _call(entry: Fields) -> ModuleCall:
    return ModuleCall(
        function=str(entry["function"]),
        service_id=int(entry["service_id"]),
        result=entry.get("result"),
        thrown=str(entry.get("thrown", "")),
        milliseconds=float(entry["milliseconds"]),
    )
