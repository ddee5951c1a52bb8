"""Tables and store of the daily samples of use."""

from __future__ import annotations
