"""The adapter contract: what a backend implements, and what its callers may rely on."""

from __future__ import annotations
