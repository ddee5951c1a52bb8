"""The Tvheadend backend keeps every promise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from panelbridge import Term
from panelbridge.testing import conformance
from panelbridge_tvheadend.practice import TAGS


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Iterator[conformance.PanelUnderTest]:
    package, other, *_ = TAGS
    with conformance.panel_under_test(
        "tvheadend",
        tmp_path_factory.mktemp("tvheadend"),
        settings={"page_rows": 3, "total_timeout": 5.0},  # less than a Retry-After of 7 s: not waited for
        reads={"get": "find"},
        package=package,
        other_package=other,
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
