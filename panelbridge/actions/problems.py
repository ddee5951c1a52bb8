"""The one table of errors: what each code means, its HTTP status, who can fix it, and whether to repeat.

Whatever fails reaches a caller as a ``Problem`` of this table: over HTTP as RFC 9457, in a module's reply,
at a shell. ``refusals`` makes one of what any room raised. Business refusals are 4xx: proxies swallow the
bodies of 5xx answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MEDIA_TYPE = "application/problem+json"


class End(StrEnum):
    """How a command ends that meets it; `cli/exits.py` has the number of each."""

    REFUSED = "refused"  # by asking otherwise it may be done
    UNREACHABLE = "unreachable"  # not now: panel or database cannot be asked
    ATTENTION = "attention"  # a person decides
    CONFIGURATION = "configuration"  # the operator sets configuration, key file, disk or database right
    USAGE = "usage"  # the command line is wrong
    BUG = "bug"


@dataclass(frozen=True, kw_only=True)
class ProblemKind:
    """What all problems of one code share."""

    status: int | None  # of HTTP; None: only the command line meets it
    title: str
    advice: str  # for whoever calls over HTTP
    at_shell: str  # the same for a person at a shell
    retry_safe: bool = True  # sending the same request again cannot double anything
    worth_repeating: bool = False  # it passes by itself, or by what others do: the same request may succeed
    end: End = End.REFUSED


def _kind(
    status: int | None,
    title: str,
    advice: str,
    *,
    at_shell: str | None = None,
    worth_repeating: bool = False,
    end: End = End.REFUSED,
) -> ProblemKind:
    return ProblemKind(
        status=status,
        title=title,
        advice=advice,
        at_shell=at_shell or advice,
        worth_repeating=worth_repeating,
        end=end,
    )


KINDS: Mapping[str, ProblemKind] = {
    # Who asks
    "unauthorized": _kind(401, "No valid API key", "Send a key that exists, is not revoked and not expired."),
    "forbidden_scope": _kind(403, "The key may not do this", "Use a key with the scope named."),
    "mode_mismatch": _kind(
        403,
        "Live and test do not mix",
        "Use the live key with live panels and the test key with practice ones.",
    ),
    "installation_mismatch": _kind(
        409,
        "Another installation is bound to this key",
        "If the shop moved, an admin confirms with `panelbridge installations rebind`; "
        "a staging copy needs a test key of its own.",
    ),
    # What was sent
    "invalid_request": _kind(
        422,
        "The request is not valid",
        "Correct the field named and send it again.",
        at_shell="Correct what is named and run the command again; --help shows the form.",
    ),
    "invalid_body": _kind(400, "The body cannot be read", "Correct the body at the place named."),
    "unsupported_media_type": _kind(
        415, "The content type is not supported", "Send one of the content types named."
    ),
    "body_too_large": _kind(413, "The body is too large", "Send less in one request."),
    "not_found": _kind(
        404, "Not found", "Check the address and the id in it.", at_shell="Check the name or number."
    ),
    "method_not_allowed": _kind(405, "The method is not allowed here", "Use a method of the Allow header."),
    "idempotency_key_missing": _kind(
        400, "An Idempotency-Key header is missing", "Send a key of your own, the same when you repeat."
    ),
    "key_mismatch": _kind(
        409,
        "The key was used for another target",
        "Send a new key for a new request; repeat the old one unchanged.",
        at_shell="Give --once another value for a new request; repeat the old one unchanged.",
    ),
    "key_spent": _kind(
        409,
        "What the key made has ended",
        "To create the account anew, send a new key; to see what became of it, read the subscription.",
    ),
    "in_progress": _kind(
        409,
        "A request with this key is being answered",
        "Repeat the same request in a few seconds.",
        worth_repeating=True,
    ),
    "code_taken": _kind(409, "The code is taken", "Choose another code, or change what has it."),
    # What WHMCS sells in ways that cannot be provisioned
    "addon_unsupported": _kind(
        422, "Product add-ons are not supported", "Sell it as a product or as a configurable option."
    ),
    "quantity_unsupported": _kind(
        422, "A quantity above 1 is not supported", "Sell one service each, or use the option Connections."
    ),
    # Business refusals
    "plan_unknown": _kind(422, "Unknown plan", "Choose a plan of this reseller in the product."),
    "term_not_offered": _kind(
        422, "The plan does not offer this term", "Add the term to the plan or choose another billing cycle."
    ),
    "connections_not_sold": _kind(
        422,
        "The plan sells no extra connections",
        "Order the plan's own connections, or give the plan a price for extra ones.",
    ),
    "panel_change": _kind(
        409,
        "The plan is on another panel",
        "Choose a plan of the same panel; moving between panels is not supported.",
    ),
    "insufficient_credit": _kind(
        402, "Not enough credits", "Top up the reseller's wallet; then repeat.", worth_repeating=True
    ),
    "wallet_missing": _kind(404, "The reseller has no wallet", "Open a wallet for the reseller first."),
    "transfer_refused": _kind(422, "The transfer of credits is refused", "Correct what the message names."),
    "hold_resolved": _kind(409, "The hold is resolved already", "Look at what resolved it in the history."),
    "ledger_broken": _kind(
        409,
        "The books contradict themselves",
        "Nothing is booked until someone has run `panelbridge ledger verify`.",
    ),
    "service_unknown": _kind(404, "The service is not known", "Create the service first."),
    "costs_more": _kind(
        409,
        "It costs more than was promised",
        "Nothing was sent. Ask for it again at the new price.",
    ),
    "not_provisioned": _kind(409, "The service has no account", "Create the account first."),
    "illegal_move": _kind(409, "Not possible in this state", "See which states allow it in the message."),
    "stale": _kind(
        409, "A later operation has settled", "Nothing to do: look at the service's latest operation."
    ),
    "account_managed": _kind(
        409, "The account is another service's", "Name another account, or end the other subscription first."
    ),
    "username_taken": _kind(409, "The user name is taken", "Choose another name."),
    "password_rule": _kind(
        422, "The password breaks a rule of the panel", "Choose one that fits the rule named."
    ),
    "fact_missing": _kind(
        422, "The panel needs something of the order", "Complete the order, then run Create."
    ),
    "username_rule": _kind(422, "The user name breaks a rule of the panel", "Choose one that fits the rule."),
    "mac_rule": _kind(422, "The device MAC is not valid", "Write it as 00:1A:79:xx:xx:xx."),
    "sign_on_unsupported": _kind(422, "No single sign-on here", "Log in at the panel with the credentials."),
    "sign_on_unsafe": _kind(
        422,
        "The panel's login address is not trusted",
        "Give the panel's record the host name and https under which the panel gives out its logins.",
    ),
    "refused": _kind(422, "The panel refused", "See the panel's code and message."),
    "panel_unreachable": _kind(
        409,
        "The panel cannot be asked now",
        "Repeat later; check that the panel is up.",
        worth_repeating=True,
        end=End.UNREACHABLE,
    ),
    "attention": _kind(
        409,
        "Waiting for a decision",
        "Look at the operation under attention and choose what to do.",
        at_shell="See `panelbridge attention`: it lists the choices and what each of them means.",
        end=End.ATTENTION,
    ),
    "writes_off": _kind(
        409,
        "Panel writes are switched off",
        "An admin switches them on after reviewing the reconciliation.",
        worth_repeating=True,
    ),
    # The bridge itself
    "secret_unreadable": _kind(
        409,
        "A stored secret cannot be opened",
        "The operator puts the key file back that belongs to the database, or gives the secret anew: a reset "
        "for a password, `panelbridge panels set` for a panel.",
        worth_repeating=True,
    ),
    "storage_full": _kind(
        503, "The disk is full", "The operator makes room; then repeat.", end=End.CONFIGURATION
    ),
    "storage_failed": _kind(
        503,
        "The database cannot be used",
        "The operator looks at the disk and the log; then repeat.",
        end=End.CONFIGURATION,
    ),
    "storage_damaged": _kind(
        503,
        "The database is damaged",
        "The operator stops the bridge and restores the last good backup.",
        end=End.CONFIGURATION,
    ),
    "storage_unreachable": _kind(
        503,
        "The database server does not answer",
        "Repeat after the seconds of the Retry-After header.",
        at_shell="See whether the database server runs and can be reached, then repeat.",
        worth_repeating=True,
        end=End.UNREACHABLE,
    ),
    "storage_unanswered": _kind(
        503,
        "The database server went away in the last step",
        "Send the same request with the same key again: what was kept is found, and nothing is done twice.",
        at_shell="See whether it was done: the database server went away before it said so.",
        end=End.UNREACHABLE,
    ),
    "overloaded": _kind(
        503,
        "Too much at once",
        "Repeat after the seconds of the Retry-After header.",
        at_shell="Repeat in a moment.",
        worth_repeating=True,
        end=End.UNREACHABLE,
    ),
    "internal": _kind(
        500,
        "An error of the bridge",
        "Tell the operator the request id; the log has the cause. The same request may be repeated: "
        "what was begun is found, not begun again.",
        worth_repeating=True,
        end=End.BUG,
    ),
    # The command line's own
    "configuration": _kind(
        None,
        "The bridge is not set up",
        "Correct the configuration, the key file or the data folder.",
        end=End.CONFIGURATION,
    ),
    "usage": _kind(
        None,
        "The command line is wrong",
        "Run the command with --help: it shows the form. Nothing was done.",
        end=End.USAGE,
    ),
}


class Problem(Exception):
    """What failed, for whoever asked. ``message`` must be safe to show to staff."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str | None = None,
        advice: str | None = None,
        retry_safe: bool | None = None,
        retry_after: int | None = None,
        status: int | None = None,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind = KINDS[code]
        self.code = code
        self.message = message
        self.field = field
        self.status = status or kind.status or 500
        self.title = kind.title
        self.advice = advice or kind.advice
        self.retry_safe = kind.retry_safe if retry_safe is None else retry_safe
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)

    def body(self, request_id: str) -> dict[str, Any]:
        """The fields of the answer."""
        members: dict[str, Any] = {
            "type": f"urn:panelbridge:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.message,
            "code": self.code,
            "retry_safe": self.retry_safe,
            "advice": self.advice,
            "request_id": request_id,
        }
        if self.field is not None:
            members["field"] = self.field
        return members | self.extra
