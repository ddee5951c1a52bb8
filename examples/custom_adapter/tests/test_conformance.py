"""The ACME backend keeps every promise."""

from __future__ import annotations

from panelbridge.testing import conformance
from panelbridge.testing.conformance.suites import *  # noqa: F403 - every class of the suite

subject = conformance.subject_of("acme")
