"""Run in a clean environment: the library works against a panel with no server package installed."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

from panelbridge import PanelAdapter, load_adapter, read_settings


def main() -> None:
    for absent in ("flask", "sqlalchemy", "dbos", "waitress"):
        if importlib.util.find_spec(absent) is not None:
            sys.exit(f"{absent} is installed: this environment is not the library's own")
    settings = json.loads(Path(sys.argv[1]).read_text())["settings"]
    xui = load_adapter("xui")
    if not issubclass(xui, PanelAdapter):
        sys.exit("the xui backend is no PanelAdapter")
    with xui(read_settings(xui.settings_model, settings)) as panel:
        seen = panel.test_connection()
        packages = [package.name for package in panel.list_packages()]
    if not packages:
        sys.exit("the panel sells nothing")
    print(f"the library works: {seen.identity} on {seen.version}, packages {', '.join(packages)}")


if __name__ == "__main__":
    main()
