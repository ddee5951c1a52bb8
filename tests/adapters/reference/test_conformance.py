"""The reference backend keeps every promise, in both of its dialects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from panelbridge import Term
from panelbridge.testing import conformance


@pytest.fixture(scope="module", params=["set", "add"])
def subject(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[conformance.PanelUnderTest]:
    options = {"extend": request.param, "page": "3"}
    with conformance.panel_under_test(
        "reference",
        tmp_path_factory.mktemp(request.param),
        practice_options=options,
        package="basic-1m",
        other_package="family-1m",
        term=Term(months=1),
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
