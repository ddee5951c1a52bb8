"""The WHM backend keeps every promise that WHM lets anybody check."""

from __future__ import annotations

import pytest

from panelbridge.capabilities import Verb
from panelbridge.testing import conformance
from panelbridge.testing.conformance.suites import *  # noqa: F403 - every class of the suite

subject = conformance.subject_of("whm")


class _NotWhatNobodyCanRead:
    @pytest.fixture(autouse=True)
    def _not_the_reset(self, request: pytest.FixtureRequest) -> None:
        """WHM shows no password and has no way to try one, so a lie about it cannot be found out."""
        if request.node.callspec.params.get("verb") is Verb.RESET_CREDENTIALS:
            pytest.skip("whm: whether passwd did what it says can neither be read nor tried")


class TestLyingSuccess(_NotWhatNobodyCanRead, conformance.LyingSuccess):
    pass


class TestRandomReplies(_NotWhatNobodyCanRead, conformance.RandomReplies):
    pass
