"""Secrets at rest: the keys, the key file, and sealing anew with another key."""

from __future__ import annotations
