"""Errors as a shell shows them: the text for a person, the JSON for a program, and the exit code."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from panelbridge.cli.exits import Exit

if TYPE_CHECKING:
    from panelbridge.actions.faults import Fault

_LATER = "Repeat in a moment."
_ENDS: Mapping[str, Exit] = {
    "attention": Exit.ATTENTION,
    "panel_unreachable": Exit.UNREACHABLE,
    "overloaded": Exit.UNREACHABLE,
    "storage_busy": Exit.UNREACHABLE,
    "storage_full": Exit.CONFIGURATION,
    "storage_failed": Exit.CONFIGURATION,
    "storage_damaged": Exit.CONFIGURATION,
    "storage_unanswered": Exit.UNREACHABLE,
    "storage_unreachable": Exit.UNREACHABLE,
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
        "storage_unreachable",
        "writes_off",
    }
)
# What the catalogue advises an HTTP caller is said here as it is for a person at a shell.
_HERE: Mapping[str, str] = {
    "not_found": "Check the name or number.",
    "invalid_request": "Correct what is named and run the command again; --help shows the form.",
    "attention": "See `panelbridge attention`: it lists the choices and what each of them means.",
    "overloaded": _LATER,
    "storage_unreachable": "See whether the database server runs and can be reached, then repeat.",
    "storage_unanswered": "See whether it was done: the database server went away before it said so.",
    "key_mismatch": "Give --once another value for a new request; repeat the old one unchanged.",
}


_GROUP = re.compile(r"There is no (panel|plan|reseller|installation|key|operation|subscription) ")


def fault_at_shell(error: BaseException) -> Fault | None:
    """The fault that ``error`` is, with the advice for a shell; ``None`` for a bug."""
    from panelbridge.actions.faults import fault_of

    found = fault_of(error)
    return found and with_shell_advice(found)


def with_shell_advice(fault: Fault) -> Fault:
    """Where the advice is the catalogue's, which speaks to an HTTP caller, that for a shell."""
    from panelbridge.actions.problems import KINDS

    advice = fault.advice
    kind = KINDS.get(fault.code)
    if kind is not None and advice == kind.advice:
        advice = _HERE.get(fault.code, advice)
    group = _GROUP.match(fault.message)
    if fault.code == "not_found" and group:
        advice = f"See what there is: panelbridge {group[1]}s list"
    if fault.code == "storage_unanswered":  # a command without --once has another key each time
        return replace(fault, advice=advice, retry_safe=False)
    return replace(fault, advice=advice)


def exit_of(fault: Fault) -> Exit:
    """What the command ends with."""
    return _ENDS.get(fault.code, Exit.REFUSED)


def fault_text(fault: Fault) -> str:
    """For a person."""
    again = "" if fault.retry_safe else "Do not run it again before you have checked. "
    if fault.retry_safe and fault.code in _WORTH_REPEATING:
        again = "Safe to run again. "
    message = fault.message if fault.message.endswith((".", "!", "?")) else f"{fault.message}."
    first = message.partition(" ")[0]
    if first.isalpha():  # a setting's name stays as it is written
        message = f"{message[:1].upper()}{message[1:]}"
    return f"{message}\n{fault.advice}\n{again}[{fault.code}]\n"


def fault_json(fault: Fault) -> str:
    """For a program."""
    return json.dumps(
        {
            "code": fault.code,
            "message": fault.message,
            "advice": fault.advice,
            "retry_safe": fault.retry_safe,
            "exit": int(exit_of(fault)),
        }
    )
