"""The pterodactyl backend: game servers and their users, over the application API."""

from __future__ import annotations

from panelbridge_pterodactyl.adapter import PterodactylAdapter
from panelbridge_pterodactyl.settings import PterodactylSettings, ServerPackage

__all__ = ["PterodactylAdapter", "PterodactylSettings", "ServerPackage"]
