"""The wire is SQL: one transaction a verb. What failed before COMMIT was sent has not happened.

Isolation is serializable everywhere, for nothing in these tables is unique: of two transactions that both saw
a free name, the database lets one commit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from panelbridge.contract.exceptions import ContractBroken, OutcomeUnknown, PanelError, PanelUnreachable
from panelbridge.contract.models import Outcome
from panelbridge.transport.deadline import deadline, within
from panelbridge_freeradius import mapping, tables
from panelbridge_freeradius.mapping import UserRows
from panelbridge_freeradius.settings import FreeRadiusSettings, Kind

_DRIVERS = {Kind.SQLITE: "sqlite", Kind.POSTGRESQL: "postgresql+psycopg", Kind.MYSQL: "mysql+pymysql"}
_WRITES = "panelbridge_writes"  # execution option: what the transaction is for
_OF_A_USER = (tables.radcheck, tables.radreply, tables.radusergroup)


class RadiusDatabase:
    """Transactions on the server's tables; every method of ``Books`` runs inside one."""

    def __init__(self, settings: FreeRadiusSettings) -> None:
        self._settings = settings
        self._made: Engine | None = None

    @contextmanager
    def books(self, *, write: bool = False) -> Iterator[Books]:
        """One transaction, rolled back unless ``write``. Raises ``PanelError``."""
        with deadline(self._settings.total_timeout), self._connected(write=write) as connection:
            try:
                yield Books(connection, daloradius=self._settings.daloradius)
            except (SQLAlchemyError, TimeoutError) as error:
                failure: PanelError = _not_done(error)
            except PanelError:
                connection.rollback()
                raise
            else:
                self._end(connection, write=write)
                return
            _forget(connection)
        raise failure  # out here: the driver's words may hold values

    def _end(self, connection: Connection, *, write: bool) -> None:
        if not write:
            connection.rollback()
            return
        lost = False
        try:
            within(self._settings.total_timeout)
            connection.commit()
        except TimeoutError:
            connection.rollback()
            failure: PanelError = _not_done(TimeoutError())
        except SQLAlchemyError as error:
            lost = not _rolled_back(error)
            failure = OutcomeUnknown("the database did not confirm the change") if lost else _not_done(error)
        else:
            return
        raise failure

    @contextmanager
    def _connected(self, *, write: bool) -> Iterator[Connection]:
        try:
            connection = self._engine().connect().execution_options(**{_WRITES: write})
        except ImportError:
            driver = _DRIVERS[self._settings.kind].partition("+")[2]
            failure: PanelError = PanelUnreachable(
                f"the driver for this database, {driver}, is not installed",
                advice=f"Install the Python package {driver} beside the bridge, then repeat.",
            )
        except (SQLAlchemyError, OSError):
            failure = PanelUnreachable(
                "no connection to the RADIUS database",
                advice="Check that it is up, and host, port, database, login and password of the panel.",
            )
        else:
            with connection:
                yield connection
            return
        raise failure

    def _engine(self) -> Engine:
        if self._made is None:
            self._made = _engine(self._settings)
        return self._made

    def close(self) -> None:
        if self._made is not None:
            self._made.dispose()
            self._made = None


