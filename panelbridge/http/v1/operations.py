"""Where operations are served: `panelbridge/actions/operations.py` says what each does."""

from __future__ import annotations

from panelbridge.access import Scope
from panelbridge.actions import operations
from panelbridge.actions.acting import Acted, OperationDetail
from panelbridge.actions.fields import Body
from panelbridge.http.declaring import Resource
from panelbridge.http.routes import Action, Effect

resource = Resource(tag="operations")


def _decides(
    way: str, action: Action, *, scope: Scope = Scope.ADMIN, body: type[Body] | None = operations.Claim
) -> None:
    """One way on from an operation: it is repeated or decided, and may still be pending."""
    resource.write(
        "POST",
        f"/v1/operations/<int:number>/{way}",
        action,
        scope=scope,
        body=body,
        answer=Acted,
        also=(202,),
        effect=Effect.ACTS,
    )


resource.get(
    "/v1/operations",
    operations.list_operations,
    answer=operations.OperationPage,
    query=operations.OperationQuery,
)

resource.get("/v1/operations/<int:number>", operations.show_operation, answer=OperationDetail)

_decides("retry", operations.retry_operation, scope=Scope.PROVISION, body=None)
_decides("adopt", operations.adopt_operation, scope=Scope.PROVISION, body=operations.AdoptedAccount)
_decides("mark-done", operations.mark_operation_done)

resource.write(
    "POST",
    "/v1/operations/<int:number>/release",
    operations.release_operation,
    scope=Scope.ADMIN,
    body=operations.Claim,
    answer=OperationDetail,
    effect=Effect.ACTS,
)

_decides("buy-from-here", operations.buy_operation_from_here)
_decides("book-missing", operations.book_missing_operation)
