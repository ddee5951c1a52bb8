"""The pterodactyl backend keeps every promise, in each of its set-ups."""

from __future__ import annotations

from panelbridge.testing import conformance
from panelbridge.testing.conformance.suites import *  # noqa: F403 - every class of the suite

subject = conformance.subject_of("pterodactyl")
