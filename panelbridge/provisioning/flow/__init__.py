"""The one flow of every operation: intend, claim, act, settle, recover; and what a person decides."""

from __future__ import annotations
