"""The conformance suite: what every backend promises, proved against its practice panel.

A backend's test file is one fixture named ``subject`` and a subclass of each class here. What a backend does
not declare is skipped, with the capability that says so as the reason.
"""

from __future__ import annotations

from panelbridge.testing.conformance.errors import Errors, SecretScan
from panelbridge.testing.conformance.faults import Faults, Repeats
from panelbridge.testing.conformance.fence import Fence
from panelbridge.testing.conformance.lifecycle import CredentialReset, Lifecycle, Packages, Suspension
from panelbridge.testing.conformance.lookup import Lookups
from panelbridge.testing.conformance.subject import PanelUnderTest, panel_under_test

__all__ = [
    "CredentialReset",
    "Errors",
    "Faults",
    "Fence",
    "Lifecycle",
    "Lookups",
    "Packages",
    "PanelUnderTest",
    "Repeats",
    "SecretScan",
    "Suspension",
    "panel_under_test",
]
