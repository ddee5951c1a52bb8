"""HTTP resources and the command line, from the code."""

from __future__ import annotations

import inspect
import re
from typing import Any

from panelbridge.cli.exits import Exit
from panelbridge.cli.main import all_commands
from panelbridge.http.resources import resource_routes
from scripts.markdown import cell, table
from whmcs_module_shim.module_calls import functions


def http_page() -> str:
    """Every path of the service."""
    rows = [
        [f"`{route.method} {route.path}`", route.scope.value if route.scope else "none", cell(route.summary)]
        for route in sorted(resource_routes(), key=lambda route: (route.path, route.method))
    ]
    calls = [[f"`{name}`", function.kind.value] for name, function in sorted(functions().items())]
    return f"""# HTTP resources

The service describes itself as OpenAPI 3.1 at `/openapi.json`. Every request carries
`Authorization: Bearer pb_live_…` or `pb_test_…`; every mutating one an `Idempotency-Key` of the caller's own,
kept when it is repeated. `/healthz`, `/readyz`, `/metrics` and `/openapi.json` need no key: let the reverse
proxy pass on only `/v1/`.

{table(["request", "scope", "does"], rows)}

## Calls of the WHMCS module

`POST /v1/whmcs/<Function>`; see {{doc}}`/whmcs-calls`.

{table(["function", "kind"], calls)}
"""


def command_page() -> str:
    """Every command with its arguments and options."""
    reported = dict(re.findall(r"^ +([A-Z_]+) = \d+ +# (.+)$", inspect.getsource(Exit), re.MULTILINE))
    ends = table(["code", "means"], [[str(end.value), reported[end.name]] for end in Exit])
    parts = [
        f"""# The command

`panelbridge COMMAND --help` says the same. Before the command: `--config FILE` and `--data FOLDER`. What a
program shall read comes with `--json`; what destroys something asks first, or wants `--yes`.

{ends}"""
    ]
    for name, command in sorted(all_commands().commands.items()):
        parts.append(f"## {name}\n\n{_prose(command.help)}")
        below = getattr(command, "commands", {})
        parts += [_command(f"{name} {verb}", one) for verb, one in below.items()] or [_command(name, command)]
    return "\n\n".join(parts)


def _command(name: str, command: Any) -> str:
    arguments = [item for item in command.params if item.param_type_name == "argument"]
    usage = " ".join(["panelbridge", name, *(_argument(item) for item in arguments)])
    options = [
        [
            ", ".join(f"`{opt}`" for opt in (*item.opts, *item.secondary_opts)),
            _prose(getattr(item, "help", "")),
        ]
        for item in command.params
        if item.param_type_name == "option"
        and "--help" not in item.opts
        and not getattr(item, "hidden", False)
    ]
    head = f"**`{usage}`**" + (f": {_prose(command.help)}" if " " in name else "")
    return head + (f"\n\n{table(['option', 'is'], options)}" if options else "")


def _argument(item: Any) -> str:
    name = (item.metavar or item.name).strip("[]{}").upper()
    return name if item.required else f"[{name}]"


def _prose(text: str | None) -> str:
    return cell((text or "").split("\f")[0].strip())
