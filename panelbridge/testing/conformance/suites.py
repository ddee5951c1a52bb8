"""Every class of the suite under a name that pytest collects, for a backend's test file::

    from panelbridge.testing import conformance
    from panelbridge.testing.conformance.suites import *  # noqa: F403 - every class of the suite

    subject = conformance.subject_of("acme")

A class that is added later comes by itself.
"""

from __future__ import annotations

from panelbridge.testing import conformance


class TestLifecycle(conformance.Lifecycle):
    """Every verb reaches its end state and moves nothing else."""


class TestSuspension(conformance.Suspension):
    """Off and on again, and a ban is kept."""


class TestEnded(conformance.Ended):
    """Expired and limited are told apart from suspended."""


class TestPackages(conformance.Packages):
    """What can be sold, and the change of it."""


class TestCredentialReset(conformance.CredentialReset):
    """The new credentials work, the old do not."""


class TestLookups(conformance.Lookups):
    """Found, absent, unknown; an outage is never absence."""


class TestPagination(conformance.Pagination):
    """Lists are whole, or an error."""


class TestErrors(conformance.Errors):
    """Failures are told apart."""


class TestRepeats(conformance.Repeats):
    """A repeat changes nothing."""


class TestFaults(conformance.Faults):
    """What is reported is never contradicted by the books."""


class TestRandomReplies(conformance.RandomReplies):
    """No reply makes the adapter lie."""


class TestLyingSuccess(conformance.LyingSuccess):
    """A success that changed nothing is not believed."""


class TestHostileValues(conformance.HostileValues):
    """Hostile text is data, or refused by name."""


class TestFence(conformance.Fence):
    """One call buys once."""


class TestCapabilityTruth(conformance.CapabilityTruth):
    """What is declared is true."""


class TestSecretScan(conformance.SecretScan):
    """Nothing that is reported holds a secret."""
