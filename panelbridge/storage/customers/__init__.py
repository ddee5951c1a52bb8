"""Tables and stores of customers, of what hangs on them, and of the timeline."""

from __future__ import annotations
