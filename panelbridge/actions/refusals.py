"""What each room raises, as the one kind of error that a caller meets; ``problems`` has the table.

What the library calls a refusal is a 4xx there.
"""

from __future__ import annotations

import errno

from panelbridge.actions.problems import KINDS, Problem
from panelbridge.actions.wording import sentence
from panelbridge.contract.exceptions import (
    AdapterLoadError,
    AuthenticationFailed,
    Conflict,
    PanelError,
    PanelUnreachable,
    RateLimited,
    SettingsInvalid,
)
from panelbridge.contract.models import Outcome
from panelbridge.contract.secret import SecretUnreadable
from panelbridge.customers import CustomerRefused
from panelbridge.ledger import LedgerError
from panelbridge.lifecycle import IllegalMove
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.service.address import AddressUnusable
from panelbridge.service.books import BooksLost
from panelbridge.service.config import ConfigInvalid
from panelbridge.service.data_folder import DataFolderTaken
from panelbridge.storage import StorageBusy
from panelbridge.storage.exceptions import (
    KeyFileError,
    StorageFailed,
    StorageUnanswered,
    StorageUnreachable,
    VaultError,
)

Known = (
    Refusal
    | CustomerRefused
    | PanelError
    | LedgerError
    | IllegalMove
    | StorageBusy
    | StorageFailed
    | SecretUnreadable
)
KNOWN: tuple[type[Exception], ...] = (
    Refusal,
    CustomerRefused,
    PanelError,
    LedgerError,
    IllegalMove,
    StorageBusy,
    SecretUnreadable,
    StorageFailed,
)
SOON = 2  # seconds
_PLACES = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EROFS, errno.ENAMETOOLONG}
)


def find_problem(error: BaseException) -> Problem | None:
    """The problem that ``error`` is, whatever raised it; ``None`` for a bug."""
    if isinstance(error, Problem):
        return error
    return _of_configuration(error) or _of_what_was_named(error) or _of_the_product(error)


def problem_of(error: Known) -> Problem:
    """The problem that says what ``error`` says."""
    match error:
        case SecretUnreadable():
            return Problem("secret_unreadable", f"{error}.")
        case IllegalMove():
            return Problem("illegal_move", sentence(str(error)))
        case Refusal() | CustomerRefused():
            return _of_refusal(error)
        case PanelError():
            return _of_panel_error(error)
        case StorageBusy() | StorageUnreachable() | StorageUnanswered():
            return _of_storage_away(error)
        case _:
            return _of_failure(error)


def _of_storage_away(error: StorageBusy | StorageUnreachable | StorageUnanswered) -> Problem:
    """Soon it may be back. Told to shops too: where the server is, is the operator's to know."""
    match error:
        case StorageBusy():
            code, message = "overloaded", "The database was held by others for too long."
        case StorageUnreachable():
            code, message = error.code, "The database server does not answer; nothing was changed."
        case _:
            code, message = error.code, sentence(str(error))
    return Problem(code, message, retry_after=SOON)


def _of_failure(error: LedgerError | StorageFailed) -> Problem:
    """Of ledger or storage. What the ledger refuses without a code of its own is a transfer."""
    code = error.code if error.code in KINDS else "transfer_refused"
    return Problem(code, sentence(error.message), advice=error.advice, retry_safe=error.retry_safe)


def _of_refusal(error: Refusal | CustomerRefused) -> Problem:
    if isinstance(error, CustomerRefused):
        return Problem(error.code, sentence(error.message), advice=error.advice, field=error.field)
    extra = {} if error.customer is None else {"customer": error.customer}
    if error.code in KINDS:
        return Problem(error.code, error.message, advice=error.advice, field=error.field, extra=extra)
    extra["panel_code"] = error.code
    return Problem("refused", error.message, advice=error.advice, field=error.field, extra=extra)


def _of_panel_error(error: PanelError) -> Problem:
    if isinstance(error, (PanelUnreachable, RateLimited)) or error.outcome is Outcome.UNKNOWN:
        code = "panel_unreachable"
    else:
        code = "refused"
    retry_after = int(error.retry_after) + 1 if error.retry_after is not None else None
    return Problem(
        code,
        error.message,
        advice=error.advice,
        field=error.field,
        status=409 if isinstance(error, (AuthenticationFailed, Conflict)) else None,
        retry_safe=error.retry_safe,
        retry_after=retry_after,
        extra={"panel_code": error.code},
    )


def _of_configuration(error: BaseException) -> Problem | None:
    """What the operator set, or the folder it names."""
    match error:
        case ConfigInvalid():
            advice = _config_advice(str(error))
        case BooksLost():
            advice = "Is it the right folder? Name another with --data or --config."
        case DataFolderTaken():
            advice = "Nothing was changed."
        case AddressUnusable():
            advice = "Stop what listens there, or set another `host` or `port`."
        case KeyFileError():
            advice = (
                "If there are books already, put the key file back from its own backup: another one cannot "
                "open them. `panelbridge init` makes one for a new set-up only."
            )
        case VaultError():
            advice = "The key file does not belong to this database: put back the one that does."
        case _:
            return None
    return Problem("configuration", str(error), advice=advice)


def _config_advice(message: str) -> str:
    if "data_folder" in message:
        return "Name the folder: --data FOLDER, --config FILE, or the variable PANELBRIDGE_DATA_FOLDER."
    return "Correct the file or the variables named; nothing was started."


def _of_what_was_named(error: BaseException) -> Problem | None:
    """A number or a place that there cannot be."""
    if isinstance(error, OverflowError):
        return Problem(
            "not_found", "No such number: it is larger than any in use", advice="Check the number."
        )
    if isinstance(error, OSError) and error.filename is not None and error.errno in _PLACES:
        return Problem(
            "invalid_request",
            f"{error.filename} cannot be used: {error.strerror}",
            advice="Name a place in a folder that is there and that you may write to.",
        )
    return None


def _of_the_product(error: BaseException) -> Problem | None:
    if isinstance(error, (AdapterLoadError, SettingsInvalid)):
        advice = "See `panelbridge adapters` for what is installed, and the panel's settings."
        return Problem("invalid_request", str(error), advice=advice)
    if isinstance(error, StorageUnreachable):  # here the operator asks: what is told names the server
        return Problem(error.code, sentence(str(error)), retry_after=SOON)
    return problem_of(error) if isinstance(error, KNOWN) else None  # type: ignore[arg-type]  # of that union
