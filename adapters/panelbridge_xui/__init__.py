"""XC_VM and XUI-style panels as a panelbridge backend."""

from __future__ import annotations

from panelbridge_xui.adapter import XuiAdapter
from panelbridge_xui.errors import ExistsIdUnknown, PanelRefused
from panelbridge_xui.settings import Dialect, XuiSettings

__all__ = ["Dialect", "ExistsIdUnknown", "PanelRefused", "XuiAdapter", "XuiSettings"]
