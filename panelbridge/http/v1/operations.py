"""Where operations are served: `panelbridge/actions/operations.py` says what each does."""

from __future__ import annotations

from panelbridge.access import Scope
from panelbridge.actions import operations
from panelbridge.actions.acting import Acted, OperationDetail
from panelbridge.http.routes import Effect, Resource

resource = Resource(tag="operations")


resource.get(
    "/v1/operations",
    operations.list_operations,
    answer=operations.OperationPage,
    query=operations.OperationQuery,
)

resource.get("/v1/operations/<int:number>", operations.show_operation, answer=OperationDetail)

resource.write(
    "POST",
    "/v1/operations/<int:number>/retry",
    operations.retry_operation,
    scope=Scope.PROVISION,
    answer=Acted,
    also=(202,),
    effect=Effect.ACTS,
)

resource.write(
    "POST",
    "/v1/operations/<int:number>/adopt",
    operations.adopt_operation,
    scope=Scope.PROVISION,
    body=operations.AdoptedAccount,
    answer=Acted,
    also=(202,),
    effect=Effect.ACTS,
)

resource.write(
    "POST",
    "/v1/operations/<int:number>/mark-done",
    operations.mark_operation_done,
    scope=Scope.ADMIN,
    body=operations.Claim,
    answer=Acted,
    also=(202,),
    effect=Effect.ACTS,
)

resource.write(
    "POST",
    "/v1/operations/<int:number>/release",
    operations.release_operation,
    scope=Scope.ADMIN,
    body=operations.Claim,
    answer=OperationDetail,
    effect=Effect.ACTS,
)

resource.write(
    "POST",
    "/v1/operations/<int:number>/buy-from-here",
    operations.buy_operation_from_here,
    scope=Scope.ADMIN,
    body=operations.Claim,
    answer=Acted,
    also=(202,),
    effect=Effect.ACTS,
)

resource.write(
    "POST",
    "/v1/operations/<int:number>/book-missing",
    operations.book_missing_operation,
    scope=Scope.ADMIN,
    body=operations.Claim,
    answer=Acted,
    also=(202,),
    effect=Effect.ACTS,
)
