"""What the command ends with. A script may rely on these; they never change their meaning."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0  # done, or nothing was left to do
    REFUSED = 1  # asked for, and not done; nothing changed, and the message says why
    USAGE = 2  # the command line itself is wrong, or a question could not be asked and --yes is missing
    NOT_INSTALLED = 3  # the service's packages are missing
    CONFIGURATION = 4  # configuration, key file or data folder cannot be used
    PENDING = 5  # accepted and under way: `serve` goes on with it by itself
    ATTENTION = 6  # it waits for a decision by a person: `panelbridge attention`
    UNREACHABLE = 7  # the panel cannot be asked or the database is busy: repeat later
    FAULTS = 8  # doctor, ledger verify, panels test: looked, and found something wrong
    BUG = 70  # an error of panelbridge itself
    INTERRUPTED = 130  # Ctrl-C
