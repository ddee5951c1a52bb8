"""The conformance suite: what every backend promises, proved against its practice panel.

A backend's test file is one fixture named ``subject`` and all of ``suites``. What a backend does not declare
is skipped, with the capability that says so as the reason.
"""

from __future__ import annotations

from panelbridge.testing.conformance.ended import Ended
from panelbridge.testing.conformance.errors import Errors, SecretScan
from panelbridge.testing.conformance.faults import Faults, Repeats
from panelbridge.testing.conformance.fence import Fence
from panelbridge.testing.conformance.hostile import HostileValues
from panelbridge.testing.conformance.lifecycle import CredentialReset, Lifecycle, Packages, Suspension
from panelbridge.testing.conformance.lookup import Lookups
from panelbridge.testing.conformance.lying import LyingSuccess
from panelbridge.testing.conformance.pagination import Pagination
from panelbridge.testing.conformance.replies import RandomReplies
from panelbridge.testing.conformance.subject import (
    PanelUnderTest,
    panel_under_test,
    setups,
    subject_of,
)
from panelbridge.testing.conformance.truth import CapabilityTruth

__all__ = [
    "CapabilityTruth",
    "CredentialReset",
    "Ended",
    "Errors",
    "Faults",
    "Fence",
    "HostileValues",
    "Lifecycle",
    "Lookups",
    "LyingSuccess",
    "Packages",
    "Pagination",
    "PanelUnderTest",
    "RandomReplies",
    "Repeats",
    "SecretScan",
    "Suspension",
    "panel_under_test",
    "setups",
    "subject_of",
]
