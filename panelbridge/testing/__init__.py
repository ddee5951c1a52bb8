"""What proves a backend: practice panels, the conformance suite, a clock that stands still."""

from __future__ import annotations
