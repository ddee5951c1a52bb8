"""Processes that really die: a small server, everything imported, that forks one child for each order.

Run as a script. Orders and reports are lines of JSON. A child opens the bridge's folder for itself, as a
restarted service does, and no other child's memory is left to it.

``submit``  asks for a verb once; with ``die_at`` the child kills itself at the n-th boundary it crosses
``recover`` runs what is due with a clock that can be moved, as a restarted service does, then asks again
``crowd``   asks for one thing from several processes with several threads each, at the same moment
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import Connection

import panelbridge_reference
import panelbridge_xui
from panelbridge.contract.capabilities import Verb
from panelbridge.provisioning import Reply
from panelbridge.storage.engine.database import Database
from tests.matrix.commands import COMMANDS
from tests.support.rig import Rig, rig_in

_LOADED = (panelbridge_reference, panelbridge_xui)  # so that no child imports them
_LONG = 60.0  # seconds: longer than a meeting of all callers can take

Order = dict[str, Any]


class Boundaries:
    """Where a death makes a difference: before and after each commit and each request to the panel."""

    def __init__(self, die_at: int | None) -> None:
        self.crossed: list[str] = []
        self._die_at = die_at

    def cross(self, name: str) -> None:
        self.crossed.append(name)
        if len(self.crossed) == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """From now on every commit and every request of this process is noticed."""
        write, send, cross = Database.write, requests.Session.send, self.cross

        @contextmanager
        def watched_write(database: Database) -> Iterator[Connection]:
            with write(database) as connection:
                yield connection
                cross("before commit")
            cross("after commit")

        def watched_send(session: Any, request: Any, **options: Any) -> Any:
            cross(f"before {request.method}")
            reply = send(session, request, **options)
            cross(f"after {request.method}")
            return reply

        Database.write = watched_write  # type: ignore[method-assign, assignment]
        requests.Session.send = watched_send  # type: ignore[method-assign, assignment]


def told(answer: Reply) -> dict[str, Any]:
    operation = answer.operation
    return {
        "operation": operation.id,
        "state": operation.state.value,
        "outcome": operation.outcome.value if operation.outcome else None,
        "pending": answer.pending,
    }


def ask(rig: Rig, order: Order) -> dict[str, Any]:
    command = COMMANDS[Verb(order["verb"])](rig, order["service"])
    return told(rig.provisioner.submit(command, budget=order["budget"]))


def submit(rig: Rig, order: Order) -> dict[str, Any]:
    boundaries = Boundaries(order.get("die_at"))
    boundaries.watch()
    answer = ask(rig, order)
    return {"answer": answer, "boundaries": boundaries.crossed}


def recover(rig: Rig, order: Order) -> dict[str, Any]:
    rig.settle_all()
    answer = ask(rig, order)
    rig.settle_all()
    return {"answer": answer}


def in_child(order: Order, act: Callable[[Rig, Order], dict[str, Any]]) -> tuple[int, int]:
    """Fork a child that does ``act``; its process id, and the pipe its report comes through."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    status = 1
    try:
        os.close(reading)
        Database.migrate = lambda _: None  # type: ignore[method-assign, assignment] # the stage did, and it takes time
        with rig_in(Path(order["folder"]), **order["limits"]) as rig:
            report = act(rig, order)
        os.write(writing, json.dumps(report).encode())
        status = 0
    except BaseException as error:  # noqa: BLE001 - a child must not go on as if it were the server
        os.write(writing, json.dumps({"error": repr(error)}).encode())
    finally:
        os._exit(status)


def ended(child: int, reading: int) -> dict[str, Any]:
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    report = json.loads(said) if said else {}
    return {"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, **report}


def crowd(order: Order) -> dict[str, Any]:
    """All callers are admitted before the first one may send: every claim is then raced for."""
    context = multiprocessing.get_context("fork")
    callers = order["processes"] * order["threads"]
    start, admitted = context.Barrier(callers), context.Barrier(callers)

    def call_from_threads(rig: Rig, _: Order) -> dict[str, Any]:
        _meet_after_first_commit(admitted.wait)
        answers: list[dict[str, Any]] = []

        def call() -> None:
            start.wait(_LONG)
            answers.append(ask(rig, order))

        threads = [threading.Thread(target=call) for _ in range(order["threads"])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {"answers": answers}

    children = [in_child(order, call_from_threads) for _ in range(order["processes"])]
    reports = [ended(*child) for child in children]
    return {"processes": reports}


def _meet_after_first_commit(meet: Callable[[float], object]) -> None:
    """A caller's first commit is its intent: nobody goes on before everybody's is on disk."""
    write, mine = Database.write, threading.local()

    @contextmanager
    def write_and_meet(database: Database) -> Iterator[Connection]:
        with write(database) as connection:
            yield connection
        if not getattr(mine, "met", False):
            mine.met = True
            meet(_LONG)

    Database.write = write_and_meet  # type: ignore[method-assign, assignment]


def serve() -> None:
    acts = {"submit": submit, "recover": recover}
    for line in sys.stdin:
        order: Order = json.loads(line)
        act = acts.get(order["act"])
        report = crowd(order) if act is None else ended(*in_child(order, act))
        print(json.dumps(report), flush=True)


if __name__ == "__main__":
    serve()
