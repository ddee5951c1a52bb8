"""The ``panelbridge`` command. A library user installs no server, so here it says what is missing."""

from __future__ import annotations

import sys

_NOT_INSTALLED = 3  # exit code


def main() -> None:
    """Run the command line, or say exactly what to install."""
    try:
        from panelbridge.cli import main as run
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("panelbridge", ""):
            raise
        sys.stderr.write(
            f"The panelbridge command needs {missing}, which is not installed.\n"
            "Install the service:  pip install 'panelbridge[service]'\n"
            "The library itself (from panelbridge import PanelAdapter) works without it.\n"
        )
        raise SystemExit(_NOT_INSTALLED) from None
    run()


if __name__ == "__main__":
    main()
