"""Where a change for the next renewal is served: `panelbridge/actions/next_change.py` says what each does."""

from __future__ import annotations

from panelbridge.access import Scope
from panelbridge.actions import next_change
from panelbridge.actions.acting import SubscriptionView
from panelbridge.http.declaring import Resource
from panelbridge.http.routes import Effect

resource = Resource(tag="subscriptions")

_PATH = "/v1/subscriptions/<int:number>/next-change"


resource.write(
    "PUT",
    _PATH,
    next_change.store_next_change,
    scope=Scope.PROVISION,
    body=next_change.LaterChange,
    answer=SubscriptionView,
    effect=Effect.ACTS,
)

resource.write(
    "DELETE",
    _PATH,
    next_change.withdraw_next_change,
    scope=Scope.PROVISION,
    answer=SubscriptionView,
    effect=Effect.ACTS,
)
