"""Which descriptions have a conformance file of their own: a file is one worker's."""

from __future__ import annotations

HOSTING = ("hestiacp", "virtualmin", "modoboa")
CHAT = ("ejabberd", "ejabberd-24.06", "synapse")
