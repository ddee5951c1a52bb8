"""How a practice panel is run for the conformance suite, and what the suite orders there: reported once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Term

MONTH = Term(months=1)


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What no capability says. ``{username}`` in an option's value stands for the order's login name."""

    package: str = ""  # id of a package that can be sold; empty where the panel knows none
    other_package: str = ""  # one to change to
    term: Term = MONTH  # the length of ``package``
    practice_options: Mapping[str, str] = field(default_factory=dict)  # switches of the practice panel
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the adapter, besides those it announces
    options: Mapping[str, str] = field(default_factory=dict)  # options of a create
    operations: Mapping[Verb, str] = field(default_factory=dict)  # where a fault's match is not the verb
    reads: Mapping[str, str] = field(default_factory=dict)  # the same for get, find, list_accounts
    device: str = ""  # mag or enigma: orders carry a MAC, and the panel makes up the login
    repeatable: frozenset[Verb] = frozenset()  # verbs whose request may be sent twice within one attempt
    unseen: frozenset[Verb] = frozenset()  # verbs whose end state can neither be read nor tried at the panel
    # What a change of package moves in the books besides package and connections: everything else must stay.
    moves_with_package: frozenset[str] = frozenset()
