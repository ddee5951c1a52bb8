"""The XUI backend keeps every promise: both dialects, with and without what helps its look-ups."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from panelbridge import Term
from panelbridge.testing import conformance

SETUPS = {
    "reseller": {"dialect": "reseller", "credits": "5000"},
    "reseller-admin-lookup": {"dialect": "reseller", "credits": "5000", "admin_lookup": "on"},
    "reseller-list-works": {"dialect": "reseller", "credits": "5000", "reseller_list": "works"},
    "admin": {"dialect": "admin"},
}


@pytest.fixture(scope="module", params=list(SETUPS))
def subject(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[conformance.PanelUnderTest]:
    with conformance.panel_under_test(
        "xui",
        tmp_path_factory.mktemp("xui"),
        practice_options=SETUPS[request.param],
        package="1",
        other_package="20",
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
