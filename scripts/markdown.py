"""Small pieces of Markdown for pages made from code."""

from __future__ import annotations

import inspect
from typing import Any

from pydantic import BaseModel


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def yes(value: bool) -> str:
    return "yes" if value else "no"


def names(items: Any) -> str:
    return ", ".join(sorted(str(getattr(item, "value", item)) for item in items))


def first_line(thing: type[BaseException | BaseModel]) -> str:
    return (inspect.getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ")
