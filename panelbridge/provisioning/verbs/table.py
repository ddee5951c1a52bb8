"""Which rules belong to which verb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from panelbridge.contract.capabilities import Verb
from panelbridge.provisioning.rules import VerbRules
from panelbridge.provisioning.verbs.change_package import ChangePackageRules
from panelbridge.provisioning.verbs.create import CreateRules
from panelbridge.provisioning.verbs.extend import ExtendRules
from panelbridge.provisioning.verbs.reset_credentials import ResetRules
from panelbridge.provisioning.verbs.suspend import SuspendRules
from panelbridge.provisioning.verbs.terminate import TerminateRules
from panelbridge.provisioning.verbs.unsuspend import UnsuspendRules

RULES: Mapping[Verb, VerbRules[Any]] = {
    Verb.CREATE: CreateRules(),
    Verb.EXTEND: ExtendRules(),
    Verb.SUSPEND: SuspendRules(),
    Verb.UNSUSPEND: UnsuspendRules(),
    Verb.RESET_CREDENTIALS: ResetRules(),
    Verb.CHANGE_PACKAGE: ChangePackageRules(),
    Verb.TERMINATE: TerminateRules(),
}
