"""Stalker keeps every promise: with internal billing, in a zone with summer time, and without it."""

from __future__ import annotations

from panelbridge.testing import conformance
from panelbridge.testing.conformance.suites import *  # noqa: F403 - every class of the suite

subject = conformance.subject_of("stalker")
