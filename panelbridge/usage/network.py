"""The network of an address: coarse enough to say little of a person, fine enough to tell two homes apart."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

_PREFIX = {4: 24, 6: 48}


def network_of(address: str) -> str | None:
    """``203.0.113.7`` and ``203.0.113.7:5123`` are in ``203.0.113.0/24``; ``None`` for what is no address."""
    text = address.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:  # a port behind an IPv4 address
        text = text.partition(":")[0]
    try:
        known = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(known, IPv6Address) and known.ipv4_mapped is not None:
        known = known.ipv4_mapped
    return str(ip_network((known, _PREFIX[known.version]), strict=False))
