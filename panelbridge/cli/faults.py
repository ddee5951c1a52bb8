"""Errors in the house form: what failed and why, what to do, whether repeating is safe; and the exit code."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from panelbridge.actions.refused import Refused
from panelbridge.cli.exits import Exit

_LATER = "Repeat in a moment."
_ENDS: Mapping[str, Exit] = {
    "attention": Exit.ATTENTION,
    "panel_unreachable": Exit.UNREACHABLE,
    "overloaded": Exit.UNREACHABLE,
    "storage_busy": Exit.UNREACHABLE,
    "storage_full": Exit.CONFIGURATION,
    "storage_failed": Exit.CONFIGURATION,
    "storage_damaged": Exit.CONFIGURATION,
    "configuration": Exit.CONFIGURATION,
    "internal": Exit.BUG,
    "faults": Exit.FAULTS,
    "usage": Exit.USAGE,
}
# What passes by itself, or by what others do meanwhile: a wrong option is wrong again.
_WORTH_REPEATING = frozenset(
    {
        "in_progress",
        "insufficient_credit",
        "internal",
        "overloaded",
        "panel_unreachable",
        "secret_unreadable",
        "storage_busy",
        "writes_off",
    }
)
# What the catalogue advises an HTTP caller is said here as it is for a person at a shell.
_HERE: Mapping[str, str] = {
    "not_found": "Check the name or number.",
    "invalid_request": "Correct what is named and run the command again; --help shows the form.",
    "attention": "See `panelbridge attention`: it names the ways out and what each of them means.",
    "overloaded": _LATER,
    "key_mismatch": "Give --once another value for a new request; repeat the old one unchanged.",
}


_GROUP = re.compile(r"There is no (panel|plan|reseller|installation|key|operation|subscription) ")


_PLACES = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EROFS, errno.ENAMETOOLONG}
)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One error, ready to be told."""

    code: str
    message: str
    advice: str
    retry_safe: bool

    @property
    def exit(self) -> Exit:
        return _ENDS.get(self.code, Exit.REFUSED)

    def text(self) -> str:
        """For a person."""
        again = "" if self.retry_safe else "Do not repeat it before you looked. "
        if self.retry_safe and self.code in _WORTH_REPEATING:
            again = "Repeating is safe. "
        message = self.message if self.message.endswith((".", "!", "?")) else f"{self.message}."
        first = message.partition(" ")[0]
        if first.isalpha():  # a setting's name stays as it is written
            message = f"{message[:1].upper()}{message[1:]}"
        return f"{message}\n{self.advice}\n{again}[{self.code}]\n"

    def as_json(self) -> str:
        """For a program."""
        return json.dumps(
            {
                "code": self.code,
                "message": self.message,
                "advice": self.advice,
                "retry_safe": self.retry_safe,
                "exit": int(self.exit),
            }
        )


def fault_of(error: BaseException) -> Fault | None:
    """The fault that ``error`` is; ``None`` for a bug."""
    from panelbridge.service.address import AddressUnusable
    from panelbridge.service.books import BooksLost
    from panelbridge.service.config import ConfigInvalid
    from panelbridge.service.data_folder import DataFolderTaken

    if isinstance(error, Refused):
        return Fault(code=error.code, message=error.message, advice=error.advice, retry_safe=error.retry_safe)
    if isinstance(error, ConfigInvalid):
        return _configuration(str(error), _config_advice(str(error)))
    if isinstance(error, BooksLost):
        return _configuration(str(error), "Is it the right folder? Name another with --data or --config.")
    if isinstance(error, DataFolderTaken):
        return _configuration(str(error), "Nothing was changed.")
    if isinstance(error, AddressUnusable):
        return _configuration(str(error), "Stop what listens there, or set another `host` or `port`.")
    return _of_what_was_named(error) or _of_the_product(error)


def _of_what_was_named(error: BaseException) -> Fault | None:
    """A number or a place on the command line that there cannot be."""
    if isinstance(error, OverflowError):
        return Fault(
            code="not_found",
            message="There is nothing of that number: it is larger than any that is given out",
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
    from panelbridge.actions.problems import KINDS, Problem
    from panelbridge.actions.refusals import KNOWN, problem_of
    from panelbridge.contract.exceptions import AdapterLoadError, SettingsInvalid
    from panelbridge.storage.exceptions import KeyFileError, VaultError

    if isinstance(error, KeyFileError):
        return _configuration(
            str(error),
            "If there are books already, put the key file back from its own backup: another one cannot open "
            "them. `panelbridge init` makes one for a new set-up only.",
        )
    if isinstance(error, VaultError):
        return _configuration(
            str(error), "The key file does not belong to this database: put back the one that does."
        )
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
        own = error.advice != KINDS[error.code].advice
        advice = error.advice if own else _HERE.get(error.code, error.advice)
        group = _GROUP.match(error.detail)
        if error.code == "not_found" and group:
            advice = f"See what there is: panelbridge {group[1]}s list"
        return Fault(code=error.code, message=error.detail, advice=advice, retry_safe=error.retry_safe)
    return None


def _configuration(message: str, advice: str) -> Fault:
    return Fault(code="configuration", message=message, advice=advice, retry_safe=True)


def _config_advice(message: str) -> str:
    if "data_folder" in message:
        return "Name the folder: --data FOLDER, --config FILE, or the variable PANELBRIDGE_DATA_FOLDER."
    return "Correct the file or the variables named; nothing was started."
