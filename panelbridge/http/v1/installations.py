"""Where installations are served: `panelbridge/actions/installations.py` says what each does."""

from __future__ import annotations

from panelbridge.access import Scope
from panelbridge.actions import installations
from panelbridge.actions.paging import PageQuery
from panelbridge.http.declaring import Resource

resource = Resource(tag="installations")


resource.get(
    "/v1/installations",
    installations.list_installations,
    answer=installations.InstallationPage,
    query=PageQuery,
)

resource.get(
    "/v1/installations/<code>", installations.show_installation, answer=installations.InstallationView
)

resource.write(
    "POST",
    "/v1/installations",
    installations.add_installation,
    scope=Scope.ADMIN,
    body=installations.NewInstallation,
    answer=installations.InstallationView,
    status=201,
    problems=(404,),
)

resource.write(
    "POST",
    "/v1/installations/<code>/rebind",
    installations.rebind_installation,
    scope=Scope.ADMIN,
    body=installations.Rebinding,
    answer=installations.InstallationView,
)
