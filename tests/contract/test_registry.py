"""Backends are found lazily, in order, and every mistake names the distribution."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from types import SimpleNamespace
from typing import Any

import pytest

from panelbridge import AdapterLoadError, PanelAdapter, adapters, load_adapter
from panelbridge.contract import registry


def point(name: str, value: str, shipper: str = "acme-panel") -> Any:
    entry = EntryPoint(name=name, value=value, group=registry.GROUP)
    vars(entry)["dist"] = SimpleNamespace(name=shipper, version="1.2")
    return entry


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Any:
    def install(*points: Any) -> None:
        monkeypatch.setattr(registry, "entry_points", lambda *, group: points)

    return install


def test_our_backends_are_installed_and_load() -> None:
    names = [entry.name for entry in adapters()]
    assert names == sorted(names)
    assert "reference" in names
    kind = load_adapter("reference")
    assert issubclass(kind, PanelAdapter)
    assert kind.backend == "reference"


def test_listing_imports_nothing(installed: Any) -> None:
    installed(point("broken", "no_such_module_at_all:Adapter"))
    assert [(entry.name, entry.distribution) for entry in adapters()] == [("broken", "acme-panel 1.2")]


def test_a_plugin_that_fails_to_load_is_named(installed: Any) -> None:
    installed(point("broken", "no_such_module_at_all:Adapter"))
    with pytest.raises(AdapterLoadError, match=r"'broken' of acme-panel 1.2 failed to load.*no_such_module"):
        load_adapter("broken")


def test_a_plugin_that_is_no_adapter_is_named(installed: Any) -> None:
    installed(point("odd", "json:JSONDecoder"))
    with pytest.raises(AdapterLoadError, match=r"'odd' of acme-panel 1.2 is not a PanelAdapter"):
        load_adapter("odd")


def test_a_plugin_under_another_name_is_named(installed: Any) -> None:
    installed(point("mirror", "panelbridge_reference:ReferenceAdapter"))
    with pytest.raises(AdapterLoadError, match=r"'mirror' of acme-panel 1.2 calls itself 'reference'"):
        load_adapter("mirror")


def test_two_plugins_of_one_name_are_both_named(installed: Any) -> None:
    installed(point("x", "a:A", "acme-panel"), point("x", "b:B", "umbrella-panel"))
    with pytest.raises(AdapterLoadError, match=r"'x' is claimed by acme-panel 1.2 and umbrella-panel 1.2"):
        adapters()


def test_the_same_plugin_seen_twice_is_one(installed: Any) -> None:
    installed(point("x", "a:A"), point("x", "a:A"))
    assert len(adapters()) == 1


def test_an_unknown_name_tells_what_is_installed(installed: Any) -> None:
    installed(point("b", "b:B"), point("a", "a:A"))
    with pytest.raises(AdapterLoadError, match="installed: a, b"):
        load_adapter("c")
