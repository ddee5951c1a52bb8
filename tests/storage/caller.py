"""A process that uses the books. Run as a script by the tests of crash and of many processes.

``caller.py FILE stop``          hold credits, say so inside the open transaction, and wait there
``caller.py FILE run SEED COUNT``  make COUNT random operations and print what came of them as JSON
"""

from __future__ import annotations

import collections
import json
import random
import sys
from pathlib import Path

from panelbridge.ledger import (
    Credits,
    HistoryFilter,
    HoldResolved,
    InsufficientCredit,
    Ledger,
    ResellerId,
    Transfer,
    TransferKind,
    TransferRefused,
)
from tests.ledger.books import ANNA, BORIS, Books, sale

CLARA = ResellerId(13)
RESELLERS = (ANNA, BORIS, CLARA)
OPERATIONS = {"hold": 34, "post": 20, "void": 20, "top_up": 8, "transfer": 8, "charge": 6, "correct": 4}


class Caller:
    """One process; its posts and voids go for the same few holds as everybody else's."""

    def __init__(self, books: Books, seed: int) -> None:
        self.books = books
        self.random = random.Random(seed)
        self.seed = seed
        self.made = 0
        self.outcomes: collections.Counter[str] = collections.Counter()

    def act(self) -> None:
        verb = self.random.choices(list(OPERATIONS), list(OPERATIONS.values()))[0]
        self.made += 1
        target = self.pick(verb)
        try:
            with self.books.write() as ledger:
                getattr(self, verb)(ledger, target)
                for wallet in ledger.wallets():
                    assert wallet.available >= Credits(0), "negative available credit"
        except (InsufficientCredit, HoldResolved, TransferRefused) as refusal:
            verb = f"{verb}: {refusal.code}"
        self.outcomes[verb] += 1

    def pick(self, verb: str) -> Transfer | None:
        """Chosen in a transaction of its own, so that others may resolve it first."""
        with self.books.read() as ledger:
            if verb in {"post", "void"}:
                return self.open_hold(ledger)
            if verb == "correct":
                wanted = HistoryFilter(kinds=frozenset({TransferKind.CHARGE}), newest_first=True, limit=5)
                lines = ledger.history(wanted)
                return self.random.choice(lines).transfer if lines else None
        return None

    def open_hold(self, ledger: Ledger) -> Transfer | None:
        """The newest hold nobody resolved yet, or one shortly before it."""
        wanted = HistoryFilter(kinds=frozenset({TransferKind.HOLD}), newest_first=True, limit=6)
        passed_over = self.random.choice((0, 0, 0, 1, 2))
        for line in ledger.history(wanted):
            if ledger.resolution(line.transfer.id) is None:
                if passed_over == 0:
                    return line.transfer
                passed_over -= 1
        return None

    def amount(self) -> Credits:
        return Credits(self.random.randint(1, 200_000))

    def key(self) -> str:
        return f"{self.seed}:{self.made}"

    def hold(self, ledger: Ledger, _: Transfer | None) -> None:
        ledger.hold(self.random.choice(RESELLERS), self.amount(), key=self.key(), actor="a", context=sale())

    def post(self, ledger: Ledger, hold: Transfer | None) -> None:
        if hold is not None:
            part = self.random.random() < 0.3
            units = self.random.randint(1, hold.amount.units) if part else hold.amount.units
            ledger.post(hold.id, amount=Credits(units))

    def void(self, ledger: Ledger, hold: Transfer | None) -> None:
        if hold is not None:
            ledger.void(hold.id, actor="a", reason="r")

    def top_up(self, ledger: Ledger, _: Transfer | None) -> None:
        ledger.top_up(self.random.choice(RESELLERS), self.amount() * 3, key=self.key(), actor="a", reason="r")

    def transfer(self, ledger: Ledger, _: Transfer | None) -> None:
        source, target = self.random.sample(RESELLERS, 2)
        ledger.transfer(source, target, self.amount(), key=self.key(), actor="a", reason="r")

    def charge(self, ledger: Ledger, _: Transfer | None) -> None:
        ledger.charge(self.random.choice(RESELLERS), self.amount(), key=self.key(), actor="a", context=sale())

    def correct(self, ledger: Ledger, earlier: Transfer | None) -> None:
        if earlier is not None:
            size = Credits(self.random.randint(1, earlier.amount.units))
            ledger.correct(earlier.id, amount=size, key=self.key(), actor="a", reason="r")


def stop_in_the_middle(books: Books) -> None:
    with books.write() as ledger:
        ledger.hold(ANNA, Credits(10_000), key="never", actor="a", context=sale())
        print("in the middle", flush=True)
        sys.stdin.read()


def main(path: str, command: str, *numbers: str) -> None:
    books = Books(Path(path))
    if command == "stop":
        stop_in_the_middle(books)
        return
    seed, count = (int(number) for number in numbers)
    caller = Caller(books, seed)
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(count):
        caller.act()
    print(json.dumps(caller.outcomes), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
