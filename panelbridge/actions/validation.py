"""What was given, as a checked model; everything that is wrong is named at once, and never shown."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from panelbridge.actions.problems import Problem

ModelT = TypeVar("ModelT", bound=BaseModel)

_AS_TEXT = {"text": True}
_SHOWN_ERRORS = 20


def validate(model: type[ModelT], value: Any, *, text: bool = False) -> ModelT:
    """``value`` as ``model``; ``text``: digits stand for numbers. Raises ``invalid_request``."""
    try:
        return model.model_validate(value, context=_AS_TEXT if text else None)
    except ValidationError as error:
        raise invalid(error) from None


def invalid(error: ValidationError) -> Problem:
    """All wrong members in one problem; ``field`` is the first. Never shows what was sent."""
    items = error.errors(include_url=False, include_context=False, include_input=False)
    errors = [
        {"field": _path(item["loc"]), "message": _words(item["type"], item["msg"])}
        for item in items[:_SHOWN_ERRORS]
    ]
    detail = "; ".join(f"{item['field']}: {item['message']}" for item in errors[:5])
    return Problem("invalid_request", detail[:1000], field=errors[0]["field"], extra={"errors": errors})


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part)[:80] for part in location) or "body"


def _words(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "unknown field"
    if kind == "missing":
        return "is required"
    return message.removeprefix("Value error, ")
