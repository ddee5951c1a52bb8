"""The words an option may be, spelled out: --help shows them without loading the rooms they are from.

``tests/cli/test_start.py`` holds each against the enumeration that has them.
"""

from __future__ import annotations

from typing import Literal

ModeName = Literal["live", "test"]
SCOPES = ("read", "provision", "credits", "panel_login", "admin")  # typer takes no list of a Literal
StateName = Literal["pending", "refused", "active", "suspended", "terminated"]
ReasonName = Literal["overdue", "manual", "abuse", "fraud", "chargeback", "expired"]
ContactName = Literal["email", "phone", "telegram", "whatsapp"]
KindName = Literal["hold", "post", "void", "charge", "top_up", "adjustment", "correction", "transfer"]
