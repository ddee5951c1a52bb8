"""Where plans are served: `panelbridge/actions/plans.py` says what each does."""

from __future__ import annotations

from panelbridge.access import Scope
from panelbridge.actions import plans
from panelbridge.http.declaring import Resource

resource = Resource(tag="plans")


resource.get("/v1/plans", plans.list_plans, answer=plans.PlanPage, query=plans.PlanQuery, problems=(404,))

resource.get("/v1/plans/<code>", plans.show_plan, answer=plans.PlanView, query=plans.OwnerQuery)

resource.write(
    "PUT", "/v1/plans/<code>", plans.put_plan, scope=Scope.ADMIN, body=plans.WantedPlan, answer=plans.PlanView
)
