"""What a user can do, one file per noun: no HTTP, no terminal."""

from __future__ import annotations
