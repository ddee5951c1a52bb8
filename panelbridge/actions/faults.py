"""Errors in the house form: what failed and why, what to do, whether it may be done again."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from panelbridge.actions.problems import Problem
from panelbridge.actions.refusals import KNOWN, problem_of
from panelbridge.actions.refused import Refused
from panelbridge.contract.exceptions import AdapterLoadError, SettingsInvalid
from panelbridge.service.address import AddressUnusable
from panelbridge.service.books import BooksLost
from panelbridge.service.config import ConfigInvalid
from panelbridge.service.data_folder import DataFolderTaken
from panelbridge.storage.exceptions import KeyFileError, VaultError

_PLACES = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EROFS, errno.ENAMETOOLONG}
)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One error, ready to be shown."""

    code: str
    message: str
    advice: str
    retry_safe: bool


def fault_of(error: BaseException) -> Fault | None:
    """The fault that ``error`` is; ``None`` for a bug."""
    if isinstance(error, Refused):
        return Fault(code=error.code, message=error.message, advice=error.advice, retry_safe=error.retry_safe)
    return _of_configuration(error) or _of_what_was_named(error) or _of_the_product(error)


def _of_configuration(error: BaseException) -> Fault | None:
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
    return Fault(code="configuration", message=str(error), advice=advice, retry_safe=True)


def _config_advice(message: str) -> str:
    if "data_folder" in message:
        return "Name the folder: --data FOLDER, --config FILE, or the variable PANELBRIDGE_DATA_FOLDER."
    return "Correct the file or the variables named; nothing was started."


def _of_what_was_named(error: BaseException) -> Fault | None:
    """A number or a place that there cannot be."""
    if isinstance(error, OverflowError):
        return Fault(
            code="not_found",
            message="No such number: it is larger than any in use",
            advice="Check the number.",
            retry_safe=True,
        )
    if isinstance(error, OSError) and error.filename is not None and error.errno in _PLACES:
        return Fault(
            code="invalid_request",
            message=f"{error.filename} cannot be used: {error.strerror}",
            advice="Name a place in a folder that is there and that you may write to.",
            retry_safe=True,
        )
    return None


def _of_the_product(error: BaseException) -> Fault | None:
    if isinstance(error, (AdapterLoadError, SettingsInvalid)):
        return Fault(
            code="invalid_request",
            message=str(error),
            advice="See `panelbridge adapters` for what is installed, and the panel's settings.",
            retry_safe=True,
        )
    if isinstance(error, KNOWN):
        error = problem_of(error)  # type: ignore[arg-type]  # a member of that union
    if isinstance(error, Problem):
        return Fault(code=error.code, message=error.detail, advice=error.advice, retry_safe=error.retry_safe)
    return None
