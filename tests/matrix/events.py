"""The events of the matrix: what happens while a verb is under way."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from panelbridge.contract.capabilities import Verb
from tests.matrix.backends import BACKENDS
from tests.matrix.commands import COMMANDS
from tests.matrix.stage import Stage

Event = Callable[[Stage, Verb, int], None]


def _submit(stage: Stage, verb: Verb, service: int, budget: float = 3.0) -> None:
    stage.rig.provisioner.submit(COMMANDS[verb](stage.rig, service), budget=budget)


def called_twice(stage: Stage, verb: Verb, service: int) -> None:
    _submit(stage, verb, service)
    _submit(stage, verb, service)


def _with_fault(fault: str) -> Event:
    def event(stage: Stage, verb: Verb, service: int) -> None:
        stage.practice.control.set_fault(fault, stage.backend.request(verb))
        _submit(stage, verb, service)

    return event


def commit_after_hangup(stage: Stage, verb: Verb, service: int) -> None:
    stage.practice.control.set_fault("commit_after_hangup", stage.backend.request(verb))
    _submit(stage, verb, service, budget=0.7)
    stage.rig.provisioner.run_due()  # looks before the effect came: proves nothing
    stage.practice.control.release()


EVENTS: Mapping[str, Event] = {
    "called twice": called_twice,
    "reply lost after commit": _with_fault("cut_after_commit"),
    "cut before": _with_fault("cut_before"),
    "commit after hang-up": commit_after_hangup,
    "500 but done": _with_fault("error_500_but_done"),
    "empty body": _with_fault("empty_body"),
    "HTML 200": _with_fault("html_200"),
    "truncated": _with_fault("truncated_body"),
}


def _in_doubt(stage: Stage, verb: Verb, service: int) -> None:
    """The reply is cut, and the effect comes when the panel is told to let it."""
    stage.practice.control.set_fault("cut_then_commit", stage.backend.request(verb))
    _submit(stage, verb, service, budget=0.7)


def later_than_late_commit(stage: Stage, verb: Verb, service: int) -> None:
    _in_doubt(stage, verb, service)
    stage.live(5 * stage.backend.late_commit)
    stage.practice.control.release()


def later_than_ten_times(stage: Stage, verb: Verb, service: int) -> None:
    _in_doubt(stage, verb, service)
    stage.live(20 * stage.backend.late_commit)
    stage.practice.control.release()


def clock_steps(stage: Stage, verb: Verb, service: int) -> None:
    """A day back and two forward, each looked at, before the effect comes."""
    _in_doubt(stage, verb, service)
    for days in (-1, 2):
        stage.rig.clock.step(days=days)
        stage.rig.provisioner.run_due()
    stage.practice.control.release()


LATE = "effect later than late_commit"
BEYOND = "effect later than ten times late_commit"
CLOCK = "clock steps in doubt"
LATE_EVENTS: Mapping[str, Event] = {
    LATE: later_than_late_commit,
    BEYOND: later_than_ten_times,
    CLOCK: clock_steps,
}
CROWD = "20 at once from 4 processes"
KILLED = "killed at every boundary"


Cell = tuple[str, str, str]  # backend, verb, event


def all_cells() -> list[Cell]:
    """Every cell that a whole run must have seen."""
    return [
        (backend.name, verb.value, event)
        for event in (*EVENTS, *LATE_EVENTS, CROWD, KILLED)
        for backend in BACKENDS
        for verb in Verb
    ]
