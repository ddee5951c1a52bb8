"""Stalker keeps every promise: with internal billing, in a zone with summer time, and without it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from panelbridge.testing import conformance


@pytest.fixture(scope="module", params=conformance.setups("stalker"))
def subject(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[conformance.PanelUnderTest]:
    folder = tmp_path_factory.mktemp("stalker")
    with conformance.panel_under_test("stalker", folder, setup=request.param) as panel:
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


class TestPagination(conformance.Pagination):
    pass


class TestErrors(conformance.Errors):
    pass


class TestRepeats(conformance.Repeats):
    pass


class TestFaults(conformance.Faults):
    pass


class TestFence(conformance.Fence):
    pass


class TestLyingSuccess(conformance.LyingSuccess):
    pass


class TestHostileValues(conformance.HostileValues):
    pass


class TestRandomReplies(conformance.RandomReplies):
    pass


class TestCapabilityTruth(conformance.CapabilityTruth):
    pass


class TestSecretScan(conformance.SecretScan):
    pass