class Books:
    """The tables inside one transaction."""

    def __init__(self, connection: Connection, *, daloradius: bool) -> None:
        self._connection = connection
        self._daloradius = daloradius

    def user(self, username: str) -> UserRows:
        """What is there of exactly that name: some databases find ``Anna`` for ``anna``."""
        return self._of([username])[username]

    def alike(self, username: str) -> list[str]:
        """Names in the tables that differ from ``username`` in case only."""
        found: set[str] = set()
        for table in _OF_A_USER:
            same = func.lower(table.c.username) == username.lower()
            found |= {row[0] for row in self._run(select(table.c.username).where(same))}
        return sorted(found - {username})

    def page(self, after: str, size: int) -> list[UserRows]:
        """Up to ``size`` users with a check, by name, that come after that name."""
        named = select(tables.radcheck.c.username).distinct().order_by(tables.radcheck.c.username)
        found = self._run(named.where(tables.radcheck.c.username > after).limit(size))
        return list(self._of([row[0] for row in found]).values())

    def by_note(self, note: str) -> list[str]:
        found = self._run(select(tables.userinfo.c.username).where(tables.userinfo.c.notes == note))
        return sorted({str(row[0]) for row in found})

    def groups(self) -> set[str]:
        """Every group that has a check or a reply."""
        both = (tables.radgroupcheck, tables.radgroupreply)
        return {row[0] for table in both for row in self._run(select(table.c.groupname).distinct())}

    def rejects(self, group: str) -> bool:
        """Whether members of ``group`` are refused."""
        table = tables.radgroupcheck
        rows = self._run(select(table.c.attribute, table.c.value).where(table.c.groupname == group))
        return any(
            (name.lower(), value) == (mapping.AUTH_TYPE.lower(), mapping.REJECT) for name, value in rows
        )

    def make_rejecting(self, group: str) -> None:
        row = {"groupname": group, "attribute": mapping.AUTH_TYPE, "op": mapping.SET, "value": mapping.REJECT}
        self._run(insert(tables.radgroupcheck).values(row))

    def set_check(self, username: str, attribute: str, value: str) -> None:
        """Exactly one row of that attribute: two are accepted by the tables, and the first one wins."""
        table = tables.radcheck
        same = func.lower(table.c.attribute) == attribute.lower()
        self._run(delete(table).where(table.c.username == username, same))
        self._run(insert(table).values(username=username, attribute=attribute, op=mapping.SET, value=value))

    def set_plan(self, username: str, group: str, but: str) -> None:
        """``group`` is the user's only one besides ``but``."""
        table = tables.radusergroup
        self._run(delete(table).where(table.c.username == username, table.c.groupname != but))
        self._run(insert(table).values(username=username, groupname=group, priority=mapping.PLAN_PRIORITY))

    def join_first(self, username: str, group: str) -> None:
        """``group`` is asked before every other one."""
        self.leave(username, group)  # where it stood may be behind the plan's, and then it decides nothing
        table = tables.radusergroup
        ahead = (table.c.username == username) & (table.c.priority <= mapping.REJECT_PRIORITY)
        self._run(update(table).where(ahead).values(priority=mapping.PLAN_PRIORITY))
        self._run(insert(table).values(username=username, groupname=group, priority=mapping.REJECT_PRIORITY))

    def leave(self, username: str, group: str) -> None:
        table = tables.radusergroup
        self._run(delete(table).where(table.c.username == username, table.c.groupname == group))

    def rename(self, username: str, new: str) -> None:
        for table in self._owned():
            self._run(update(table).where(table.c.username == username).values(username=new))

    def remove(self, username: str) -> None:
        """All of it but the accounting, which is the operator's proof of what was used."""
        for table in self._owned():
            self._run(delete(table).where(table.c.username == username))

    def set_note(self, username: str, note: str) -> None:
        if not self._daloradius:
            return
        table = tables.userinfo
        kept = self._run(update(table).where(table.c.username == username).values(notes=note))
        if kept.rowcount == 0:
            self._run(insert(table).values(username=username, notes=note))

    def sessions(self) -> Iterator[tuple[str, int, int]]:
        """User, octets of all sessions kept, sessions that are open."""
        table = tables.radacct
        octets = func.coalesce(table.c.acctinputoctets, 0) + func.coalesce(table.c.acctoutputoctets, 0)
        is_open = func.sum(table.c.acctstoptime.is_(None).cast(tables.radacct.c.radacctid.type))
        query = select(table.c.username, func.sum(octets), is_open).group_by(table.c.username)
        for username, used, opened in self._run(query):
            yield str(username), int(used or 0), int(opened or 0)

    def _owned(self) -> Sequence[Table]:
        return (*_OF_A_USER, tables.userinfo) if self._daloradius else _OF_A_USER

    def _of(self, names: Sequence[str]) -> Mapping[str, UserRows]:
        checks, groups = tables.radcheck, tables.radusergroup
        check_rows = self._named(names, checks, checks.c.attribute, checks.c.op, checks.c.value)
        group_rows = self._named(names, groups, groups.c.groupname, groups.c.priority)
        replies = self._named(names, tables.radreply, tables.radreply.c.id)
        notes = self._named(names, tables.userinfo, tables.userinfo.c.notes) if self._daloradius else {}
        return {
            name: UserRows(
                username=name,
                checks=[(row[0], row[1], row[2]) for row in check_rows.get(name, ())],
                groups=[(row[0], int(row[1])) for row in group_rows.get(name, ())],
                replies=len(replies.get(name, ())),
                note=next((row[0] for row in notes.get(name, ()) if row[0]), None),
            )
            for name in names
        }

    def _named(self, names: Sequence[str], table: Table, *columns: Any) -> dict[str, list[Any]]:
        """Rows by exact user name, in the order in which the server reads them."""
        query = select(table.c.username, *columns).where(table.c.username.in_(names)).order_by(table.c.id)
        found: dict[str, list[Any]] = {}
        for name, *cells in self._run(query):
            found.setdefault(name, []).append(cells)
        return found

    def _run(self, statement: Any) -> Any:
        within(1.0)
        return self._connection.execute(statement)


