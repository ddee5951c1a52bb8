"""The door of WHMCS: POST /v1/whmcs/<Function>, what the module calls. Joined by an entry point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from flask import Response, g
from flask.globals import request_ctx

from panelbridge.access import Scope
from panelbridge.actions.fields import starred
from panelbridge.actions.outage import looked_up
from panelbridge.actions.problems import Problem
from panelbridge.actions.refusals import KNOWN, problem_of
from panelbridge.actions.wording import starred_note
from panelbridge.http.auth import Caller
from panelbridge.http.auth.binding import check_binding, is_bound_here
from panelbridge.http.decoding import BodyFormat, read_body
from panelbridge.http.dispatch import Dispatcher
from panelbridge.http.routes import Effect, Route
from panelbridge.transport import deadline
from whmcs_module_shim.installing import put_into
from whmcs_module_shim.module_calls import (
    CommonRequest,
    Kind,
    ModuleAnswer,
    ModuleFunction,
    functions,
)
from whmcs_module_shim.module_calls.words import in_whmcs_words
from whmcs_module_shim.wire import php_form, php_serialized
from whmcs_module_shim.zip import write_zip

PREFIX = "/v1/whmcs/"
FORMATS = (
    BodyFormat(media_type="application/x-www-form-urlencoded", loads=php_form.loads, text=True),
    BodyFormat(media_type="application/vnd.php.serialized", loads=php_serialized.loads_members),
)


class WhmcsDoor:
    """Serves the product's module functions, or those given."""

    prefix = PREFIX

    write_zip = staticmethod(write_zip)
    put_into = staticmethod(put_into)

    def __init__(self, known: Mapping[str, ModuleFunction] | None = None) -> None:
        self._functions = functions() if known is None else known

    def routes(self) -> Sequence[Route]:
        """A route for each function."""
        return [
            Route(
                method="POST",
                path=PREFIX + function.name,
                name=function.name,
                tag="whmcs",
                summary=function.summary,
                view=function.run,
                effect=Effect.READS if function.kind is Kind.READS else Effect.ACTS,
                scope=function.scope,
                body=function.request,
                answer=ModuleAnswer,
                also=(202,),
                formats=FORMATS,
                problems=(400, 402, 404, 409, 413, 415, 422),
                serve=partial(serve_module, mutating=function.kind is not Kind.READS),
            )
            for function in self._functions.values()
        ]

    def problem_body(self, problem: Problem, request_id: str) -> dict[str, Any]:
        """With what the PHP module reads."""
        return {"result": "error", "message": problem.message, **problem.body(request_id)}


def serve_module(dispatcher: Dispatcher, route: Route, *, mutating: bool) -> Response:
    """Answer one call. Raises ``Problem`` and whatever the function raises."""
    caller = dispatcher.caller(route)
    assert route.body is not None  # noqa: S101 - every function has a request model
    body = read_body(request_ctx.request, route.body, route.formats)
    _refuse_unsupported(body)  # type: ignore[arg-type]  # every function's model is a CommonRequest
    check_binding(dispatcher.services, dispatcher.verifier, caller, mutating=mutating)
    _compare_what_it_knows(dispatcher, caller, body)  # type: ignore[arg-type]
    try:
        with deadline(caller.budget):  # whatever the function asks the panels, and however many
            answer: ModuleAnswer = looked_up(
                lambda: route.view(dispatcher.services, caller, body), seconds=caller.budget
            )
    except KNOWN as error:
        raise in_whmcs_words(problem_of(error)) from None  # type: ignore[arg-type]  # a member of that union
    except Problem as problem:
        raise in_whmcs_words(problem) from None
    if answer.operation is not None:
        g.operation = answer.operation.id
    if redacted := starred(body):
        answer = answer.model_copy(update={"message": f"{answer.message} {starred_note(redacted)}"})
    status = 202 if answer.is_pending() else 200
    text = answer.sent_as(caller.request_id).model_dump_json()
    return Response(text, status, mimetype="application/json")


def _compare_what_it_knows(dispatcher: Dispatcher, caller: Caller, body: CommonRequest) -> None:
    """Only from the shop an installation is bound to, by a key that may act: no other stops the bridge."""
    shop = caller.installation
    if body.highest_operation and shop and caller.key.allows(Scope.PROVISION) and is_bound_here(caller):
        dispatcher.services.known_operation(body.highest_operation, shop.code)


def _refuse_unsupported(body: CommonRequest) -> None:
    if body.addonId > 0:
        raise Problem(
            "addon_unsupported",
            f"Product add-on {body.addonId} cannot be provisioned: add-ons are not supported.",
            field="addonId",
        )
    if body.qty > 1:
        raise Problem(
            "quantity_unsupported",
            f"A quantity of {body.qty} cannot be provisioned as one service.",
            field="qty",
        )
