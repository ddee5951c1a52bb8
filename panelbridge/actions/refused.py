"""An action refused before anything was asked of books or panel."""

from __future__ import annotations

from panelbridge.actions.problems import Problem


class Refused(Problem):
    """As any other problem of the table; the advice speaks to a person at a shell."""
