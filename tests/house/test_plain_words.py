"""Words and phrases that no longer stand in names and in texts for people: plain English took their place."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.support.house import ROOT, files

# Wherever one stands alone, or as a part of a name: ``wish_of``, ``_DESK``, ``SeatTaken``. What a panel, a
# reply or a page "tells" it says, shows or reports.
WORDS = re.compile(
    r"(?<![a-z])(wish(es|ed)?|desks?|seats?|mend(s|ed|ing)?|tells(?!-less))(?![a-z])", re.IGNORECASE
)
# In names only: a person is told, and things are told apart, in plain English as well.
NAMES = re.compile(r"(^|_)(un)?(told|tells|wish(es|ed)?)($|_)", re.IGNORECASE)
SPOKEN = re.compile("told|tells|wish", re.IGNORECASE)
PHRASES = re.compile(
    r"repeating is safe|told this once|told once and|kept nowhere"
    r"|there is no such (member|parameter|setting)|nobody can be asked|not said which is meant"
    r"|ways out|twice changes nothing",
    re.IGNORECASE,
)
# What the journal has stored keeps its word: under it fingerprints of older requests are found again.
STORED = 'vault.fingerprint("wish", text)'
TEXTS = {
    ".py": ("panelbridge", "whmcs_module_shim", "adapters"),
    ".md": ("docs", "README.md", "CONTRIBUTING.md"),
}


def _texts() -> Iterator[tuple[Path, int, str]]:
    for path in files():
        if path.parts[0] in TEXTS.get(path.suffix, ()) and "php" not in path.parts:
            for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
                if not line.lstrip().startswith("def test_"):  # the suite's parts keep their published names
                    yield path, number, line.replace(STORED, "")


def _public_names() -> Iterator[tuple[Path, int, str]]:
    """Of backends: what others read of them, from modules to arguments."""
    for path in files():
        if path.suffix != ".py" or path.parts[0] != "adapters":
            continue
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                yield path, node.lineno, node.name
                arguments = node.args if isinstance(node, ast.FunctionDef) else None
                for argument in (*arguments.args, *arguments.kwonlyargs) if arguments else ():
                    yield path, argument.lineno, argument.arg


def _own_names(text: str) -> Iterator[tuple[int, str]]:
    """Private and local ones too; in capitals or camel case as its words. A test's own name is a text."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME and not token.string.startswith("test_"):
            yield token.start[0], re.sub(r"(?<=[a-z])(?=[A-Z])", "_", token.string)


def test_no_name_has_a_word_that_only_we_used() -> None:
    places = (*TEXTS[".py"], "scripts", "benchmarks", "examples")
    read = {path: (ROOT / path).read_text() for path in files() if path.suffix == ".py"}
    ours = {path: text for path, text in read.items() if path.parts[0] in places}
    found = [
        f"{path}:{line}: {name}"
        for path, text in ours.items()
        if SPOKEN.search(text)  # the others are not worth their tokens
        for line, name in _own_names(text)
        if NAMES.search(name)
    ]

    assert len(ours) > 500
    assert found == []


def test_no_text_and_no_name_has_a_word_that_was_replaced() -> None:
    lines, names = list(_texts()), list(_public_names())
    found = [
        f"{path}:{number}: {match[0]}"
        for path, number, text in [*lines, *names]
        if (match := WORDS.search(text) or PHRASES.search(text))
    ]

    assert len(lines) > 50_000
    assert len(names) > 1_000
    assert found == []
