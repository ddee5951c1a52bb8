"""Settings of WHMCS that can undo prepaid renewals, reported by Test Connection and by doctor."""

from __future__ import annotations

from panelbridge.actions.caller import Caller
from panelbridge.actions.fields import Body, Bool
from panelbridge.attention import AttentionId, AttentionItem, Subject, SubjectKind
from panelbridge.service.services import Services
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.params import ModuleRequest
from whmcs_module_shim.module_calls.registry import Kind, module_function

_WHERE = "in System Settings, General Settings, Credit"


class ShopSettings(Body):
    """As the shop has them; ``None``: this release of WHMCS has no such setting."""

    automatic_credit_use: Bool | None = None
    credit_on_downgrade: Bool | None = None


class ShopSettingsRequest(ModuleRequest):
    settings: ShopSettings


_PAID_BACK = (
    (
        "WHMCS gives clients credit when they downgrade (Credit on Downgrade), while what was paid stays "
        "on the account here: the same time is paid for twice."
    ),
    f"Untick Credit on Downgrade {_WHERE}.",
)
_SPENT = (
    (
        "WHMCS spends clients' credit on renewals by itself (Automatic Credit Use): credit of a refund, of "
        "a cancelled line or of a downgrade renews accounts nobody paid for."
    ),
    f"Untick Automatic Credit Use {_WHERE}; clients can still apply their credit themselves.",
)


def faults(settings: ShopSettings) -> list[tuple[str, str]]:
    """What is set so that prepaid renewals are undone, each with its remedy."""
    undone = ((settings.credit_on_downgrade, _PAID_BACK), (settings.automatic_credit_use, _SPENT))
    return [fault for is_set, fault in undone if is_set]


@module_function("ShopSettings", kind=Kind.NOTIFIES, request=ShopSettingsRequest)
def shop_settings(services: Services, caller: Caller, request: ShopSettingsRequest) -> ModuleAnswer:
    """How the shop is set now; what can undo prepaid renewals stays before a person until it is fixed."""
    installation = caller.require_installation()
    subject = Subject(kind=SubjectKind.INSTALLATION, id=installation.id)
    found = faults(request.settings)
    message = f"shop {installation.code}: " + " ".join(text for text, _ in found)
    with services.units.write() as unit:
        for item in unit.attention.items(code="shop_settings", subject=subject):
            if not found or item.message != message:
                unit.attention.resolve(
                    item.id,
                    resolution="the shop is set otherwise now",
                    actor=request.call.actor,
                    at=services.clock(),
                )
        if found:
            unit.attention.raise_item(
                AttentionItem(
                    id=AttentionId(0),
                    code="shop_settings",
                    subject=subject,
                    message=message,
                    advice=" ".join(remedy for _, remedy in found),
                    opened_at=services.clock(),
                )
            )
    return ModuleAnswer(message="Noted.")
