"""Every shipped description keeps every promise, against the practice panel of what it describes."""

from __future__ import annotations

from panelbridge.testing import conformance
from panelbridge.testing.conformance.suites import *  # noqa: F403 - every class of the suite

subject = conformance.subject_of("declarative")
