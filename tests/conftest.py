"""Fixtures and plugins of the whole suite."""

from __future__ import annotations

import os

pytest_plugins = (
    "panelbridge.testing.plugin",
    "tests.support.matrix_report",
    "tests.support.operator_work",
)

# The product refuses variables of its own name that it does not know.
if (wanted := os.environ.pop("PANELBRIDGE_TEST_DATABASE", None)) is not None:
    os.environ["TEST_DATABASE"] = wanted
