"""Where panels are served: `panelbridge/actions/panels.py` says what each does."""

from __future__ import annotations

from panelbridge.access import Scope
from panelbridge.actions import panels
from panelbridge.actions.paging import PageQuery
from panelbridge.http.declaring import Resource
from panelbridge.http.routes import Effect

resource = Resource(tag="panels")


resource.get("/v1/panels", panels.list_panels, answer=panels.PanelPage, query=PageQuery, scope=Scope.ADMIN)

resource.get("/v1/panels/<code>", panels.show_panel, answer=panels.PanelView, scope=Scope.ADMIN)

resource.write(
    "POST",
    "/v1/panels",
    panels.add_panel,
    scope=Scope.ADMIN,
    body=panels.NewPanel,
    answer=panels.PanelView,
    status=201,
)

resource.write(
    "PATCH",
    "/v1/panels/<code>",
    panels.change_panel,
    scope=Scope.ADMIN,
    body=panels.PanelChange,
    answer=panels.PanelView,
)

resource.get(
    "/v1/panels/<code>/connection",
    panels.show_connection,
    answer=panels.ConnectionView,
    scope=Scope.ADMIN,
    effect=Effect.CALLS,
    problems=(409,),
)
