"""Puts faults back that were found in use, one at a time, and shows that the model test finds each.

`python -m scripts.model_faults [--seed N] [NAME...]`; what a whole run says is kept in `benchmarks/model.txt`
as it comes. Exits 1 when one stayed unfound.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import true

from panelbridge.contract.models import Absent, Unknown
from panelbridge.provisioning import OperationState, outlook, renewals
from panelbridge.provisioning import provisioner as engine
from panelbridge.provisioning.flow import claim, decisions, reading
from panelbridge.provisioning.flow import settle as settling
from panelbridge.provisioning.flow import turns as turn_rules
from panelbridge.provisioning.verbs import extend, reset_credentials, suspend, unsuspend
from panelbridge.storage.provisioning import due_rows, journal_reading
from panelbridge.storage.provisioning.store import SqlJournalStore
from panelbridge.storage.subscriptions.subscriptions import SqlSubscriptionStore
from tests.model.machine import STEPS, Bridge, forget_room, run_sequences

KEPT = Path(__file__).resolve().parents[1] / "benchmarks" / "model.txt"
SEQUENCES = 600
Put = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True, kw_only=True)
class Fault:
    name: str
    put_back: Put


def _instead(place: Any, name: str, value: Any) -> Put:
    return lambda: patch.object(place, name, value)


@contextmanager
def _old_plan() -> Iterator[None]:
    """A renewal is what it was at admission, and what is under way then counts for nothing."""

    def now(unit: Any, subscription: Any, moment: Any) -> outlook.Outlook:
        return outlook._seen(unit, subscription, (), moment)  # noqa: SLF001 - the fault is put into it

    with (
        patch.object(renewals, "outlook", now),
        patch.object(extend, "renewal_at_its_turn", lambda _unit, _deps, operation, _there: operation),
    ):
        yield


@contextmanager
def _verb_alone() -> Iterator[None]:
    """What waits is replaced by its verb, whoever asked for it and for whatever reason."""

    def waiting(unit: Any, subscription: Any, verb: Any) -> list[Any]:
        return [item for item in unit.journal.unsettled(subscription.id) if item.verb is verb]

    def lifting(unit: Any, subscription: Any, _target: Any) -> list[Any]:
        return waiting(unit, subscription, unsuspend.UnsuspendRules.verb)

    def suspending(unit: Any, subscription: Any, _target: Any) -> list[Any]:
        return waiting(unit, subscription, suspend.SuspendRules.verb)

    with patch.object(suspend, "_made_vain", lifting), patch.object(unsuspend, "_ended", suspending):
        yield


@contextmanager
def _any_turn() -> Iterator[None]:
    """What stands behind something is in the list as well."""
    with patch.object(due_rows, "_in_turn", true):
        rows = due_rows._due_rows()  # noqa: SLF001 - made anew
    with patch.object(journal_reading, "DUE_ROWS", rows):
        yield


def _end_unreported(honest: Any) -> Any:
    def unreported(store: Any, installation: Any, after: Any) -> list[Any]:
        reported = honest(store, installation, after)
        return [item for item in reported if item.state is not OperationState.SUPERSEDED]

    return unreported


def _unreadable(honest: Any) -> Any:
    def read(*given: Any) -> Any:
        answer = honest(*given)
        return Unknown(cause="it is gone") if isinstance(answer, Absent) else answer

    return read


def _mark_inverted(honest: Any) -> Any:
    def shown(deps: Any, operation: Any, ref: Any) -> Any:
        if operation.verb.value == "terminate":
            return decisions._shown(deps, operation, ref)  # noqa: SLF001 - as it was
        return honest(deps, operation, ref)

    return shown


def _as_long_as_asked(deps: Any, operation: Any, error: Any) -> float:
    return max(error.retry_after or 0.0, settling.backoff(deps, operation.failures))


FAULTS = (
    Fault(
        name="1.1 a renewal is charged without an account",
        put_back=_instead(claim, "_moot", lambda *_: None),
    ),
    Fault(name="1.2 a renewal behind a change renews the old plan", put_back=_old_plan),
    Fault(
        name="1.3 a stored change is lost",
        put_back=_instead(outlook, "_still_stored", lambda *_: None),
    ),
    Fault(name="1.4 superseding looks at the verb only", put_back=_verb_alone),
    Fault(
        name="1.4 the end of what was superseded is told to nobody",
        put_back=_instead(SqlJournalStore, "unreported", _end_unreported(SqlJournalStore.unreported)),
    ),
    Fault(
        name="1.5 of three new passwords the second stays",
        put_back=_instead(reset_credentials, "_others", lambda *_: []),
    ),
    Fault(
        name="1.6 mark done of a terminate is inverted",
        put_back=_instead(decisions, "_shown_done", _mark_inverted(decisions._shown_done)),  # noqa: SLF001
    ),
    Fault(
        name="2.1 an account id that our books have",
        put_back=_instead(SqlSubscriptionStore, "of_account", lambda *_: None),
    ),
    Fault(
        name="2.2 the fence of an absent account is unreadable",
        put_back=_instead(engine, "read_account", _unreadable(reading.read_account)),
    ),
    Fault(name="2.4 what is blocked keeps its place", put_back=_any_turn),
    Fault(
        name="2.4 a suspend waits for a top-up",
        put_back=_instead(turn_rules, "OVERTAKING", frozenset()),
    ),
    Fault(
        name="2.5 Retry-After without a cap",
        put_back=_instead(settling, "retry_delay", _as_long_as_asked),
    ),
)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="model_faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("names", nargs="*", metavar="NAME", help="the numbers of the faults, such as 1.4")
    given = parser.parse_args(arguments)
    wanted = [one for one in FAULTS if not given.names or one.name.split()[0] in given.names]
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        print(text, flush=True)
        if not given.names:
            KEPT.write_text("\n".join(said) + "\n", encoding="utf-8")

    say(f"model: seed {given.seed}, at most {SEQUENCES} sequences of {STEPS} steps for each fault")
    unfound = 0
    for fault in wanted:
        reported = _search(fault, given.seed)
        unfound += reported is None
        say(f"{fault.name}: {reported or 'NOT FOUND'}")
    return 1 if unfound else 0


def _search(fault: Fault, number: int) -> str | None:
    """When the model found it and what it said; ``None`` when it did not."""
    Bridge.begun = 0
    began = time.monotonic()
    try:
        with fault.put_back():
            run_sequences(number, SEQUENCES)
    except Exception as error:  # noqa: BLE001 - whatever it is, it was found
        text = " ".join(str(error).split())[:110]
        return f"found by sequence {Bridge.begun}, {time.monotonic() - began:.0f} s: {text}"
    finally:
        forget_room()
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
