"""The tables of FreeRADIUS 3.2 that a subscription touches, and the one of daloRADIUS.

Nothing in them is unique but row ids (seen on 3.2.1), so every statement names a user and an attribute.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Integer, MetaData, String, Table

metadata = MetaData()


def _attributes(name: str, owner: str) -> Table:
    return Table(
        name,
        metadata,
        Column("id", Integer, primary_key=True),
        Column(owner, String(64), nullable=False, default=""),
        Column("attribute", String(64), nullable=False, default=""),
        Column("op", String(2), nullable=False, default=":="),
        Column("value", String(253), nullable=False, default=""),
    )


radcheck = _attributes("radcheck", "username")
radreply = _attributes("radreply", "username")
radgroupcheck = _attributes("radgroupcheck", "groupname")
radgroupreply = _attributes("radgroupreply", "groupname")
radusergroup = Table(
    "radusergroup",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("username", String(64), nullable=False, default=""),
    Column("groupname", String(64), nullable=False, default=""),
    Column("priority", Integer, nullable=False, default=1),
)
radacct = Table(
    "radacct",
    metadata,
    Column("radacctid", Integer, primary_key=True),
    Column("username", String(64), nullable=False),
    Column("acctstoptime", DateTime),
    Column("acctinputoctets", BigInteger),
    Column("acctoutputoctets", BigInteger),
)
# Of daloRADIUS; it may have more columns, which keep their defaults.
userinfo = Table(
    "userinfo",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("username", String(128)),
    Column("notes", String(200)),
)
