"""When an error comes decides what it means: the same failure before a write, after it, between two."""

from __future__ import annotations

import pytest

from panelbridge.contract.doubt import Writes, already_sent, nothing_sent
from panelbridge.contract.exceptions import Conflict, OutcomeUnknown, PanelError, RateLimited
from panelbridge.contract.models import Outcome


def refuse() -> None:
    raise Conflict("the name is taken")


def test_an_unknown_read_before_a_write_may_be_repeated() -> None:
    with pytest.raises(OutcomeUnknown) as caught, nothing_sent():
        raise OutcomeUnknown("the panel answered 502")

    assert (caught.value.outcome, caught.value.retry_safe) == (Outcome.RETRY_LATER, True)


def test_a_refusal_before_a_write_stays_one() -> None:
    with pytest.raises(Conflict) as caught, nothing_sent():
        refuse()

    assert caught.value.outcome is Outcome.REFUSED


@pytest.mark.parametrize("error", [Conflict("gone"), RateLimited("slower", retry_after=3)])
def test_after_a_write_nothing_reads_as_refused(error: PanelError) -> None:
    with pytest.raises(OutcomeUnknown, match=r"and then: (gone|slower)") as caught, already_sent():
        raise error

    assert (caught.value.outcome, caught.value.__cause__) == (Outcome.UNKNOWN, None)


def test_the_first_of_several_writes_may_be_refused_and_the_second_not() -> None:
    writes = Writes()
    with pytest.raises(Conflict):
        writes(refuse)
    assert writes.count == 0

    assert writes(lambda: "made") == "made"
    with pytest.raises(OutcomeUnknown):
        writes(refuse)
    assert writes.count == 1
