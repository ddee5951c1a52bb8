"""Fixtures and plugins of the whole suite."""

from __future__ import annotations

pytest_plugins = ("panelbridge.testing.plugin", "tests.support.matrix_report")
