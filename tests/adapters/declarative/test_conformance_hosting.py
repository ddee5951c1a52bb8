"""The descriptions of hosting and mailboxes keep every promise."""

from __future__ import annotations

from panelbridge.testing import conformance
from panelbridge.testing.conformance.suites import *  # noqa: F403 - every class of the suite
from tests.adapters.declarative.shares import HOSTING

subject = conformance.subject_of("declarative", HOSTING)
