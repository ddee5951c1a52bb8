"""Where a fork tells less (no number, no output formats, no key), what rests on that still holds."""

from __future__ import annotations

from panelbridge.testing import conformance

subject = conformance.subject_of("xtream", ["tells-less"])


class TestLifecycle(conformance.Lifecycle):
    pass


class TestCredentialReset(conformance.CredentialReset):
    pass


class TestLookups(conformance.Lookups):
    pass


class TestRepeats(conformance.Repeats):
    pass
