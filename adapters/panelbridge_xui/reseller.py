"""The reseller dialect: every create and every extension is bought, once per call, with our credits.

No purchase repeats safely. A create repeats under its own name only; what a lost answer left behind is found
by ``search``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from panelbridge.contract.capabilities import (
    Capabilities,
    Connections,
    Extend,
    FindBy,
    PackageWrite,
    SerialiseWrites,
    Verb,
)
from panelbridge.contract.doubt import nothing_sent
from panelbridge.contract.exceptions import (
    Conflict,
    InvalidOrder,
    OutcomeUnknown,
    PanelError,
    PermissionMissing,
)
from panelbridge.contract.models import (
    Absent,
    AccountRef,
    Connection,
    CreateOrder,
    Credentials,
    Found,
    Lookup,
    Outcome,
    PackageChange,
    PanelBalance,
    Purchase,
    VerbResult,
)
from panelbridge.contract.order_check import check_package_change
from panelbridge.transport import turn
from panelbridge_xui import mapping
from panelbridge_xui.checks import (
    check_no_restart,
    check_unmoved,
    create_differs,
    moved_fields,
    needed,
    owned,
    same_password,
    sellable,
)
from panelbridge_xui.client import XuiClient
from panelbridge_xui.dialect import Clock, Dialect, Listed
from panelbridge_xui.errors import ExistsIdUnknown, NameTaken, PanelRefused
from panelbridge_xui.kinds import Key, Kind, key_of
from panelbridge_xui.lookups import MAY_NAME, DeviceLookups, Lookups
from panelbridge_xui.rows import LineRow, PackageRow, PackagesRead
from panelbridge_xui.search import short_rows
from panelbridge_xui.settings import XuiSettings

# Named as the panel's group table names them; a key the panel does not send is unknown, not refused.
MAY_CREATE = "create_line"
MAY_SET_PASSWORD = "allow_change_password"  # noqa: S105 - the name of a permission

# A create under the same name is none of these: the panel answers that it exists, and it is then compared.
_ADDING = frozenset({Verb.EXTEND, Verb.CHANGE_PACKAGE})
# What buying another package is meant to move.
_OF_A_PACKAGE = (
    *("until", "package", "trial", "connections", "options.bouquets", "outputs"),
    *("restreamer", "forced_server", "forced_country"),
)


class ResellerDialect(Dialect):
    """Writes through the Reseller API; an admin credential, where given, only looks things up."""

    def __init__(
        self, client: XuiClient, settings: XuiSettings, clock: Clock, admin: XuiClient | None = None
    ) -> None:
        super().__init__(client, settings, clock)
        self._admin = admin
        self._lookups = Lookups(client, admin, self._seen, settings.probe_limit)
        self._devices = DeviceLookups(client, admin)
        by_admin = {FindBy.REFERENCE} if admin else set()
        self.capabilities = Capabilities(
            extend=Extend.ADD,
            change_package=PackageWrite.PURCHASE,
            find_by=frozenset({FindBy.USERNAME, *by_admin}),
            grace=False,
            reference_field="reseller_notes",
            safe_repeats=frozenset(Verb) - _ADDING,
            list_complete=False,
            password_readable=True,
            devices=frozenset(kind.value for kind in self._kinds),
            connections=Connections.PACKAGE,
            usage=True,
            late_commit=60.0,
            resend_after=settings.resend_after,
            serialise_writes=SerialiseWrites.PER_CREDENTIAL,
        )

    def test_connection(self) -> Connection:
        user = self._client.user_info()
        now, reported = self._clock(), self._client.panel_time()
        return Connection(
            version=None,
            identity=user.username,
            missing_permissions=tuple(
                name for name in (MAY_CREATE, MAY_NAME, MAY_SET_PASSWORD) if user.may(name) is False
            ),
            clock_skew=None if reported is None else round((reported - now).total_seconds()),
            balance=PanelBalance(amount=user.credits),
            warnings=tuple(self._warnings()),
        )

    def _warnings(self) -> Iterator[str]:
        if not any(Kind.LINE in row.kinds for row in self._fresh_packages()):
            yield "no line package is offered to our group"
        try:
            if not self._client.rows(limit=1).rows:
                yield "the list of lines is empty; on the July 2025 release it is even when lines exist"
        except PanelError as error:
            yield f"the list of lines cannot be used: {error.message}"
        if self._admin is None:
            yield "no admin credential for look-ups: a create whose answer is lost may need a person"
            return
        try:
            self._admin.rows(limit=1)
        except PanelError as error:
            yield f"the admin credential for look-ups does not work: {error.message}"

    def _create_fields(
        self, order: CreateOrder, package: PackageRow
    ) -> tuple[tuple[str, ...] | None, mapping.Fields]:
        bouquets = mapping.bouquets_asked(order.options, package.bouquets)
        if order.connections not in (None, package.connections):
            raise InvalidOrder("the package decides how many connections a line has", field="connections")
        trial = mapping.is_trial(order.options, package)
        return bouquets, mapping.reseller_create(order, bouquets or package.bouquets, trial=trial)

    def _create_line(self, order: CreateOrder) -> VerbResult:
        with nothing_sent():
            package = self._package(Kind.LINE, order.package)
        bouquets, fields = self._create_fields(order, package)
        sent_before = self._seen.sending(order.credentials.username)
        try:
            written = self._client.create_line(fields)
        except NameTaken:
            if not sent_before:  # it was sent by another process, so where its line lies is not known
                self._seen.settled(order.credentials.username)
            return self._settle_taken(order, bouquets)
        line = self._created_line(written, order)
        self._seen.settled(order.credentials.username)
        return self._done(line, self._differs(line, order, bouquets))

    def extend(self, ref: AccountRef, until: datetime, purchase: Purchase | None) -> VerbResult:
        purchase = needed(purchase)
        line, after = self._buy(ref, purchase, bouquets=None)
        since = max(line.expires_at or self._clock(), self._clock())
        fits = mapping.expiry_fits(until, after.expires_at, since)
        moved = _besides(line, after, "until", "package", "trial")
        return self._done(after, (*(() if fits else ("until",)), *moved))

    def change_package(self, ref: AccountRef, change: PackageChange) -> VerbResult:
        if change.purchase is not None and change.purchase.package != change.package:
            raise InvalidOrder("the purchase buys another package than the one asked for", field="purchase")
        check_package_change(change)
        with nothing_sent():
            package = self._package(key_of(ref.id).kind, change.package)
        bouquets = mapping.bouquets_asked(change.options, package.bouquets)
        if change.connections not in (None, package.connections):
            raise InvalidOrder("the package decides how many connections a line has", field="connections")
        line = self._own_line(ref)
        if line.package_id == package.id:
            return self._choose_bouquets(line, bouquets)
        line, after = self._buy(ref, needed(change.purchase), bouquets=bouquets or package.bouquets)
        fits = after.package_id == package.id
        return self._done(after, (*(() if fits else ("package",)), *_besides(line, after, *_OF_A_PACKAGE)))

    def reset_credentials(self, ref: AccountRef, credentials: Credentials) -> VerbResult:
        line = self._own_login(ref, credentials)
        if line.username == credentials.username and same_password(line, credentials):
            return self._already(line)
        renamed = [] if line.username == credentials.username else [("username", credentials.username)]
        password = ("password", credentials.password.get_secret_value())
        after = self._plain_edit(line, [*renamed, password], self._bouquets_of(line))
        differs = (
            *(() if after.username == credentials.username else ("username",)),
            *(() if same_password(after, credentials) else ("password",)),
        )
        moved = _besides(line, after, "username", "password")
        if not differs:
            return self._done(after, moved)
        if after.username == line.username and after.password == line.password:
            raise PermissionMissing(
                f"the panel's group may not change {' and '.join(differs)}; the old credentials stay",
                advice="The panel's owner must allow the group to change user names and passwords.",
            )
        return self._done(after, (*differs, *moved))

    def find(self, username: str | None, reference: str | None) -> Lookup:
        found = self._lookups.find(username, reference)
        if not isinstance(found, LineRow) and reference is not None and self._settings.devices:
            found = self._devices.besides(found, reference)
        return Found(account=self._account(found)) if isinstance(found, LineRow) else found

    def list_lines(self) -> Iterator[Listed]:
        own = {kind: short_rows(self._client, kind=kind) for kind in self._kinds}
        if any(own.values()):
            for kind, rows in own.items():
                yield from self._listed(self._client, kind, rows, None)
            return
        if self._admin is None:
            raise OutcomeUnknown(
                "the panel lists no accounts, which on the July 2025 release it does even when some exist"
            )
        me = self._client.user_info().id
        for kind in self._kinds:
            rows = short_rows(self._admin, kind=kind)
            yield from self._listed(
                self._admin, kind, [row for row in rows if row.member_id in (None, me)], me
            )

    def balance(self) -> PanelBalance:
        return PanelBalance(amount=self._client.user_info().credits)

    def absence(self, key: Key) -> Absent:
        return self._lookups.absence(key)

    def _read_packages(self) -> PackagesRead:
        return self._client.packages()

    def _buy(
        self, ref: AccountRef, purchase: Purchase, *, bouquets: tuple[str, ...] | None
    ) -> tuple[LineRow, LineRow]:
        """One purchase on the line: the line right before it, and after it."""
        with nothing_sent():
            packages = self._fresh_packages()
            offered = packages.get(purchase.package)
        package = sellable(offered, key_of(ref.id).kind)
        with self._turn():  # of several callers with one ``before``, one buys
            line = self._own_line(ref)
            check_unmoved(line, purchase)
            if not purchase.allow_restart:
                check_no_restart(line, packages.rows.get(str(line.package_id)), package, self._clock())
            kept = tuple(item for item in line.bouquets if item in package.bouquets)
            fields = [
                ("package", purchase.package),
                *mapping.reseller_echo(line, bouquets or kept or package.bouquets),
            ]
            return line, self._bought(line, fields)

    def _turn(self) -> AbstractContextManager[None]:
        """The credential's: the panel reads our balance and writes it without a lock."""
        settings = self._settings
        credential = settings.access_code.get_secret_value(), settings.api_key.get_secret_value()
        return turn(settings.base_url, *credential, patience=settings.total_timeout)

    def _bought(self, line: LineRow, fields: mapping.Fields) -> LineRow:
        try:
            after = self._edited(line, fields)
        except PanelRefused as refused:
            # Later releases answer so, uncharged, to the loser of two simultaneous extensions.
            if mapping.same_second(self._read_back(line.key).expires_at, line.expires_at):
                refused.outcome = Outcome.RETRY_LATER
                raise
            raise OutcomeUnknown("the panel refused the purchase, yet the expiry moved") from None
        # A term that restarts may end in the very second it ended before; the package says then.
        if mapping.same_second(after.expires_at, line.expires_at) and after.package_id == line.package_id:
            raise OutcomeUnknown("the panel accepted the purchase, but the expiry did not move")
        return after

    def _choose_bouquets(self, line: LineRow, bouquets: tuple[str, ...] | None) -> VerbResult:
        """The line has the package already: nothing is bought, at most its bouquets are chosen anew."""
        if bouquets is None or set(bouquets) == set(line.bouquets):
            return self._already(line)
        after = self._plain_edit(line, [], bouquets)
        fits = set(after.bouquets) == set(bouquets)
        moved = _besides(line, after, "options.bouquets")
        return self._done(after, (*(() if fits else ("options.bouquets",)), *moved))

    def _bouquets_of(self, line: LineRow) -> tuple[str, ...]:
        """Never none: an edit without any is answered by an empty body where the group may choose them."""
        if line.bouquets:
            return line.bouquets
        package = self._fresh_packages().rows.get(str(line.package_id))
        return package.bouquets if package else ()

    def _plain_edit(self, line: LineRow, changes: mapping.Fields, bouquets: tuple[str, ...]) -> LineRow:
        fields = [*mapping.reseller_echo(line, bouquets), *changes]
        return self._edited(line, fields)

    def _differs(
        self, line: LineRow, order: CreateOrder, bouquets: tuple[str, ...] | None
    ) -> tuple[str, ...]:
        fits = mapping.expiry_fits(
            order.until, line.expires_at, line.created_at or order.until - timedelta(days=1)
        )
        return create_differs(line, order, bouquets, expiry_fits=fits)

    def _settle_taken(self, order: CreateOrder, bouquets: tuple[str, ...] | None) -> VerbResult:
        """Our name exists: our own first try, found and compared, or somebody else's."""
        username = order.credentials.username
        try:
            found = self._lookups.named(username)
            ignored = found is not None and self._client.user_info().may(MAY_SET_PASSWORD) is False
        except PanelError as error:
            raise OutcomeUnknown(
                f"a line of our name exists, and looking it up failed: {error.message}"
            ) from error
        if found is None:
            raise ExistsIdUnknown(
                "a line of our own name exists, and neither the panel's list, an admin credential nor a "
                "search by id shows its id"
            )
        self._seen.note(found.id)
        if not owned(found, order, password_ignored=ignored):
            raise Conflict("a line of this name exists at the panel with another password or reference")
        self._seen.settled(username)
        return self._already(found, self._differs(found, order, bouquets))


def _besides(before: LineRow, after: LineRow, *asked: str) -> tuple[str, ...]:
    """What an edit moved without being asked: a reseller can neither tell those columns nor keep them."""
    return tuple(name for name in moved_fields(before, after) if name not in asked)
