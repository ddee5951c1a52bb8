"""Every shipped description keeps every promise, against the practice panel of what it describes.

Those that ``shares`` names have files of their own beside this one.
"""

from __future__ import annotations

from panelbridge.testing import conformance
from panelbridge.testing.conformance.suites import *  # noqa: F403 - every class of the suite
from tests.adapters.declarative.shares import CHAT, HOSTING

subject = conformance.subject_of(
    "declarative", [name for name in conformance.setups("declarative") if name not in HOSTING + CHAT]
)
