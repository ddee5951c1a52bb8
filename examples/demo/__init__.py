"""The demonstration behind `make run`."""

from __future__ import annotations
