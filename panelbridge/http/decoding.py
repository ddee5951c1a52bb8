"""From the bytes of a body to a checked model: JSON, form, or PHP's serialize() format.

A body that cannot be read is 400 and names the place; one whose members are wrong is 422 and names them.
"""

from __future__ import annotations

from typing import Any, TypeVar

from flask import Request
from pydantic import BaseModel, ValidationError

from panelbridge.actions.problems import Problem
from whmcs_module_shim.wire import php_form, php_serialized

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
PHP = "application/vnd.php.serialized"

MODULE_TYPES = (JSON, FORM, PHP)
RESOURCE_TYPES = (JSON,)

ModelT = TypeVar("ModelT", bound=BaseModel)

_AS_TEXT = {"text": True}
_SHOWN_ERRORS = 20


def read_body(request: Request, model: type[ModelT], accepted: tuple[str, ...]) -> ModelT:
    """The body as ``model``. Raises ``Problem``: 400, 413, 415 or 422."""
    if request.content_type == JSON:  # as the module sends it; nothing to parse
        return _validate_json(request.get_data(), model)
    media = request.mimetype
    if media not in accepted:
        raise Problem(
            "unsupported_media_type",
            f"The body is {media[:80] or 'of no named type'}; send {' or '.join(accepted)}.",
            headers={"Accept": ", ".join(accepted)},
        )
    if request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise Problem("unsupported_media_type", "The body must be UTF-8.")
    body = request.get_data()
    if media == JSON:
        return _validate_json(body, model)
    if media == FORM:
        return validate(model, _decoded(php_form.loads, body), text=True)
    value = _decoded(php_serialized.loads, body)
    return validate(model, {} if value == [] else value)


def validate(model: type[ModelT], value: Any, *, text: bool = False) -> ModelT:
    """``value`` as ``model``; ``text``: digits stand for numbers. Raises ``invalid_request``."""
    try:
        return model.model_validate(value, context=_AS_TEXT if text else None)
    except ValidationError as error:
        raise invalid(error) from None


def _validate_json(body: bytes, model: type[ModelT]) -> ModelT:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=True, include_input=False)[0]
        if first["type"] == "json_invalid":
            cause = str(first.get("ctx", {}).get("error", "it cannot be parsed"))
            raise Problem("invalid_body", f"The body is not JSON: {cause}.") from None
        raise invalid(error) from None


def _decoded(loads: Any, body: bytes) -> Any:
    try:
        return loads(body)
    except (php_form.FormInvalid, php_serialized.PhpSerializedInvalid) as error:
        raise Problem("invalid_body", f"The body cannot be read: {error}.") from None


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
        return "there is no such member"
    if kind == "missing":
        return "is required"
    return message.removeprefix("Value error, ")
