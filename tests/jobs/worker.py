"""A worker process that settles what is due in a fake journal.

``python -m tests.jobs.worker FILE before|after|never``: whether its call hangs before or after its effect.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from panelbridge.jobs import JobRunner, WorkerAlreadyRunning
from tests.jobs.fake_journal import Effect, FakeJournal


def main() -> int:
    journal = FakeJournal(Path(sys.argv[1]))
    hangs, ended = sys.argv[2], threading.Event()

    def call(effect: Effect) -> None:
        if hangs == "before":
            os.write(1, b"hanging\n")  # whole: two threads may say it at once
            ended.wait(60)
        effect()
        if hangs == "after":
            os.write(1, b"hanging\n")  # whole: two threads may say it at once
            ended.wait(60)

    runner = JobRunner(journal.engine, due=journal.due, settle=lambda one: journal.settle(one, call))
    try:
        runner.start()
    except WorkerAlreadyRunning as error:
        print(f"refused: {error}", flush=True)
        return 3
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    print("started", flush=True)
    while not ended.wait(0.5):  # a signal just before an endless wait would be slept through
        pass
    return 0 if runner.stop() else 1


if __name__ == "__main__":
    sys.exit(main())
