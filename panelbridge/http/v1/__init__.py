"""The /v1 resources: one file each."""

from __future__ import annotations
