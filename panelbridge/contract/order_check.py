"""What can be told of an order before anything is sent: the panel's rules, and text no panel takes well.

Adapters call these first. What passes arrives as data or is refused by the panel; it is never cut, trimmed or
taken for a command on the way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from panelbridge.contract.capabilities import Capabilities, Connections, OrderFact
from panelbridge.contract.exceptions import InvalidOrder, Unsupported
from panelbridge.contract.models import CreateOrder, Credentials, PackageChange

LONGEST = 255
"""Characters of a package or a reference; panels cut longer ones without a word."""
LONGEST_OPTION = 2000
LONGEST_FACT = 180
"""Characters of a domain or an address: where a domain is part of an account's id, both fit into 200."""
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = rf"({_LABEL}\.)+{_LABEL}"
_FACTS = {
    OrderFact.DOMAIN: re.compile(_DOMAIN, re.IGNORECASE),
    OrderFact.EMAIL: re.compile(rf"[a-z0-9!#$%&'*+/=?^_`{{|}}~.-]{{1,64}}@{_DOMAIN}", re.IGNORECASE),
}
_SUCH_AS = {
    OrderFact.DOMAIN: "customer.example, other scripts in their xn-- form",
    OrderFact.EMAIL: "maria@customer.example",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-]?[0-9A-Fa-f]{2}){5}")


def check_order(order: CreateOrder, capabilities: Capabilities) -> None:
    """Raises ``InvalidOrder`` naming the field, or ``Unsupported`` for a device on a panel of lines."""
    check_credentials(order.credentials, capabilities)
    check_text("package", order.package)
    check_text("reference", order.reference)
    check_options(order.options)
    for fact in sorted(capabilities.needs):
        check_fact(fact, order.options.get(fact, ""))
    check_connections(order.connections, capabilities)
    if order.mac is None:
        return
    if capabilities.devices <= {"line"}:
        raise Unsupported("this panel has no devices, only lines", field="mac")
    if _MAC.fullmatch(order.mac) is None:
        raise InvalidOrder("a mac is six pairs of digits and A to F, such as 00:1A:79:12:34:56", field="mac")


def check_credentials(credentials: Credentials, capabilities: Capabilities) -> None:
    """Raises ``InvalidOrder`` naming ``username`` or ``password``, never telling either."""
    password = credentials.password.get_secret_value()
    for field, words, text, rule in (
        ("username", "login name", credentials.username, capabilities.username),
        ("password", "password", password, capabilities.password),
    ):
        breach = rule.breach(text) or _broken(text, rule.max_length)
        if breach is not None:
            raise InvalidOrder(f"the {words} {breach}", field=field)


def check_package_change(change: PackageChange) -> None:
    """Raises ``InvalidOrder`` naming ``package`` or an option."""
    check_text("package", change.package)
    check_options(change.options)


def check_options(options: Mapping[str, str]) -> None:
    """Raises ``InvalidOrder`` naming the option; an option's own rules are its backend's."""
    for name, value in options.items():
        check_text(f"options.{name}" if _broken(name, LONGEST) is None else "options", value, LONGEST_OPTION)


def check_text(field: str, text: str, longest: int = LONGEST) -> None:
    """Raises ``InvalidOrder`` for control characters, blanks at the ends and text that is too long."""
    breach = _broken(text, longest)
    if breach is not None:
        raise InvalidOrder(f"the {field} {breach}", field=field)


def check_connections(wanted: int | None, capabilities: Capabilities, of_package: int | None = None) -> None:
    """Raises ``InvalidOrder`` where an order may not name that number.

    ``of_package``: the package's own number, ``None`` where it is not known, which proves nothing.
    """
    match capabilities.connections:
        case Connections.CHOSEN:
            why = None
        case Connections.PACKAGE:
            fits = of_package is None or wanted == of_package
            why = None if fits else f"the package decides how many connections an account has: {of_package}"
        case Connections.ONE:
            why = None if wanted in (0, 1) else "an account of this panel has one connection"
        case Connections.NONE:
            why = "accounts of this panel have no number of connections; leave it empty"
    if wanted is not None and why is not None:
        raise InvalidOrder(why, field="connections")


def check_fact(fact: OrderFact, value: str) -> None:
    """Raises ``InvalidOrder`` naming the option for what is missing or is none."""
    field = f"options.{fact.value}"
    if not value:
        raise InvalidOrder(f"this panel needs the {fact.value} of an order", field=field)
    if len(value) > LONGEST_FACT or _FACTS[fact].fullmatch(value) is None:
        raise InvalidOrder(f"the {fact.value} must be one such as {_SUCH_AS[fact]}", field=field)


def _broken(text: str, longest: int) -> str | None:
    if len(text) > longest:
        return f"may have at most {longest} characters, has {len(text)}"
    if _CONTROL.search(text):
        return "holds a control character"
    if text != text.strip():
        return "begins or ends with a blank"
    return None