def _engine(settings: FreeRadiusSettings) -> Engine:
    sqlite = settings.kind is Kind.SQLITE
    engine = create_engine(
        _address(settings),
        isolation_level="SERIALIZABLE",
        pool_size=settings.max_connections,
        max_overflow=0,
        pool_timeout=settings.total_timeout,
        pool_pre_ping=not sqlite,
        hide_parameters=True,  # values are passwords
        connect_args=_driver_options(settings),
    )
    if sqlite:
        _begin_at_once(engine)
    return engine


def _address(settings: FreeRadiusSettings) -> URL:
    if settings.kind is Kind.SQLITE:
        # An existing file only: a path mistyped would else become an empty database that has no users.
        query = {"mode": "rw", "uri": "true"}
        return URL.create("sqlite", database=f"file:{quote(settings.database)}", query=query)
    return URL.create(
        _DRIVERS[settings.kind],
        database=settings.database,
        host=settings.host,
        port=settings.used_port,
        username=settings.username,
        password=settings.password.get_secret_value() if settings.password else None,
    )


def _driver_options(settings: FreeRadiusSettings) -> dict[str, Any]:
    seconds = settings.total_timeout
    match settings.kind:
        case Kind.SQLITE:
            return {"timeout": seconds, "check_same_thread": False}
        case Kind.POSTGRESQL:
            limit = f"-c statement_timeout={int(seconds * 1000)} -c lock_timeout={int(seconds * 1000)}"
            return {
                "connect_timeout": max(2, int(seconds)),
                "options": limit,
                "sslmode": "require" if settings.tls else "prefer",
            }
        case Kind.MYSQL:
            tls = {"ssl": {"check_hostname": True}} if settings.tls else {}
            return {
                "connect_timeout": max(1, int(seconds)),
                "read_timeout": seconds,
                "write_timeout": seconds,
            } | tls


def _begin_at_once(engine: Engine) -> None:
    """SQLite takes the write lock at the first write only; two that had read would block each other."""

    @event.listens_for(engine, "connect")
    def _leave_transactions_to_us(connection: Any, _: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _not_done(error: Exception) -> PanelError:
    """Not committed, so nothing happened. The words are ours: the driver's own hold values."""
    if isinstance(error, TimeoutError):
        return OutcomeUnknown(
            "the RADIUS database did not answer before the deadline; nothing was changed",
            outcome=Outcome.RETRY_LATER,
            advice="Nothing was changed; the bridge repeats the call.",
        )
    if isinstance(error, OperationalError | InterfaceError):
        return OutcomeUnknown(
            "the RADIUS database was busy or went away; nothing was changed",
            outcome=Outcome.RETRY_LATER,
            advice="Nothing was changed; the bridge repeats the call.",
        )
    return ContractBroken(
        f"the RADIUS tables are not as expected ({type(error).__name__}); nothing was changed",
        outcome=Outcome.RETRY_LATER,
        advice="Compare the tables with the schema of FreeRADIUS 3.2, and the rights of the database login.",
    )


# The database itself says that it took the transaction back: these of PostgreSQL's classes 40 and 23; beside
# them MySQL's deadlock and lock time-out, and SQLite's busy.
_TAKEN_BACK = frozenset({"40001", "40P01", "23505"})


def _rolled_back(error: SQLAlchemyError) -> bool:
    cause = error.orig if isinstance(error, DBAPIError) else None
    state = getattr(cause, "sqlstate", None)
    number = (getattr(cause, "args", None) or [None])[0]
    busy = getattr(cause, "sqlite_errorname", "") in ("SQLITE_BUSY", "SQLITE_CONSTRAINT_FOREIGNKEY")
    return state in _TAKEN_BACK or number in (1213, 1205) or busy


def _forget(connection: Connection) -> None:
    """A connection after a failure is not used again; closing it ends its transaction."""
    try:
        connection.invalidate()
    except SQLAlchemyError:
        return
