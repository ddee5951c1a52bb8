"""``python -m panelbridge`` is the ``panelbridge`` command."""

from __future__ import annotations

from panelbridge.command import main

main()
