"""Create an account and extend it: ``python library.py BACKEND SETTINGS_FILE LOGIN PASSWORD PACKAGE``."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from panelbridge import CreateOrder, Credentials, Secret, load_adapter, read_settings

backend, file, name, password, package = sys.argv[1:]
kind, until = load_adapter(backend), datetime.now(UTC) + timedelta(days=30)
login = Credentials(username=name, password=Secret(password))
with kind(read_settings(kind.settings_model, json.loads(Path(file).read_text()))) as panel:
    order = CreateOrder(credentials=login, package=package, until=until, reference="demo:1:1")
    account = panel.create(order).account
    if account is not None:
        print(panel.extend(account.ref, until + timedelta(days=30)))
