"""What a panel can do, read from its description: a missing operation is a missing verb."""

from __future__ import annotations

import re

from panelbridge.contract.capabilities import Capabilities, Connections, Extend, FindBy, Verb
from panelbridge_declarative.description.places import results_of
from panelbridge_declarative.description.spec import AfterUnknown, Spec

_SHOWN_BY = {
    "extend": "expires",
    "suspend": "state",
    "unsuspend": "state",
    "reset_credentials": "password",
    "change_package": "package",
}


def abilities(spec: Spec) -> Capabilities:
    """Raises ``ValidationError`` when the operations do not go together."""
    declared = spec.capabilities
    verbs = frozenset(verb for verb in Verb if getattr(spec.op, verb.value) is not None)
    readable = spec.op.get is not None or spec.op.find is not None
    slow = spec.limits.create_timeout_s
    by = {FindBy.USERNAME} if readable else set()
    if spec.op.find_reference is not None:
        by.add(FindBy.REFERENCE)
    return Capabilities(
        verbs=verbs,
        extend=Extend.SET if spec.op.extend is not None else Extend.NONE,
        find_by=frozenset(by),
        expiry_granularity=declared.expiry_granularity,
        grace=declared.grace,
        username=declared.username,
        password=declared.password,
        reference_field=declared.reference_field,
        safe_repeats=frozenset(
            verb for verb in verbs if after_unknown(spec, verb.value) is not AfterUnknown.STOP
        ),
        list_complete=declared.list_complete,
        password_readable="password" in results_of(spec),
        connections=Connections.CHOSEN if _sends_connections(spec) else Connections.NONE,
        needs=frozenset(declared.needs),
        single_sign_on=spec.op.sign_on is not None,
        usage=spec.op.usage is not None,
        late_commit=declared.late_commit,
        serialise_writes=declared.serialise_writes,
        slow_verbs={Verb.CREATE: slow} if slow is not None and Verb.CREATE in verbs else {},
    )


def _sends_connections(spec: Spec) -> bool:
    """A number that no request of the create holds would be paid for and change nothing."""
    create = spec.op.create
    return create is not None and re.search(r"\bconnections\b", create.model_dump_json()) is not None


def is_checkable(spec: Spec, name: str) -> bool:
    """Whether a read shows that the end state of operation ``name`` is reached."""
    shown = results_of(spec)
    if name == "create":  # ours is what has our reference or our password
        return bool(shown & {"reference", "password"})
    if name == "terminate":
        return bool(shown)
    return getattr(spec.op, name).verify is not None or _SHOWN_BY[name] in shown


def after_unknown(spec: Spec, name: str) -> AfterUnknown:
    """As the file says; else verify where a read shows the end, else stop."""
    retry = getattr(spec.op, name).retry
    if retry is not None:
        return AfterUnknown(retry.after_unknown)
    return AfterUnknown.VERIFY if is_checkable(spec, name) else AfterUnknown.STOP
