"""How the house is built, before and now: `python -m scripts.structure [COMMIT]`, as a table.

Counted from the sources: files and their lengths, functions, cycles of imports (those inside functions
included), and arrows that lead both ways between files of different rooms. Walked through a running service:
which files a create and a top-up pass, and how often the call goes from one file to another (hops). COMMIT is
checked out into a scratch folder and walked with this environment's packages.
"""

from __future__ import annotations

import ast
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("panelbridge", "whmcs_module_shim", "adapters")
LONG = 400  # lines
BEFORE = "7fb3684"  # the last commit without rooms

Figures = Mapping[str, str]


def main(arguments: Sequence[str]) -> int:
    """Print both columns."""
    if arguments[:1] == ["--of"]:
        print(json.dumps(figures_of(Path(arguments[1]))))
        return 0
    from scripts.commit import checked_out  # not in the process above, which sees the other tree's scripts

    commit = arguments[0] if arguments else BEFORE
    with checked_out(commit) as tree:
        before, now = (_apart(place) for place in (tree, ROOT))
    print(f"| | {commit} | now |\n|---|---|---|")
    for name, value in now.items():
        print(f"| {name} | {before[name]} | {value} |")
    return 0


def _apart(tree: Path) -> dict[str, str]:
    """The figures of one tree, by a process that imports that tree's packages."""
    paths = os.pathsep.join([str(tree), str(tree / "adapters")])
    reported = subprocess.run(
        [sys.executable, ROOT / "scripts" / "structure.py", "--of", tree],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": paths},
        check=True,
        capture_output=True,
        text=True,
    )
    figures: dict[str, str] = json.loads(reported.stdout.splitlines()[-1])
    return figures


def figures_of(tree: Path) -> Figures:
    """Every line of the table, as text."""
    files = {path: path.read_text(encoding="utf-8") for path in _python(tree, SOURCES)}
    tests = {path: path.read_text(encoding="utf-8") for path in _python(tree, ("tests",))}
    lengths = sorted(len(text.splitlines()) for text in files.values())
    functions = sorted(length for text in files.values() for length in _function_lengths(text))
    written = sum(len(text.splitlines()) for text in tests.values())
    arrows = imports_of(tree, files)
    create, top_up = walks()
    return {
        "files": str(len(files)),
        "lines of a file, median": str(int(statistics.median(lengths))),
        "lines of a file, p90": str(_p90(lengths)),
        f"files over {LONG} lines": _share(sum(length > LONG for length in lengths), len(lengths)),
        "lines of tests to lines of source": f"{written / sum(lengths):.2f}",
        "cycles of imports between files": str(len(cycles(arrows))),
        "two-way arrows between files of different rooms": str(len(two_way(arrows))),
        "lines of a function, p50": str(int(statistics.median(functions))),
        "lines of a function, p90": str(_p90(functions)),
        "a create: files": str(create[0]),
        "a create: hops from file to file": str(create[1]),
        "a top-up: files": str(top_up[0]),
        "a top-up: hops from file to file": str(top_up[1]),
    }


def _python(tree: Path, folders: Sequence[str]) -> list[Path]:
    return sorted(
        path
        for folder in folders
        for path in (tree / folder).rglob("*.py")
        if "__pycache__" not in path.parts and path.stat().st_size
    )


def _function_lengths(text: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield node.end_lineno - node.lineno + 1


def _p90(values: Sequence[int]) -> int:
    return sorted(values)[int(len(values) * 0.9)]


def _share(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.1f} %)"


def imports_of(tree: Path, files: Mapping[Path, str]) -> Mapping[str, set[str]]:
    """File to the files it imports, by dotted name; what only types need is left out."""
    names = {_dotted(path.relative_to(tree)): path for path in files}
    arrows: dict[str, set[str]] = {}
    for name, path in names.items():
        found = set()
        for node in _imports(ast.parse(files[path])):
            if isinstance(node, ast.Import):
                found |= {item.name for item in node.names}
            elif node.module is not None:
                for item in node.names:
                    full = f"{node.module}.{item.name}"
                    found.add(full if full in names else node.module)
        arrows[name] = {other for other in found if other in names and other != name}
    return arrows


def _imports(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)):
            yield from _imports(child)


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    parts = parts[1:] if parts[0] == "adapters" else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(name: str) -> str:
    """``panelbridge.storage`` of ``panelbridge.storage.units``; a backend or the shim is one room."""
    first, *rest = name.split(".")
    return f"{first}.{rest[0]}" if first == "panelbridge" and rest else first


def two_way(arrows: Mapping[str, set[str]]) -> set[frozenset[str]]:
    """Pairs of files of different rooms that import each other."""
    return {
        frozenset((one, other))
        for one, others in arrows.items()
        for other in others
        if one in arrows[other] and room_of(one) != room_of(other)
    }


def cycles(arrows: Mapping[str, set[str]]) -> list[set[str]]:
    """Groups of files of which each reaches each."""
    reached = {name: _reach(name, arrows) for name in arrows}
    groups = {
        frozenset({name, *(other for other in reached[name] if name in reached[other])}) for name in arrows
    }
    return [set(group) for group in groups if len(group) > 1]


def _reach(start: str, arrows: Mapping[str, set[str]]) -> set[str]:
    seen, waiting = set[str](), list(arrows[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += arrows[name]
    return seen


def walks() -> tuple[tuple[int, int], tuple[int, int]]:
    """Files and hops of a create and of a top-up, through the service on a practice panel, once warm."""
    from tests.service.conftest import service_in
    from tests.support.ready import PracticeHere

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with (
            service_in(place) as service,
            PracticeHere("reference", books=place / "panel.sqlite") as practice,
        ):
            panel = service.rig.add_panel("main", "reference", practice.settings)
            service.rig.add_plan("gold", panel, {"1m": ("basic-1m", "1")})
            service.rig.top_up("10")
            order = {"configoption1": "gold", "billingcycle": "Monthly", "status": "Pending"}

            def create(number: int) -> None:
                _expect(200, service.call("CreateAccount", {**order, "serviceid": number}))

            def top_up(number: int) -> None:
                body = {"amount": "1", "reason": f"walk {number}"}
                _expect(201, service.write("POST", "/v1/credits/acme/top-up", body, once=f"walk-{number}"))

            create(9001)
            top_up(1)
            return _walked(create, 9002), _walked(top_up, 2)


def _expect(status: int, answer: TestResponse) -> None:
    if answer.status_code != status:
        raise RuntimeError(f"answered {answer.status_code}: {answer.get_data(as_text=True)}")


def _walked(act: Callable[[int], None], number: int) -> tuple[int, int]:
    files, hops = set[str](), 0

    def see(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal hops
        here, back = frame.f_code.co_filename, frame.f_back
        if event == "call" and _ours(here):
            files.add(here)
            before = back.f_code.co_filename if back is not None else here
            hops += before != here and _ours(before)

    sys.setprofile(see)
    try:
        act(number)
    finally:
        sys.setprofile(None)
    return len(files), hops


def _ours(file: str) -> bool:
    return any(f"/{source}/" in file for source in SOURCES) and "site-packages" not in file


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
