"""From the bytes of a body to a checked model: JSON, or a format that a billing system's door brings.

A body that cannot be read is 400 and names the place; one whose members are wrong is 422 and names them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Request
from pydantic import BaseModel, ValidationError

from panelbridge.actions.problems import Problem
from panelbridge.actions.validation import invalid, validate

JSON = "application/json"

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class BodyFormat:
    """One more way to write a body than JSON."""

    media_type: str
    loads: Callable[[bytes], Any]  # raises ValueError
    text: bool = False  # all it holds is text, so digits stand for numbers


def read_body(request: Request, model: type[ModelT], formats: Sequence[BodyFormat] = ()) -> ModelT:
    """The body as ``model``. Raises ``Problem``: 400, 413, 415 or 422."""
    if request.content_type == JSON:  # as the module sends it; nothing to parse
        return _validate_json(request.get_data(), model)
    media = request.mimetype
    chosen = next((item for item in formats if item.media_type == media), None)
    if media != JSON and chosen is None:
        accepted = (JSON, *(item.media_type for item in formats))
        raise Problem(
            "unsupported_media_type",
            f"The body is {media[:80] or 'of no named type'}; send {' or '.join(accepted)}.",
            headers={"Accept": ", ".join(accepted)},
        )
    if request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise Problem("unsupported_media_type", "The body must be UTF-8.")
    body = request.get_data()
    if chosen is None:
        return _validate_json(body, model)
    try:
        value = chosen.loads(body)
    except ValueError as error:
        raise Problem("invalid_body", f"The body cannot be read: {error}.") from None
    return validate(model, value, text=chosen.text)


def _validate_json(body: bytes, model: type[ModelT]) -> ModelT:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=True, include_input=False)[0]
        if first["type"] == "json_invalid":
            cause = str(first.get("ctx", {}).get("error", "it cannot be parsed"))
            raise Problem("invalid_body", f"The body is not JSON: {cause}.") from None
        raise invalid(error) from None
