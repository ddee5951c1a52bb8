"""Errors as a shell shows them: the text for a person, the JSON for a program, and the exit code."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from panelbridge.cli.exits import Exit

if TYPE_CHECKING:
    from panelbridge.actions.problems import Problem

_GROUP = re.compile(r"There is no (panel|plan|reseller|installation|key|operation|subscription) ")


def advice_at_shell(problem: Problem) -> str:
    """Its own advice; where that is the table's, which speaks to an HTTP caller, the one for a shell."""
    group = _GROUP.match(problem.message)
    if problem.code == "not_found" and group:
        return f"See what there is: panelbridge {group[1]}s list"
    return problem.kind.at_shell if problem.advice == problem.kind.advice else problem.advice


def exit_of(problem: Problem) -> Exit:
    """What the command ends with."""
    return Exit[problem.kind.end.name]


def problem_text(problem: Problem) -> str:
    """For a person."""
    again = "" if problem.retry_safe else "Do not run it again before you have checked. "
    if problem.retry_safe and problem.kind.worth_repeating:
        again = "Safe to run again. "
    message = problem.message if problem.message.endswith((".", "!", "?")) else f"{problem.message}."
    first = message.partition(" ")[0]
    if first.isalpha():  # a setting's name stays as it is written
        message = f"{message[:1].upper()}{message[1:]}"
    return f"{message}\n{advice_at_shell(problem)}\n{again}[{problem.code}]\n"


def problem_lines(problem: Problem) -> str:
    """For a person who looks at several things at once."""
    return f"{problem.message} [{problem.code}]\n{advice_at_shell(problem)}"


def problem_json(problem: Problem) -> str:
    """For a program."""
    return json.dumps(
        {
            "code": problem.code,
            "message": problem.message,
            "advice": advice_at_shell(problem),
            "retry_safe": problem.retry_safe,
            "exit": int(exit_of(problem)),
        }
    )
