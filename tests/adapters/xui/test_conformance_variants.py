"""With what helps its look-ups, and for devices: the classes in which that makes a difference.

What is left out (wrong credentials, secrets, hostile and random replies of one wire) is the same for all.
"""

from __future__ import annotations

from panelbridge.testing import conformance

subject = conformance.subject_of(
    "xui", ["reseller-admin-lookup", "reseller-list-works", "reseller-mag", "admin-enigma"]
)


class TestLifecycle(conformance.Lifecycle):
    pass


class TestSuspension(conformance.Suspension):
    pass


class TestPackages(conformance.Packages):
    pass


class TestLookups(conformance.Lookups):
    pass


class TestRepeats(conformance.Repeats):
    pass


class TestFaults(conformance.Faults):
    pass


class TestFence(conformance.Fence):
    pass


class TestLyingSuccess(conformance.LyingSuccess):
    pass


class TestPagination(conformance.Pagination):
    pass


class TestCapabilityTruth(conformance.CapabilityTruth):
    pass
