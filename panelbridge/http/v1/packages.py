"""Where packages are served: `panelbridge/actions/packages.py` says what each does."""

from __future__ import annotations

from panelbridge.actions import packages
from panelbridge.http.declaring import Resource
from panelbridge.http.routes import Effect

resource = Resource(tag="packages")


resource.get(
    "/v1/panels/<code>/packages",
    packages.list_packages,
    answer=packages.PackagePage,
    query=packages.PackageQuery,
    effect=Effect.CALLS,
    problems=(409,),
)
