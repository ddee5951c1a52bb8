"""Where resellers are served: `panelbridge/actions/resellers.py` says what each does."""

from __future__ import annotations

from panelbridge.access import Scope
from panelbridge.actions import resellers
from panelbridge.actions.paging import PageQuery
from panelbridge.http.declaring import Resource

resource = Resource(tag="resellers")


resource.get("/v1/resellers", resellers.list_resellers, answer=resellers.ResellerPage, query=PageQuery)

resource.get("/v1/resellers/<code>", resellers.show_reseller, answer=resellers.ResellerView)

resource.write(
    "POST",
    "/v1/resellers",
    resellers.add_reseller,
    scope=Scope.ADMIN,
    body=resellers.NewReseller,
    answer=resellers.ResellerView,
    status=201,
)
