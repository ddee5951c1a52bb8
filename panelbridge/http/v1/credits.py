"""Where credits are served: `panelbridge/actions/credits.py` says what each does."""

from __future__ import annotations

from panelbridge.access import Scope
from panelbridge.actions import credits as wallets
from panelbridge.actions.paging import PageQuery
from panelbridge.http.declaring import Resource

resource = Resource(tag="credits")


resource.get("/v1/credits", wallets.list_wallets, answer=wallets.WalletPage, query=PageQuery)

resource.get("/v1/credits/<reseller>", wallets.show_wallet, answer=wallets.WalletView)

resource.write(
    "POST",
    "/v1/credits/<reseller>/top-up",
    wallets.top_up,
    scope=Scope.CREDITS,
    body=wallets.TopUp,
    answer=wallets.Booked,
    status=201,
)

resource.write(
    "POST",
    "/v1/credits/<reseller>/adjust",
    wallets.adjust,
    scope=Scope.ADMIN,
    body=wallets.Adjustment,
    answer=wallets.Booked,
    status=201,
    problems=(402,),
)

resource.write(
    "PUT",
    "/v1/credits/<reseller>/limits",
    wallets.set_limits,
    scope=Scope.ADMIN,
    body=wallets.WalletLimits,
    answer=wallets.WalletView,
    problems=(402,),
)

resource.get(
    "/v1/credits/<reseller>/history",
    wallets.list_history,
    answer=wallets.HistoryPage,
    query=wallets.HistoryQuery,
)

resource.get(
    "/v1/credits/<reseller>/history.csv",
    wallets.export_history,
    query=wallets.LinesQuery,
    answer_type="text/csv",
)

resource.get("/v1/ledger/verification", wallets.verify_ledger, answer=wallets.Verification, scope=Scope.ADMIN)
