"""A backend for ACME panels, as a third party ships it."""

from __future__ import annotations

from panelbridge_acme.adapter import AcmeAdapter as AcmeAdapter
