"""The FreeRADIUS backend keeps every promise, with and without daloRADIUS beside the tables."""

from __future__ import annotations

from panelbridge.testing import conformance
from panelbridge.testing.conformance.suites import *  # noqa: F403 - every class of the suite

subject = conformance.subject_of("freeradius")
