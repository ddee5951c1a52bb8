"""How to connect: a value that is as good as a password is shown only where a password is."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from panelbridge.actions.fields import View
from panelbridge.contract.models import ConnectDetail
from panelbridge.service.services import Services
from panelbridge.subscriptions import Subscription
from panelbridge.subscriptions.connecting import connect_details


class ConnectView(View):
    """One detail: for a box, a player, a mail program, a telephone."""

    kind: str = Field(description="access_key, portal, playlist, server or web")
    label: str = Field(description="for the customer")
    value: str | None = Field(
        default=None, repr=False, description="null: as good as a password, and none is shown here"
    )
    secret: bool = Field(description="as good as a password")

    @classmethod
    def of(cls, item: ConnectDetail, *, with_password: bool) -> Self:
        """What is shown of ``item``."""
        hidden = item.secret and not with_password
        value = None if hidden else item.value.get_secret_value()
        return cls(kind=item.kind.value, label=item.label, value=value, secret=item.secret)


def connect_view(
    services: Services, subscription: Subscription, *, with_password: bool
) -> tuple[ConnectView, ...]:
    """Every detail of the subscription's account, in the order to show it."""
    details = connect_details(services.panels, subscription)
    return tuple(ConnectView.of(item, with_password=with_password) for item in details)
