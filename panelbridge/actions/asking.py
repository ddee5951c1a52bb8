"""A panel that is only asked: nothing is changed there, whatever it answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from panelbridge.actions.refused import Refused
from panelbridge.contract.exceptions import PanelError
from panelbridge.contract.models import Outcome


@contextmanager
def asking_only() -> Iterator[None]:
    """The panel's errors, as a refusal that is safe to repeat. Raises ``Refused``."""
    try:
        yield
    except PanelError as error:
        unclear = error.outcome is Outcome.UNKNOWN
        raise Refused(
            "panel_unreachable" if unclear or error.outcome is Outcome.RETRY_LATER else "refused",
            error.message,
            advice="It was only asked, nothing was changed. Look at the panel itself, then repeat."
            if unclear
            else error.advice,
        ) from None
