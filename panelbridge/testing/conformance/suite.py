"""What every class of the suite shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from panelbridge.testing.conformance.subject import PanelUnderTest


class Suite:
    """Leaves the practice panel without faults, whatever a test did."""

    @pytest.fixture(autouse=True)
    def _unharmed(self, subject: PanelUnderTest) -> Iterator[None]:
        yield
        subject.control.clear_faults()
