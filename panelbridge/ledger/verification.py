"""Proof of the books: every chain recomputed from its first link, every wallet from its transfers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from panelbridge.ledger.chain import GENESIS, ChainKeyMissing, link, text_digest
from panelbridge.ledger.port import ChainedTransfer, LedgerStore
from panelbridge.ledger.rules import PENDING, balance_change, held_change
from panelbridge.ledger.transfers import TransferId, TransferKind
from panelbridge.ledger.wallets import LoggedHead, WalletState


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One contradiction in the books. ``code`` is stable; wallet and transfer say where."""

    code: str
    message: str
    reseller: int | None = None
    transfer: int | None = None
    blocks: bool = True  # whether a backup that shows it is not restored


@dataclass(frozen=True, kw_only=True)
class VerifyReport:
    """What a verification saw. ``guards_tried`` is false in a read transaction."""

    wallets: int
    transfers: int
    problems: tuple[Problem, ...]
    guards_tried: bool

    @property
    def whole(self) -> bool:
        return not self.problems

    @property
    def blocking(self) -> tuple[Problem, ...]:
        """What shows that rows were changed, whichever release wrote them."""
        return tuple(problem for problem in self.problems if problem.blocks)


Heads = Sequence[WalletState | LoggedHead]


def verify_books(store: LedgerStore, heads: Heads = ()) -> VerifyReport:
    """Walk all chains of ``store``; the problems come in the order of wallets and sequence.

    ``heads`` are wallets as they were logged earlier: a chain that was cut back is whole in itself, and only
    what was kept elsewhere shows the cut.
    """
    problems: list[Problem] = []
    seen: set[TransferId] = set()
    wallets = store.wallets()
    for wallet in wallets:
        known = {head.sequence: head.tail for head in heads if head.reseller == wallet.reseller}
        problems.extend(_walk(store, wallet, known, seen))
    problems.extend(_gone(heads, wallets))
    problems.extend(
        Problem(code="unlinked", message=f"transfer {one} hangs in the wrong chains", transfer=one)
        for one in store.unlinked()
    )
    guards = store.broken_guards()
    problems.extend(guard_problems(guards or ()))
    return VerifyReport(
        wallets=len(wallets),
        transfers=len(seen),
        problems=tuple(problems),
        guards_tried=guards is not None,
    )


def _gone(heads: Heads, wallets: Sequence[WalletState]) -> Iterator[Problem]:
    there = {wallet.reseller for wallet in wallets}
    for reseller in sorted({head.reseller for head in heads if head.sequence} - there):
        message = f"the wallet of reseller {reseller} was logged once and is gone"
        yield Problem(code="head", message=message, reseller=reseller)


def guard_problems(broken: Iterable[str]) -> Iterator[Problem]:
    """One problem for each forbidden write that was let through."""
    for name in broken:
        yield Problem(code="guard", message=f"the database did not refuse: {name}")


def _walk(
    store: LedgerStore, wallet: WalletState, known: dict[int, str], seen: set[TransferId]
) -> Iterator[Problem]:
    state = _Running(tail=GENESIS, known=known)
    for entry in store.chain(wallet):
        seen.add(entry.transfer.id)
        for code, message in state.follow(store, wallet, entry):
            yield Problem(code=code, message=message, reseller=wallet.reseller, transfer=entry.transfer.id)
    for code, message in state.compare(wallet):
        yield Problem(code=code, message=message, reseller=wallet.reseller)


class _Running:
    """One wallet as it adds up while its chain is walked."""

    def __init__(self, tail: str, known: dict[int, str]) -> None:
        self.tail = tail
        self.known = {sequence: head for sequence, head in known.items() if sequence}
        self.sequence = 0
        self.balance = 0
        self.held = 0
        self.open: dict[TransferId, int] = {}  # units still held, by hold

    def follow(
        self, store: LedgerStore, wallet: WalletState, entry: ChainedTransfer
    ) -> Iterator[tuple[str, str]]:
        place, transfer = entry.place, entry.transfer
        self.sequence += 1
        if place.sequence != self.sequence:
            yield "gap", f"link {self.sequence} is missing: {place.sequence} follows"
            self.sequence = place.sequence
        try:
            expected = link(store.keys, self.tail, place, transfer)
        except ChainKeyMissing as missing:
            yield "key", str(missing)
        else:
            if entry.link != expected:
                yield "link", f"link {place.sequence} does not follow from the row and the link before it"
        if not _text_matches(entry):
            yield "text", f"actor, reason or note of transfer {transfer.id} were changed"
        self.tail = entry.link
        if self.known.pop(place.sequence, entry.link) != entry.link:
            yield "head", f"link {place.sequence} is not the one that was logged"
        self.balance += balance_change(transfer, wallet.id)
        self.held += held_change(transfer, wallet.id)
        if (place.balance, place.held) != (self.balance, self.held):
            yield "sum", f"link {place.sequence} says another balance than its transfers add up to"
            self.balance, self.held = place.balance, place.held
        yield from self._resolve(entry)

    def _resolve(self, entry: ChainedTransfer) -> Iterator[tuple[str, str]]:
        transfer = entry.transfer
        if transfer.kind is TransferKind.HOLD:
            self.open[transfer.id] = transfer.amount.units
        elif transfer.resolves is not None:
            units = self.open.pop(transfer.resolves, None)
            if units != transfer.amount.units + transfer.released.units:
                yield "hold", f"transfer {transfer.id} does not resolve an open hold of its size"
        elif transfer.kind in PENDING:
            yield "hold", f"void {transfer.id} resolves nothing"

    def compare(self, wallet: WalletState) -> Iterator[tuple[str, str]]:
        for sequence in self.known:
            yield "head", f"link {sequence} was logged once and is gone"
        if (wallet.sequence, wallet.tail) != (self.sequence, self.tail):
            yield "tail", f"the wallet is at link {wallet.sequence}, its chain ends at {self.sequence}"
        if (wallet.balance.units, wallet.held.units) != (self.balance, self.held):
            yield "wallet", "balance or held of the wallet is not what its transfers add up to"
        if sum(self.open.values()) != self.held:
            yield "hold", "the open holds do not add up to what the wallet holds"
        if wallet.balance.units - wallet.held.units + wallet.overdraft.units < 0:
            yield "negative", "the available credit is negative"


def _text_matches(entry: ChainedTransfer) -> bool:
    context, actor = entry.transfer.context, entry.transfer.actor
    if entry.salt is None:
        return actor is None and not context.reason and context.note is None
    return actor is not None and entry.place.text_digest == text_digest(
        entry.salt, actor, context.reason, context.note
    )
