"""One row of a panel's true reply, spoiled: what a broken or hostile row looks like on the wire."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from panelbridge.testing.practice import PracticeControl


def respoken(
    control: PracticeControl, operation: str, change: Callable[[Any], Any], *, times: int | None = None
) -> None:
    """From now on ``operation`` is answered with what it was last answered, after ``change`` of its JSON."""
    true = control.true_reply(operation)
    assert true is not None, f"{operation} was never answered"
    content = json.loads(true.body)
    change(content)
    body = json.dumps(content).encode()
    control.set_reply(operation, body=body, content_type=true.content_type, times=times)
