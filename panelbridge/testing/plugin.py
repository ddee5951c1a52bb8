"""pytest plugin: ``pytest_plugins = ("panelbridge.testing.plugin",)`` in a conftest.

No entry point: pytest would import the library before coverage starts.
"""

from __future__ import annotations

import pytest

# Before its first import, or a failing assertion of the suite would show no values.
pytest.register_assert_rewrite("panelbridge.testing.conformance")
