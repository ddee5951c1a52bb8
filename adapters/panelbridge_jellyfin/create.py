"""Making a user: first nobody gets in, then the password, and access last. A repeat goes on where it stopped.

The server makes a user in two steps, the name and then the password. What stops between them leaves a user
with an empty password and access to everything, and all it says later is that the name is taken.
"""

from __future__ import annotations

from panelbridge.contract.doubt import already_sent, nothing_sent
from panelbridge.contract.exceptions import Conflict, ContractBroken, InvalidOrder
from panelbridge.contract.models import CreateOrder, Credentials, Outcome, VerbResult
from panelbridge.contract.secret import Secret
from panelbridge_jellyfin import mapping
from panelbridge_jellyfin.client import JellyfinClient
from panelbridge_jellyfin.lookups import Lookups
from panelbridge_jellyfin.mapping import User
from panelbridge_jellyfin.settings import FolderPackage, JellyfinSettings


class Creation:
    """Brings one order to a user who exists and works. Every method raises ``PanelError``."""

    def __init__(self, client: JellyfinClient, lookups: Lookups, settings: JellyfinSettings) -> None:
        self._client = client
        self._lookups = lookups
        self._settings = settings

    def run(self, order: CreateOrder, package: FolderPackage) -> VerbResult:
        with nothing_sent():
            known = self._lookups.named(order.credentials.username)
        if known is not None:
            return self._adopted(known, order, package)
        try:
            payload = self._client.create(order.credentials.username, order.credentials.password)
        except InvalidOrder:
            return self._after_refusal(order, package)
        user = self._lookups.user_of(payload)
        if user.name != order.credentials.username or user.administrator or user.used:
            raise ContractBroken("the server answered a create with another user than ordered")
        return self._complete(user, order, package)

    def _after_refusal(self, order: CreateOrder, package: FolderPackage) -> VerbResult:
        """The same three words are said of a taken name, of a bad one, and of a password that was not set on
        a user who was made: only looking again says which.
        """
        with already_sent():
            known = self._lookups.named(order.credentials.username)
            if known is not None:
                return self._adopted(known, order, package)
        raise InvalidOrder("the server refuses the user and does not tell why", field="username")

    def _adopted(self, user: User, order: CreateOrder, package: FolderPackage) -> VerbResult:
        """Who has the name already: ours and whole, ours and to be completed, or ``Conflict``."""
        proved = self._prove_ours(user, order.credentials)
        if not user.unfinished:
            return self._as_ordered(user, order, package, Outcome.ALREADY)
        return self._finish(user, order, package) if proved else self._complete(user, order, package)

    def _prove_ours(self, user: User, credentials: Credentials) -> bool:
        """True when the password proves it, false when it is a half-made user whom nobody has used.

        Raises ``Conflict``. A name alone proves nothing: it may be the customer's choice.
        """
        foreign = Conflict("the login name is taken by a user who is not provably ours")
        if user.name != credentials.username or user.administrator:
            raise foreign
        untouched = user.unfinished and not user.used
        if untouched and (user.waits or user.has_password is False):
            return False
        with nothing_sent():
            if not user.disabled and self._client.password_works(user.name, credentials.password):
                return True
            # A release may say "has a password" of everybody.
            if untouched and not user.disabled and self._client.password_works(user.name, Secret("")):
                return False
        raise foreign

    def _complete(self, user: User, order: CreateOrder, package: FolderPackage) -> VerbResult:
        """Lock the user out of everything, set the password, and only then give access."""
        with already_sent():
            if not user.waits:
                self._client.set_policy(user.id, mapping.locked(user.policy))
                user = self._lookups.read(user.id)
                if not user.waits:
                    raise ContractBroken("the server accepted the policy of a new user and did not set it")
            self._client.set_password(user.id, order.credentials.password)
            user = self._proved(user, order.credentials)
        return self._finish(user, order, package)

    def _proved(self, user: User, credentials: Credentials) -> User:
        """The user once the password was seen to work, while there is still nothing for him to see.

        Emby may answer 204 and keep nothing, and a release may say of everybody that he has a password: then
        whoever types an empty one would get in.
        """
        after = self._lookups.read(user.id)
        if after.has_password is False:
            raise ContractBroken("the server accepted the password and did not keep it")
        self._client.set_policy(user.id, mapping.switched(after.policy, disabled=False))
        if self._client.password_works(user.name, credentials.password) is not True:
            self._client.set_policy(user.id, mapping.locked(after.policy))
            raise ContractBroken("the server accepted the password and lets nobody in with it")
        return self._lookups.read(user.id)

    def _finish(self, user: User, order: CreateOrder, package: FolderPackage) -> VerbResult:
        """The final policy, which alone gives access: whoever has a package's access has a password."""
        policy = mapping.granted(
            user.policy, package, package.connections_for(order.connections), self._settings
        )
        with already_sent():
            self._client.set_policy(user.id, mapping.switched(policy, disabled=False))
            after = self._lookups.read(user.id)
        if after.disabled or after.grants != package.grants or after.has_password is False:
            raise ContractBroken("the server accepted the new user's policy and did not set it")
        return self._as_ordered(after, order, package, Outcome.DONE)

    def _as_ordered(
        self, user: User, order: CreateOrder, package: FolderPackage, outcome: Outcome
    ) -> VerbResult:
        as_asked = {
            "package": user.grants == package.grants,
            "connections": package.connections_for(order.connections) in (None, user.connections),
        }
        differs = tuple(name for name, equal in as_asked.items() if not equal)
        return VerbResult(
            outcome=outcome, account=mapping.account_from(user, self._settings.packages), differs=differs
        )
