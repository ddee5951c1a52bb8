"""The Dispatcharr backend keeps every promise; see ``test_token`` for the other way to sign in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from panelbridge import Term
from panelbridge.testing import conformance


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Iterator[conformance.PanelUnderTest]:
    with conformance.panel_under_test(
        "dispatcharr",
        tmp_path_factory.mktemp("dispatcharr"),
        reads={"find": "list_accounts"},
        package="1",
        other_package="2",
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
