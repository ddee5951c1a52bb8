"""One file per verb: how it is admitted, sent, recognised and written down."""

from __future__ import annotations

from panelbridge.provisioning.rules import Admission, Reading, VerbRules
from panelbridge.provisioning.verbs.table import RULES

__all__ = ["RULES", "Admission", "Reading", "VerbRules"]
