"""The ledger's statements, each compiled once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, Select, and_, bindparam, func, insert, select, update

from panelbridge.storage.engine.prepared import Prepared
from panelbridge.storage.engine.schema import BigInt
from panelbridge.storage.ledger.rows import TRANSFER_COLUMNS, WALLET_COLUMNS
from panelbridge.storage.ledger.tables import accounts, crossings, links, texts, transfers, wallets

_wanted: BindParameter[Any] = bindparam("wanted")

insert_account = Prepared(insert(accounts).values(kind=bindparam("kind")).returning(accounts.c.id))
insert_wallet = Prepared(insert(wallets))
insert_transfer = Prepared(
    insert(transfers)
    .values({column.name: bindparam(column.name) for column in transfers.c if column.name != "id"})
    .returning(transfers.c.id)
)
insert_text = Prepared(insert(texts))
insert_link = Prepared(
    insert(links).values({column.name: bindparam(column.name) for column in links.c if column.name != "id"})
)
insert_crossing = Prepared(
    insert(crossings).values(
        {column.name: bindparam(column.name) for column in crossings.c if column.name != "id"}
    )
)

# The wallet together with the last link of its chain, which must tell the same.
_wallet = select(*WALLET_COLUMNS, links.c.link, links.c.balance, links.c.held).select_from(
    wallets.outerjoin(links, and_(links.c.wallet_id == wallets.c.id, links.c.sequence == wallets.c.sequence))
)
_of_reseller = _wallet.where(wallets.c.reseller_id == bindparam("reseller"))
_of_account = wallets.c.id == bindparam("account")
wallet_of_reseller = Prepared(_of_reseller)
wallet_of_account = Prepared(_wallet.where(_of_account))
# A statement of its own, before the wallet is read: one that waits for the lock would join the wallet as it
# is now with the chain as it was when it began. SQLite's writers hold the whole database already.
lock_of_reseller = Prepared(
    select(wallets.c.id).where(wallets.c.reseller_id == bindparam("reseller")).with_for_update()
)
lock_account = Prepared(select(wallets.c.id).where(_of_account).with_for_update())

move_wallet = Prepared(
    update(wallets)
    .where(wallets.c.id == bindparam("account"), wallets.c.sequence == bindparam("old_sequence"))
    .values(
        balance=bindparam("new_balance"),
        held=bindparam("new_held"),
        sequence=bindparam("new_sequence"),
        tail=bindparam("new_tail"),
    )
)
set_limits = Prepared(
    update(wallets)
    .where(wallets.c.id == bindparam("account"))
    .values(overdraft=bindparam("new_overdraft"), floor=bindparam("new_floor"))
)


def _transfers() -> Select[Any]:
    return select(*TRANSFER_COLUMNS).select_from(
        transfers.outerjoin(texts, texts.c.transfer_id == transfers.c.id)
    )


transfer_by_id = Prepared(_transfers().where(transfers.c.id == _wanted))
transfer_by_key = Prepared(_transfers().where(transfers.c.key == _wanted))
transfer_resolving = Prepared(_transfers().where(transfers.c.resolves == _wanted))
sum_corrected = Prepared(
    select(func.coalesce(func.sum(transfers.c.amount), 0)).where(transfers.c.corrects == _wanted)
)

_resolving = transfers.alias("resolving")
open_holds = Prepared(
    _transfers()
    .where(
        transfers.c.kind == "hold",
        transfers.c.at < bindparam("before", type_=BigInt),
        ~select(_resolving.c.id).where(_resolving.c.resolves == transfers.c.id).exists(),
    )
    .order_by(transfers.c.id)
    .limit(bindparam("most", type_=BigInt))
)

erase_text = Prepared(
    update(texts).where(texts.c.transfer_id == _wanted).values(salt=None, actor=None, reason=None, note=None)
)
