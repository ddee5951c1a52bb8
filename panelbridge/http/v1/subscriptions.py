"""Where subscriptions are served: `panelbridge/actions/subscriptions.py` says what each does."""

from __future__ import annotations

from panelbridge.access import Scope
from panelbridge.actions import subscriptions
from panelbridge.actions.acting import Acted, SubscriptionView
from panelbridge.actions.fields import Body
from panelbridge.http.declaring import Resource
from panelbridge.http.routes import Action, Effect

resource = Resource(tag="subscriptions")


def _acts(
    path: str,
    view: Action,
    *,
    body: type[Body] | None = None,
    spent: Action | None = None,
) -> None:
    resource.write(
        "POST",
        path,
        view,
        scope=Scope.PROVISION,
        body=body,
        answer=Acted,
        also=(202,),
        effect=Effect.ACTS,
        problems=(402, 404, 422),
        spent=spent,
    )


resource.get(
    "/v1/subscriptions",
    subscriptions.list_subscriptions,
    answer=subscriptions.SubscriptionPage,
    query=subscriptions.SubscriptionQuery,
    problems=(404,),
)

resource.get("/v1/subscriptions/<int:number>", subscriptions.show_subscription, answer=SubscriptionView)

resource.get("/v1/subscriptions/<int:number>/usage", subscriptions.show_usage, answer=subscriptions.UsageDays)

_acts(
    "/v1/subscriptions",
    subscriptions.create_subscription,
    body=subscriptions.Order,
    spent=subscriptions.refuse_spent_create,
)

_acts(
    "/v1/subscriptions/<int:number>/extend", subscriptions.extend_subscription, body=subscriptions.Extension
)

_acts(
    "/v1/subscriptions/<int:number>/suspend", subscriptions.suspend_subscription, body=subscriptions.Suspend
)

_acts(
    "/v1/subscriptions/<int:number>/unsuspend",
    subscriptions.unsuspend_subscription,
    body=subscriptions.Unsuspend,
)

_acts("/v1/subscriptions/<int:number>/reset", subscriptions.reset_subscription, body=subscriptions.Reset)

_acts(
    "/v1/subscriptions/<int:number>/change-package",
    subscriptions.change_subscription,
    body=subscriptions.Change,
)

_acts("/v1/subscriptions/<int:number>/terminate", subscriptions.terminate_subscription)
