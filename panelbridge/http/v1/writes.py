"""Where writes are served: `panelbridge/actions/writes.py` says what each does."""

from __future__ import annotations

from panelbridge.access import Scope
from panelbridge.actions import writes
from panelbridge.http.declaring import Resource

resource = Resource(tag="panels")


resource.get("/v1/writes", writes.show_writes, answer=writes.WritesView, scope=Scope.ADMIN)

resource.write(
    "PATCH",
    "/v1/writes",
    writes.change_writes,
    scope=Scope.ADMIN,
    body=writes.WritesChange,
    answer=writes.WritesView,
)
