"""The jellyfin backend: users of a Jellyfin or an Emby server."""

from __future__ import annotations

from panelbridge_jellyfin.adapter import JellyfinAdapter
from panelbridge_jellyfin.settings import Dialect, FolderPackage, JellyfinSettings

__all__ = ["Dialect", "FolderPackage", "JellyfinAdapter", "JellyfinSettings"]
