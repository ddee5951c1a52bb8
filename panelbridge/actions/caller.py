"""The caller of one request: its key, its installation, and what its headers say."""

from __future__ import annotations

from dataclasses import dataclass

from panelbridge.access import ApiKey, Scope
from panelbridge.actions.problems import Problem
from panelbridge.ledger import ResellerId
from panelbridge.subscriptions import Installation, Mode, Panel


@dataclass(frozen=True, kw_only=True)
class Access:
    """A verified key and the installation it belongs to; ``None`` for the operator's keys."""

    key: ApiKey
    installation: Installation | None


@dataclass(frozen=True, kw_only=True)
class Caller:
    """One request's caller."""

    key: ApiKey
    installation: Installation | None
    request_id: str
    budget: float  # seconds in which the answer is wanted
    remote_address: str
    system_url: str | None = None  # in canonical spelling
    module_id: str | None = None  # the random id of the shop's module
    module_version: str | None = None
    whmcs_version: str | None = None
    module_time: float | None = None  # the shop's clock, seconds since 1970 UTC

    @property
    def mode(self) -> Mode:
        return self.key.mode

    @property
    def actor(self) -> str:
        """Who is written into histories when the request names nobody."""
        return f"key:{self.key.prefix}"

    @property
    def owner(self) -> str:
        """Whose idempotency keys these are."""
        return f"installation:{self.installation.id}" if self.installation else "operator"

    @property
    def is_operator(self) -> bool:
        return self.installation is None

    def require(self, scope: Scope) -> None:
        """Raises ``forbidden_scope`` unless the key has ``scope``."""
        if not self.key.allows(scope):
            have = ", ".join(sorted(item.value for item in self.key.scopes))
            raise Problem("forbidden_scope", f"This needs the scope {scope.value}; the key has {have}.")

    def require_installation(self) -> Installation:
        """The installation. Raises ``forbidden_scope`` for an operator's key, which belongs to no shop."""
        if self.installation is None:
            raise Problem(
                "forbidden_scope",
                "This call belongs to one installation; the operator's key belongs to none.",
                advice="Use a key of the installation.",
            )
        return self.installation

    def reseller(self, named: ResellerId | None = None) -> ResellerId | None:
        """Whose things are meant: the installation's reseller, or the one an operator names.

        Raises ``not_found`` when an installation's key names another reseller: it must not learn of it.
        """
        if self.installation is None:
            return named
        if named is not None and named != self.installation.reseller_id:
            raise Problem("not_found", "There is no such reseller.")
        return self.installation.reseller_id

    def check_panel(self, panel: Panel) -> None:
        """Raises ``mode_mismatch``: test keys reach practice panels only, live keys never do."""
        if panel.practice and self.mode is Mode.LIVE:
            raise Problem("mode_mismatch", f"Panel {panel.code} is a practice panel; a live key refuses it.")
        if not panel.practice and self.mode is Mode.TEST:
            raise Problem(
                "mode_mismatch", f"Panel {panel.code} is real; a test key reaches practice panels only."
            )
