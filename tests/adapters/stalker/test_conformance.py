"""Stalker keeps every promise: with internal billing, in a zone with summer time, and without it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from panelbridge import Term
from panelbridge.testing import conformance


@pytest.fixture(scope="module", params=["on", "off"])
def subject(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[conformance.PanelUnderTest]:
    with conformance.panel_under_test(
        "stalker",
        tmp_path_factory.mktemp("stalker"),
        practice_options={"billing": request.param, "time_zone": "Europe/Berlin"},
        package="basic",
        other_package="family",
        term=Term(months=1),
        reads={"find": "get"},
    ) as panel:
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
