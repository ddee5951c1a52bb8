"""Every ``panelbridge …`` command that somebody is told to type exists, with its options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from panelbridge.cli.main import all_commands
from tests.support.house import ROOT, files

COMMAND = r"(?:/opt/panelbridge/bin/)?panelbridge ([a-z][a-z-]*(?: [^`#\"\n]*)?)"
IN_TEXT = re.compile(
    rf"(?:`|[Rr]un: |: (?=panelbridge [a-z-]+ [a-z-]+\.)|\((?=panelbridge [a-z]+ ))(?:{COMMAND})"
)
IN_SHELL = re.compile(rf"^(?:sudo -u panelbridge )?(?:{COMMAND})", re.MULTILINE)
SHELL_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
PLACES = ("panelbridge", "whmcs_module_shim", "adapters")


def _told() -> Iterator[tuple[Path, list[str]]]:
    for path in files():
        text = (ROOT / path).read_text() if path.suffix in (".md", ".py", ".php", ".toml") else ""
        if path.suffix in (".py", ".php") and path.parts[0] not in PLACES:
            continue
        shell = "\n".join(SHELL_BLOCK.findall(text)) if path.suffix == ".md" else ""
        for match in [*IN_TEXT.finditer(text), *IN_SHELL.finditer(shell)]:
            yield path, match[1].strip().rstrip(".,;:").split()


def _complaint(whole: Any, words: list[str]) -> str | None:
    """What is wrong with the command, or nothing."""
    here: Any = whole
    rest = list(words)
    while rest and rest[0] in getattr(here, "commands", {}):
        here = here.commands[rest.pop(0)]
    if hasattr(here, "commands") and rest and not rest[0].startswith("-"):
        return f"there is no command {rest[0]!r}"
    options = {name for parameter in here.params for name in parameter.opts} | {"--help"}
    unknown = [word for word in rest if word.startswith("--") and word.split("=")[0] not in options]
    return f"there is no option {unknown[0]}" if unknown else None


def test_commands_that_somebody_is_told_to_type_exist() -> None:
    told, whole = list(_told()), all_commands()
    wrong = [
        f"{path}: panelbridge {' '.join(words)}: {why}"
        for path, words in told
        if (why := _complaint(whole, words))
    ]

    assert len(told) > 15
    assert wrong == []
