"""What a customer reads of a refusal: what he can fix himself, and nothing of the shop's inner life."""

from __future__ import annotations

from collections.abc import Iterable

from panelbridge.provisioning import Refusal

CANNOT = "This product cannot be ordered at the moment. Please contact us."
CANNOT_UPGRADE = "This upgrade cannot be ordered at the moment. Please contact us."
_CONNECTIONS = (
    "This product cannot be had with the chosen number of connections."
    " Please choose another one or contact us."
)
_WORDS = {
    "panel_change": "This service cannot be moved to that product.",
    "quantity_unsupported": "Please order one of this product at a time.",
    "term_not_offered": "This product is not sold for the chosen billing cycle. Please choose another one.",
    "connections_rule": _CONNECTIONS,
    "connections_not_sold": _CONNECTIONS,
    "fact_missing domain": "This product needs a domain name. Please enter one, or contact us if you are not"
    " asked for it.",
    "fact_invalid domain": "The domain name is not valid. Please enter one such as customer.example.",
    "fact_missing email": "This product needs your e-mail address. Please enter it in your profile.",
    "fact_invalid email": "Your e-mail address cannot be used for this product. Please change it in your"
    " profile.",
}
_TYPED = frozenset({"username_rule", "mac_rule", "fact_invalid"})
# What passes by itself stops no sale: the order is provisioned when it has passed.
_PASSING = frozenset({"writes_off"})


def for_customer(refusals: Iterable[Refusal], otherwise: str = CANNOT) -> list[str]:
    """One text for each, sorted, none twice; ``otherwise`` for what only the shop can fix."""
    return sorted({_text(refusal, otherwise) for refusal in refusals if refusal.code not in _PASSING})


def for_staff(refusals: Iterable[Refusal]) -> list[str]:
    """What only the shop can fix; nothing that a visitor typed."""
    mendable = [item for item in refusals if item.code not in _PASSING | _TYPED]
    return sorted({f"{_sentence(item.message)} {item.advice}" for item in mendable})


def _text(refusal: Refusal, otherwise: str) -> str:
    if refusal.code == "username_rule":
        return f"Please choose another user name. It needs {refusal.advice.removeprefix('Choose another: ')}"
    if refusal.code == "mac_rule":
        return _sentence(refusal.message)
    return _WORDS.get(f"{refusal.code} {refusal.field}") or _WORDS.get(refusal.code) or otherwise


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
