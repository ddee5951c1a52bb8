"""Fixtures of every backend whose own conftest has ``panel_with`` and ``order``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from panelbridge import CreateOrder, PanelAccount, PanelAdapter
from tests.support.practice_panel import PanelOf, created


@pytest.fixture
def panel(panel_with: Callable[..., PanelOf[Any, Any]]) -> PanelOf[Any, Any]:
    """A practice panel as it is without options."""
    return panel_with()


@pytest.fixture
def made(order: Callable[..., CreateOrder]) -> Callable[..., PanelAccount]:
    """``made(adapter, **changes)``: an account that exists."""

    def make(adapter: PanelAdapter[Any], **changes: Any) -> PanelAccount:
        return created(adapter, order(**changes))

    return make
