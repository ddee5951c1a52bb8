"""What the model found in the engine, each as the sequence that it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from panelbridge.contract.capabilities import Extend
from tests.model.machine import Bridge, forget_room


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    made = Bridge()
    made.begin(Extend.SET, 9.0)
    yield made
    forget_room()


def test_a_change_stored_after_a_renewal_was_asked_for_is_not_taken_for_what_it_brings(
    bridge: Bridge,
) -> None:
    bridge.renew(501, 0.0)
    bridge.change(501, "family", later=False, budget=0.0)
    bridge.change(501, "gold", later=True, budget=0.0)

    bridge.teardown()


def test_days_do_not_use_up_a_stored_change(bridge: Bridge) -> None:
    bridge.give_days(501, 0.0)
    bridge.change(501, "family", later=False, budget=0.0)
    bridge.change(501, "gold", later=True, budget=0.0)

    bridge.teardown()
