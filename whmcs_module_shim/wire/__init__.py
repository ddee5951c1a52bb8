"""What PHP puts on the wire."""

from __future__ import annotations
