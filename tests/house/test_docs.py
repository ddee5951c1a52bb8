"""The documentation builds without a warning, its examples run, its pages are those of the code."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from panelbridge.actions.problems import KINDS
from panelbridge.attention import WHY
from panelbridge.testing.practice.launch import PracticeProcess
from tests.support.house import BIN, ROOT, files

DOCS = ROOT / "docs"
PYTHON_BLOCK = re.compile(r"^( *)```python\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
PAGES = [path for path in files() if path.suffix == ".md" and path.parts[0] in ("docs", "README.md")]
WITH_EXAMPLES = [path for path in PAGES if PYTHON_BLOCK.search((ROOT / path).read_text())]


def _python(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=180,
    )


def test_it_builds_without_a_warning(tmp_path: Path) -> None:
    built = _python(
        "-m", "sphinx", "-q", "-W", "--keep-going", "-d", tmp_path / "doctrees", DOCS, tmp_path / "html"
    )

    assert built.returncode == 0, built.stderr
    assert (tmp_path / "html" / "whmcs-admin.html").is_file()


def test_pages_made_from_code_are_fresh() -> None:
    checked = _python("-m", "scripts.generate_docs", "--check")

    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=str)
def test_examples_run(page: Path, tmp_path: Path) -> None:
    """All Python blocks of a page, in order, as one program; ``settings`` of a practice panel are given."""
    blocks = [match[2] for match in PYTHON_BLOCK.finditer((ROOT / page).read_text())]
    code = "\n".join(
        re.sub(r"^ {2}", "", block, flags=re.MULTILINE) if block[0] == " " else block for block in blocks
    )
    with PracticeProcess("xui", books=tmp_path / "books.sqlite") as practice:
        given = tmp_path / "settings.json"
        given.write_text(json.dumps(practice.settings))
        given.chmod(0o600)
        program = tmp_path / "page.py"
        opening = f"import json, pathlib\nsettings = json.loads(pathlib.Path({str(given)!r}).read_text())\n"
        program.write_text(opening + code)

        ran = _python("-W", "error", program)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_files_a_page_points_to_exist(page: Path) -> None:
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text):
        assert ((ROOT / page).parent / target).exists(), target
    for target in re.findall(
        r"`((?:docs|examples|scripts|adapters|panelbridge|tests|whmcs_module_shim)/[\w./-]+)`", text
    ):
        assert (ROOT / target).exists(), target


def _steps(page: str, heading: str) -> list[str]:
    """The ``panelbridge`` lines of the first shell block below a heading."""
    block = re.search(rf"{re.escape(heading)}.*?```sh\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    assert block is not None, heading
    return [line for line in block[1].splitlines() if line.startswith("panelbridge ")]


def test_the_operators_steps_run_as_they_are_written(tmp_path: Path) -> None:
    """First steps, backup and restore; only file names and the confirmation are this test's own."""
    room = tmp_path / "backups"
    room.mkdir()
    environment = {**os.environ, "PANELBRIDGE_DATA_FOLDER": str(tmp_path / "data"), "COLUMNS": "120"}

    def run(line: str) -> str:
        copies = sorted(room.glob("*.db"))
        line = re.sub(r"/var/backups/panelbridge/\S+", str(copies[-1]) if copies else "", line)
        line = line.replace("/var/backups/panelbridge", str(room))
        ran = subprocess.run(
            [BIN / "panelbridge", *shlex.split(line)[1:], *(["--yes"] if " restore " in line else [])],
            cwd=tmp_path,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
        assert ran.returncode == 0, f"{line}: {ran.stdout}{ran.stderr}"
        return ran.stdout

    with PracticeProcess("xui", books=tmp_path / "books.sqlite") as practice:
        (tmp_path / "panel.json").write_text(json.dumps(practice.settings))
        (tmp_path / "panel.json").chmod(0o600)
        steps = ["panelbridge init", *_steps("operator.md", "these lines"), *_steps("backup.md", "## Backup")]
        told = [run(line) for line in steps]
        assert "3m" in told[-2]
        assert practice.settings["api_key"] not in "".join(told)
        told = [run(line) for line in _steps("backup.md", "## Restore")]

    assert "whole" in told[-1]
    aside = [path.name for path in (tmp_path / "data").glob("panelbridge.db.before-*")]
    assert len([name for name in aside if not name.endswith(("-wal", "-shm"))]) == 1, aside


def test_error_codes_of_the_module_contract_exist() -> None:
    page = (DOCS / "whmcs-calls.md").read_text()
    codes = re.findall(r"`([a-z_]+)`", page.partition("## Error codes a module can meet")[2])

    assert len(codes) > 10
    assert set(codes) - {"field", "panel_code"} <= set(KINDS)


def test_the_readme_begins_with_what_a_fresh_machine_needs() -> None:
    commands = re.search(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)

    assert commands is not None
    lines = commands[1].splitlines()
    assert lines[0].startswith("apt-get update && apt-get install -y make git python3-venv")
    assert [line.split("#")[0].strip() for line in lines[1:]] == ["make run", "make test"]


def test_whatever_is_put_before_a_person_is_in_the_catalogue() -> None:
    raised = set()
    for folder in ("panelbridge", "whmcs_module_shim"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call):
                    continue
                name = ast.unparse(node.func)
                named = {word.arg: word.value for word in node.keywords}
                given = [*node.args, *([named["code"]] if "code" in named else [])]
                if name in ("settle_attention", "raise_attention", "AttentionItem", "_attention"):
                    raised |= {item.value for item in given if _is_code(item)}

    assert {"fence_mismatch", "old_hold", "waits_for_credit", "account_without_charge"} <= raised
    assert raised <= set(WHY)


def _is_code(node: ast.expr) -> bool:
    text = node.value if isinstance(node, ast.Constant) else None
    return isinstance(text, str) and re.fullmatch(r"[a-z]+(_[a-z]+)+", text) is not None
