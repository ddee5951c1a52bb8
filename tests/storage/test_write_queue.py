from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path

from panelbridge.storage.engine.write_queue import WriteQueue

LONG = 10.0


def test_threads_get_their_turn_in_order_of_arrival(tmp_path: Path) -> None:
    queue = WriteQueue(str(tmp_path / "lock"), LONG)
    order: list[int] = []

    def caller(number: int) -> None:
        with queue.turn():
            order.append(number)

    threads = []
    with queue.turn():
        for number in range(12):
            thread = threading.Thread(target=caller, args=(number,))
            thread.start()
            threads.append(thread)
            deadline = time.monotonic() + LONG
            while len(queue._threads._waiting) <= number:
                assert time.monotonic() < deadline
    for thread in threads:
        thread.join(LONG)
    assert list(range(12)) == order
    queue.close()


def test_a_failed_turn_frees_the_next(tmp_path: Path) -> None:
    queue, other = WriteQueue(str(tmp_path / "lock"), LONG), WriteQueue(str(tmp_path / "lock"), LONG)
    for one in (queue, other, queue):
        with contextlib.suppress(KeyError), one.turn():
            raise KeyError
    queue.close()
    other.close()


def test_two_openers_of_one_file_exclude_each_other(tmp_path: Path) -> None:
    # Two queues have two file descriptions, as two processes would.
    queues = [WriteQueue(str(tmp_path / "lock"), LONG) for _ in range(3)]
    inside, most = 0, 0

    def caller(queue: WriteQueue) -> None:
        nonlocal inside, most
        for _ in range(300):
            with queue.turn():
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=caller, args=(queue,)) for queue in queues for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive()
    assert 1 == most
    for queue in queues:
        queue.close()
