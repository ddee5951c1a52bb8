"""``python -m panelbridge.testing.practice BACKEND --books FILE``: run a practice panel until told to end."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from panelbridge.testing.practice.ending import Ending
from panelbridge.testing.practice.launch import practice_class
from panelbridge.testing.practice.options import OptionInvalid
from panelbridge.testing.practice.server import PracticeServer

__all__ = ["main", "practice_class"]


def _option(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"an option is NAME=VALUE, got {text!r}")
    return name, value


def main() -> int:
    parser = argparse.ArgumentParser(prog="panelbridge.testing.practice", description=__doc__)
    parser.add_argument("backend", help="name of an installed backend, or module:Class")
    parser.add_argument("--books", type=Path, required=True, help="SQLite file of the panel's books")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 = a free one")
    parser.add_argument("--option", type=_option, action="append", default=[], metavar="NAME=VALUE")
    chosen = parser.parse_args()
    try:
        panel = practice_class(chosen.backend)(chosen.books, dict(chosen.option))
    except OptionInvalid as error:
        parser.error(f"the practice panel of {chosen.backend}: {error}")
    end = Ending()
    server = PracticeServer(panel, host=chosen.host, port=chosen.port)
    with server:
        announced = {
            "backend": chosen.backend,
            "url": server.url,
            "port": server.port,
            "control": server.url + "_practice/",
            "imitates": panel.imitates,
            "settings": panel.settings(server.url),
        }
        sys.stdout.write(json.dumps(announced) + "\n")
        sys.stdout.flush()
        end.watch_parent()
        end.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
