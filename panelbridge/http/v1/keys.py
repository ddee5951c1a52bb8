"""Where keys are served: `panelbridge/actions/keys.py` says what each does."""

from __future__ import annotations

from panelbridge.access import Scope
from panelbridge.actions import keys
from panelbridge.actions.paging import PageQuery
from panelbridge.http.declaring import Resource

resource = Resource(tag="keys")


resource.get("/v1/keys", keys.list_keys, answer=keys.KeyPage, query=PageQuery, scope=Scope.ADMIN)

resource.write(
    "POST",
    "/v1/keys",
    keys.make_key,
    scope=Scope.ADMIN,
    body=keys.WantedKey,
    answer=keys.MadeKey,
    status=201,
    problems=(404,),
)

resource.write("POST", "/v1/keys/<prefix>/revoke", keys.revoke_key, scope=Scope.ADMIN, answer=keys.KeyView)
