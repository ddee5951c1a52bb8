"""The xtream backend keeps every promise, for lines and for MAG devices."""

from __future__ import annotations

from panelbridge.testing import conformance
from panelbridge.testing.conformance.suites import *  # noqa: F403 - every class of the suite

subject = conformance.subject_of("xtream", ["key", "mag"])
