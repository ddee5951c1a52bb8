"""The published JSON Schema; ``python -m panelbridge_declarative.description.schema`` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path

from panelbridge_declarative.description.spec import Spec

FILE = Path(__file__).parents[1] / "spec.schema.json"


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
