"""Tables and stores of resellers, installations, panels, plans and subscriptions."""

from __future__ import annotations
