"""The error tree of the adapter contract.

PanelError                         something a panel call ended with, and what it means for the account
 |- AuthenticationFailed           the panel refuses our credential                          refused
 |- PermissionMissing              the credential may not do this                            refused
 |- NotFound                       the panel proved that the account is absent               refused
 |- Conflict                       the name is taken by somebody else's account              refused
 |- InvalidOrder                   a field breaks a rule of the panel; ``field`` names it    refused
 |- CapacityExhausted              the panel has no room                                     refused
 |- InsufficientPanelCredit        our balance *at the panel* is too low                     retry later
 |- RateLimited                    asked to slow down; ``retry_after`` seconds               retry later
 |- PanelBusy                      not now, says the panel, and did nothing                  retry later
 |- PanelUnreachable               the connection was never established                      retry later
 |- PanelRefused                   the panel says no by a rule of its own                    refused
 |- Unsupported                    the backend cannot do this verb                           refused
 |- ContractBroken                 the reply is not what the protocol promises               unknown
 |- OutcomeUnknown                 time-out, cut, 5xx: the request may have had its effect   unknown

``outcome`` answers "did it happen?", ``retry_safe`` "may I repeat?". Messages never hold a secret nor text
that came from the panel unfiltered.
"""

from __future__ import annotations

from typing import ClassVar

from panelbridge.contract.models.outcome import Outcome


class PanelError(Exception):
    """A panel call that did not end in the asked state.

    ``code`` is stable and machine readable; ``advice`` says who can fix it and how; ``outcome`` is one of
    refused (definitely nothing happened), retry_later (nothing happened yet) and unknown (ask the panel).
    """

    code: ClassVar[str] = "panel_error"
    default_outcome: ClassVar[Outcome] = Outcome.UNKNOWN
    default_advice: ClassVar[str] = "Look the account up at the panel before repeating."
    needs_person: ClassVar[bool] = False
    """Whether asking the panel again shows nothing new: the journal then waits for a person's decision."""

    def __init__(
        self,
        message: str,
        *,
        outcome: Outcome | None = None,
        advice: str | None = None,
        retry_after: float | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.outcome = outcome or self.default_outcome
        self.advice = advice or self.default_advice
        self.retry_after = retry_after
        self.field = field

    @property
    def retry_safe(self) -> bool:
        """True when sending the same request again cannot double anything."""
        return self.outcome is not Outcome.UNKNOWN

    def __repr__(self) -> str:
        return f"{type(self).__name__}(code={self.code!r}, outcome={self.outcome.value!r}, {self.message!r})"


class AuthenticationFailed(PanelError):
    """The panel refuses our credential."""

    code = "panel_auth"
    default_outcome = Outcome.REFUSED
    default_advice = "The operator must correct the panel's credential in the bridge; then repeat."


class PermissionMissing(PanelError):
    """The credential is valid but may not do this."""

    code = "panel_permission"
    default_outcome = Outcome.REFUSED
    default_advice = "The panel's owner must grant the permission named; then repeat."


class NotFound(PanelError):
    """The panel proved that the account does not exist (never raised for a bare 404 or an outage)."""

    code = "account_absent"
    default_outcome = Outcome.REFUSED
    default_advice = "The account was removed at the panel; an admin decides whether to create it anew."


class Conflict(PanelError):
    """The name or device is taken by an account that is not ours."""

    code = "account_conflict"
    default_outcome = Outcome.REFUSED
    default_advice = "An admin compares the two accounts and adopts or renames; nothing was overwritten."


class InvalidOrder(PanelError):
    """A field of the order breaks a rule of the panel; ``field`` names it."""

    code = "invalid_order"
    default_outcome = Outcome.REFUSED
    default_advice = "Correct the field named and repeat."


class CapacityExhausted(PanelError):
    """The panel has no room for another account."""

    code = "panel_capacity"
    default_outcome = Outcome.REFUSED
    default_advice = "The panel's owner must raise its limit; then repeat."


class InsufficientPanelCredit(PanelError):
    """Our balance at the panel does not cover the call; nothing was bought."""

    code = "insufficient_panel_credit"
    default_outcome = Outcome.RETRY_LATER
    default_advice = "Top up the balance at the panel; the order waits and runs by itself."


class RateLimited(PanelError):
    """The panel asks to slow down; ``retry_after`` is in seconds."""

    code = "panel_rate_limited"
    default_outcome = Outcome.RETRY_LATER
    default_advice = "Nothing to do: the bridge repeats after the time the panel named."


class PanelBusy(PanelError):
    """The panel cannot do it now (the account is being moved, a job runs) and did nothing."""

    code = "panel_busy"
    default_outcome = Outcome.RETRY_LATER
    default_advice = "Nothing to do: the bridge repeats when the panel is ready."


class PanelUnreachable(PanelError):
    """The connection was never established, so the panel never saw the request."""

    code = "panel_unreachable"
    default_outcome = Outcome.RETRY_LATER
    default_advice = "Check that the panel is up and its address and firewall are right; the bridge repeats."


class PanelRefused(PanelError):
    """The panel says no by a rule of its own that fits nothing else; nothing happened."""

    code = "panel_refused"
    default_outcome = Outcome.REFUSED
    default_advice = "See at the panel what it does not allow; correct the order or the panel, then repeat."


class Unsupported(PanelError):
    """The backend cannot do this verb; its capabilities say so."""

    code = "unsupported"
    default_outcome = Outcome.REFUSED
    default_advice = "Choose a verb that this panel's capabilities list."


class ContractBroken(PanelError):
    """The reply is not what the protocol promises: a missing field, HTML, an empty body."""

    code = "contract_broken"
    default_advice = "The bridge asks the panel what is true; if it persists, compare the panel's version."


class OutcomeUnknown(PanelError):
    """The request may have had its effect: time-out, cut connection, server error."""

    code = "outcome_unknown"
    default_advice = "The bridge asks the panel what is true before it does anything else."


class AdapterLoadError(Exception):
    """An adapter plugin could not be loaded, or two claim one name; the message names the distribution."""


class SettingsInvalid(ValueError):
    """A panel's settings do not fit its backend's model; the message names every field."""
