"""Addresses where no panel lives: a panel's name that leads there is a mistake or a trap.

A cloud machine answers its own credentials at a link-local address. Private networks are allowed: panels do
live there.
"""

from __future__ import annotations

import ipaddress

_METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("100.100.100.200", "192.0.0.192", "fd00:ec2::254")
)  # beside 169.254.169.254, which is link-local


def is_refused(host: str) -> bool:
    """Whether ``host`` is the text of a link-local or metadata address. A name is none: look it up first."""
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    return address.is_link_local or address in _METADATA
