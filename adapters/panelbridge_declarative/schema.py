"""The published JSON Schema of a description; ``python -m panelbridge_declarative.schema`` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path

from panelbridge_declarative.spec import Spec

FILE = Path(__file__).with_name("spec.schema.json")


def schema_text() -> str:
    """The schema as it is published, made from the models."""
    made = Spec.model_json_schema()
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "panelbridge description, format 1",
    }
    return json.dumps({**made, **head}, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(schema_text())
