"""Tables of the practice FreeRADIUS with the columns of 3.2.1, and what records each effect."""

from __future__ import annotations


def _attributes(name: str, owner: str) -> str:
    return (
        f"CREATE TABLE IF NOT EXISTS {name} (id INTEGER PRIMARY KEY AUTOINCREMENT, "
        f"{owner} varchar(64) NOT NULL DEFAULT '', attribute varchar(64) NOT NULL DEFAULT '', "
        "op char(2) NOT NULL DEFAULT '==', value varchar(253) NOT NULL DEFAULT '')"
    )


TABLES = (
    _attributes("radcheck", "username"),
    _attributes("radreply", "username"),
    _attributes("radgroupcheck", "groupname"),
    _attributes("radgroupreply", "groupname"),
    """CREATE TABLE IF NOT EXISTS radusergroup (id INTEGER PRIMARY KEY AUTOINCREMENT,
        username varchar(64) NOT NULL DEFAULT '', groupname varchar(64) NOT NULL DEFAULT '',
        priority int(11) NOT NULL DEFAULT '1')""",
    """CREATE TABLE IF NOT EXISTS radacct (radacctid INTEGER PRIMARY KEY AUTOINCREMENT,
        username varchar(64) NOT NULL DEFAULT '', acctstoptime datetime, acctinputoctets bigint,
        acctoutputoctets bigint)""",
    """CREATE TABLE IF NOT EXISTS userinfo (id INTEGER PRIMARY KEY AUTOINCREMENT, username varchar(128),
        firstname varchar(200), notes varchar(200))""",
    "CREATE TABLE IF NOT EXISTS practice_known (username TEXT PRIMARY KEY)",
)
GROUPS = (
    "INSERT INTO radgroupreply (groupname, attribute, op, value) VALUES (?, 'Session-Timeout', ':=', '3600')"
)
REJECTING = "SELECT 1 FROM radgroupcheck WHERE groupname = ? AND attribute = 'Auth-Type' AND value = 'Reject'"


def _recording(name: str, moment: str, table: str, when: str, kind: str, row: str = "NEW") -> str:
    return f"""CREATE TRIGGER IF NOT EXISTS {name} AFTER {moment} ON {table} WHEN {when} BEGIN
        INSERT INTO practice_effects (at, kind, account, charged, details)
        VALUES (strftime('%Y-%m-%dT%H:%M:%fZ'), '{kind}', {row}.username, 0, '{{}}'); END"""  # noqa: S608


_SETS_IT = "NEW.attribute = 'Cleartext-Password'"
_KNOWN = "EXISTS (SELECT 1 FROM practice_known WHERE username = NEW.username)"
_REFUSES = "EXISTS (SELECT 1 FROM radgroupcheck WHERE groupname = {}.groupname AND value = 'Reject')"
TRIGGERS = (
    _recording("effect_create", "INSERT", "radcheck", f"{_SETS_IT} AND NOT {_KNOWN}", "create"),
    _recording("effect_reset", "INSERT", "radcheck", f"{_SETS_IT} AND {_KNOWN}", "reset_credentials"),
    _recording("effect_extend", "INSERT", "radcheck", "NEW.attribute = 'Expiration'", "extend"),
    _recording("effect_suspend", "INSERT", "radusergroup", _REFUSES.format("NEW"), "suspend"),
    _recording("effect_package", "INSERT", "radusergroup", f"NOT {_REFUSES.format('NEW')}", "change_package"),
    _recording("effect_unsuspend", "DELETE", "radusergroup", _REFUSES.format("OLD"), "unsuspend", "OLD"),
    _recording(
        "effect_remove", "DELETE", "radcheck", "OLD.attribute = 'Cleartext-Password'", "remove", "OLD"
    ),
    """CREATE TRIGGER IF NOT EXISTS known AFTER INSERT ON practice_effects WHEN NEW.kind = 'create' BEGIN
        INSERT OR IGNORE INTO practice_known VALUES (NEW.account); END""",
)
