"""Where attention are served: `panelbridge/actions/attention.py` says what each does."""

from __future__ import annotations

from panelbridge.access import Scope
from panelbridge.actions import attention
from panelbridge.actions.paging import PageQuery
from panelbridge.http.declaring import Resource

resource = Resource(tag="attention")


resource.get(
    "/v1/attention",
    attention.list_attention,
    answer=attention.AttentionPage,
    query=PageQuery,
    scope=Scope.ADMIN,
)

resource.write(
    "POST",
    "/v1/attention/<int:number>/dismiss",
    attention.dismiss_attention,
    scope=Scope.ADMIN,
    body=attention.Dismissal,
    answer=attention.AttentionView,
    problems=(404, 409),
)
