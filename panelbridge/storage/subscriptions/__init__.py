"""Tables and stores of resellers, installations, panels, plans and subscriptions: one store of each noun."""

from __future__ import annotations
