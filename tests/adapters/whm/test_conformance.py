"""The WHM backend keeps every promise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from panelbridge.capabilities import Verb
from panelbridge.testing import conformance


@pytest.fixture(scope="module", params=conformance.setups("whm"))
def subject(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[conformance.PanelUnderTest]:
    folder = tmp_path_factory.mktemp(request.param)
    with conformance.panel_under_test("whm", folder, setup=request.param) as panel:
        yield panel


class TestLifecycle(conformance.Lifecycle):
    pass


class TestSuspension(conformance.Suspension):
    pass


class TestPackages(conformance.Packages):
    pass


class TestCredentialReset(conformance.CredentialReset):
    pass


class TestLookups(conformance.Lookups):
    pass


class TestErrors(conformance.Errors):
    pass


class TestRepeats(conformance.Repeats):
    pass


class TestFaults(conformance.Faults):
    pass


class TestFence(conformance.Fence):
    pass


class TestSecretScan(conformance.SecretScan):
    pass


class TestCapabilityTruth(conformance.CapabilityTruth):
    pass


class TestHostileValues(conformance.HostileValues):
    pass


class _NotWhatNobodyCanRead:
    @pytest.fixture(autouse=True)
    def _not_the_reset(self, request: pytest.FixtureRequest) -> None:
        """WHM shows no password and has no way to try one, so a lie about it cannot be found out."""
        if request.node.callspec.params.get("verb") is Verb.RESET_CREDENTIALS:
            pytest.skip("whm: whether passwd did what it says can neither be read nor tried")


class TestLyingSuccess(_NotWhatNobodyCanRead, conformance.LyingSuccess):
    pass


class TestPagination(conformance.Pagination):
    pass


class TestRandomReplies(_NotWhatNobodyCanRead, conformance.RandomReplies):
    pass
