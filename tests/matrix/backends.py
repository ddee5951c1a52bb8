"""The backends of the matrix: how to start their practice panel, and how to read its books."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from panelbridge.contract.capabilities import Verb
from panelbridge.testing.practice import PracticeProcess
from tests.support import postgres
from tests.support.rig import Rig

Terms = Mapping[str, tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Backend:
    """One column of the matrix."""

    name: str
    backend: str
    gold: Terms  # what services are created under
    family: Terms  # what they change to
    options: Mapping[str, str] = field(default_factory=dict)
    settings: Callable[[dict[str, Any]], dict[str, Any]] = dict
    plan_options: Mapping[str, Any] = field(default_factory=dict)
    # Where the practice panel names a verb's mutating request, or its effect, otherwise than the verb.
    requests: Mapping[Verb, str] = field(default_factory=dict)
    effects: Mapping[Verb, str] = field(default_factory=dict)
    late_commit: float = 60.0
    adds: frozenset[Verb] = frozenset()  # what the panel buys: each call adds

    def request(self, verb: Verb) -> str:
        return self.requests.get(verb, verb.value)

    def effect(self, verb: Verb) -> dict[str, int]:
        return {self.effects.get(verb, verb.value): 1}

    def start(self, folder: Path) -> PracticeProcess:
        return PracticeProcess(self.backend, books=folder / "panel.sqlite", options=dict(self.options))

    def furnish(self, rig: Rig, practice: PracticeProcess) -> None:
        panel = rig.add_panel("main", self.backend, self.settings(practice.settings))
        rig.add_plan("gold", panel, self.gold, **self.plan_options)
        rig.add_plan("family", panel, self.family, **self.plan_options)
        rig.top_up("100000")


def _quick(settings: dict[str, Any]) -> dict[str, Any]:
    return settings | {"late_commit": _QUICK}


_QUICK = 2.0
_BOUGHT = frozenset({Verb.EXTEND, Verb.CHANGE_PACKAGE})


REFERENCE_SET = Backend(
    name="reference (sets dates)",
    backend="reference",
    gold={"1m": ("basic-1m", "1")},
    family={"1m": ("family-1m", "3")},
    settings=_quick,
    late_commit=_QUICK,
)
REFERENCE_ADD = Backend(
    name="reference (only adds)",
    backend="reference",
    options={"extend": "add"},
    late_commit=_QUICK,
    adds=frozenset({Verb.EXTEND}),
    gold={"1m": ("basic-1m", "1")},
    family={"1m": ("family-1m", "3")},
    settings=_quick,
)
_XUI_GOLD = {"1m": ("1", "1")}
_XUI_FAMILY = {"1m": ("21", "3")}

XUI_RESELLER = Backend(
    name="xui reseller (list works)",
    backend="xui",
    options={"reseller_list": "works", "credits": "100000"},
    gold=_XUI_GOLD,
    family=_XUI_FAMILY,
    plan_options={"allow_purchase": True, "allow_restart": True},
    adds=_BOUGHT,
)
XUI_RESELLER_ADMIN = Backend(
    name="xui reseller (list empty, admin look-up)",
    backend="xui",
    options={"reseller_list": "empty", "admin_lookup": "on", "credits": "100000"},
    gold=_XUI_GOLD,
    family=_XUI_FAMILY,
    plan_options={"allow_purchase": True, "allow_restart": True},
    adds=_BOUGHT,
)
XUI_RESELLER_PROBE = Backend(
    name="xui reseller (list empty, probe)",
    backend="xui",
    options={"reseller_list": "empty", "credits": "100000"},
    gold=_XUI_GOLD,
    family=_XUI_FAMILY,
    plan_options={"allow_purchase": True, "allow_restart": True},
    adds=_BOUGHT,
)
XUI_ADMIN = Backend(
    name="xui admin", backend="xui", options={"dialect": "admin"}, gold=_XUI_GOLD, family=_XUI_FAMILY
)

_ALL = (
    REFERENCE_SET,
    REFERENCE_ADD,
    XUI_RESELLER,
    XUI_RESELLER_ADMIN,
    XUI_RESELLER_PROBE,
    XUI_ADMIN,
)
# What differs on a database server does not differ by the panel.
BACKENDS = tuple(one for one in _ALL if one.backend == "reference" or not postgres.IN_USE)
