"""Moves files into their rooms and rewrites every mention of them: `python -m scripts.rooms`.

`scripts/rooms.txt` says where each file goes. Imports, dotted names and paths are rewritten in every text
file that git knows; nothing else changes, so behaviour cannot. It may be run again: what has moved stays
where it is, and only old names that came back (by a merge) are rewritten. Afterwards
`ruff check --select I --fix` and `ruff format` put the imports in order.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "scripts" / "rooms.txt"
TEXT = {".py", ".md", ".toml", ".sh", ".txt", ".php", ".xml", ".json", ".yml", ".service", ""}
LEFT = {
    "CHANGELOG.md",
    "rooms.txt",
    "rooms.py",
    "bare.txt",
    "soak.txt",
    "model.txt",
    "latest.json",
}
"""They tell of what was."""


@dataclass(kw_only=True)
class Plan:
    """What moves, and which packages are made."""

    moves: dict[Path, Path] = field(default_factory=dict)
    packages: dict[Path, str] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)

    @property
    def modules(self) -> dict[str, str]:
        """Dotted names, old to new; new ones stand for themselves, so that a second run leaves them."""
        names = {dotted(old): dotted(new) for old, new in self.moves.items() if old.suffix == ".py"}
        return {
            **{new: new for new in names.values()},
            **{dotted(new): dotted(new) for new in self.packages},
            **names,
        }

    @property
    def paths(self) -> dict[str, str]:
        names = {str(old): str(new) for old, new in self.moves.items()}
        names |= self.folders
        return {**{new: new for new in names.values()}, **names}


def main() -> int:
    """Move, then rewrite."""
    known = tracked()
    plan = read_table(TABLE.read_text(encoding="utf-8"), known)
    for old, new in plan.moves.items():
        if (ROOT / old).exists():
            (ROOT / new).parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["git", "mv", str(old), str(new)], cwd=ROOT, check=True)
    for place, text in plan.packages.items():
        if not (ROOT / place).exists():
            (ROOT / place).write_text(
                f'"""{text}"""\n\nfrom __future__ import annotations\n', encoding="utf-8"
            )
            subprocess.run(["git", "add", str(place)], cwd=ROOT, check=True)
    changed = sum(rewrite(ROOT / file, plan) for file in tracked())
    print(f"{len(plan.moves)} files have their place, {changed} files rewritten")
    return 0


def tracked() -> list[Path]:
    """Every file git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    return [Path(name) for name in listed.split("\0") if name]


def read_table(table: str, known: list[Path]) -> Plan:
    """Raises ``ValueError`` naming the line."""
    plan = Plan()
    for number, whole in enumerate(table.splitlines(), 1):
        line = whole.partition("#")[0].strip()
        if " := " in line:
            place, _, text = line.partition(" := ")
            plan.packages[Path(place)] = text
        elif line:
            old, arrow, new = line.partition(" -> ")
            if not arrow:
                raise ValueError(f"line {number}: expected `old -> new`, got {line!r}")
            source, target = Path(old), Path(new)
            if source.suffix:
                plan.moves.setdefault(source, target)
                continue
            plan.folders[old] = new
            here = [file for file in known if file.is_relative_to(source)]
            gone = [file for file in known if file.is_relative_to(target)]
            for file in here:
                plan.moves.setdefault(file, target / file.relative_to(source))
            for file in gone:  # moved by an earlier run
                plan.moves.setdefault(source / file.relative_to(target), file)
    return plan


def dotted(path: Path) -> str:
    """The module a file is."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def rewrite(place: Path, plan: Plan) -> bool:
    """Whether ``place`` mentioned anything that moved."""
    if (
        place.suffix not in TEXT
        or place.name in LEFT
        or "adapter_of_before" in place.parts
        or place.is_symlink()
        or not place.is_file()
    ):
        return False
    try:
        text = place.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    new = split_imports(text, plan.modules) if place.suffix == ".py" else text
    new = renamed(new, plan.modules, r"(?<![\w./])", r"(?!\w)")
    new = renamed(new, plan.paths, r"(?<![\w-])(?<!\w/)", r"(?![\w-])")
    if new != text:
        place.write_text(new, encoding="utf-8")
    return new != text


def renamed(text: str, names: dict[str, str], before: str, after: str) -> str:
    """Every mention of a name, the longest first."""
    every = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(f"{before}({every}){after}", lambda found: names[found[1]], text)


def split_imports(text: str, names: dict[str, str]) -> str:
    """`from package import module`, where that module moved to another package: a statement of its own."""
    lines = text.splitlines(keepends=True)
    for node in sorted(ast.walk(ast.parse(text)), key=lambda one: getattr(one, "lineno", 0), reverse=True):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        moved = [one for one in node.names if names.get(full := f"{node.module}.{one.name}", full) != full]
        if not moved or node.end_lineno is None:
            continue
        said = [f"from {node.module} import {_spelled(one)}\n" for one in node.names if one not in moved]
        for one in moved:
            package, _, name = names[f"{node.module}.{one.name}"].rpartition(".")
            local = one.asname or one.name
            said.append(f"from {package} import {name if name == local else f'{name} as {local}'}\n")
        lines[node.lineno - 1 : node.end_lineno] = [" " * node.col_offset + one for one in said]
    return "".join(lines)


def _spelled(one: ast.alias) -> str:
    return one.name + (f" as {one.asname}" if one.asname else "")


if __name__ == "__main__":
    sys.exit(main())
