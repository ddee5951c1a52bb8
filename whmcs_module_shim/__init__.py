"""The service: HTTP for WHMCS and others, the command line, and the WHMCS module it ships."""

from __future__ import annotations
