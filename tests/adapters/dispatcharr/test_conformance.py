"""The Dispatcharr backend keeps every promise; signing in by a token is shown by the traps."""

from __future__ import annotations

from panelbridge.testing import conformance
from panelbridge.testing.conformance.suites import *  # noqa: F403 - every class of the suite

subject = conformance.subject_of("dispatcharr")
