"""The pterodactyl backend."""

from __future__ import annotations
