"""The XUI backend keeps every promise: both dialects, with and without what helps its look-ups."""

from __future__ import annotations

from panelbridge.testing import conformance
from panelbridge.testing.conformance.suites import *  # noqa: F403 - every class of the suite

subject = conformance.subject_of("xui")
