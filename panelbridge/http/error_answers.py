"""Errors as answers: RFC 9457, in the form of the billing system whose door was asked."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from panelbridge.actions.problems import MEDIA_TYPE, Problem
from panelbridge.actions.refusals import KNOWN, problem_of
from panelbridge.http.billing import BillingDoor
from panelbridge.service.logs import ServiceLog, describe


def answer_errors(app: Flask, log: ServiceLog, billing: Sequence[BillingDoor]) -> None:
    """Whatever a view raises is answered; what nobody foresaw is logged, and told by its id alone."""

    def answer(problem: Problem) -> Response:
        g.code = problem.code
        door = next((door for door in billing if request.path.startswith(door.prefix)), None)
        body = door.problem_body(problem, g.request_id) if door else problem.body(g.request_id)
        response = Response(app.json.dumps(body), problem.status, mimetype=MEDIA_TYPE)
        response.headers.update(problem.headers)
        return response

    def unexpected(error: Exception) -> Response:
        log.events.error("unexpected", request_id=g.request_id, error=describe(error))
        text = f"An unexpected error of the bridge; its log has the cause under request id {g.request_id}."
        return answer(Problem("internal", text))

    app.register_error_handler(Problem, answer)
    app.register_error_handler(HTTPException, lambda error: answer(_of_http(error)))
    for refusal in KNOWN:
        app.register_error_handler(refusal, lambda error: answer(problem_of(error)))
    app.register_error_handler(Exception, unexpected)


def _of_http(error: HTTPException) -> Problem:
    match error:
        case NotFound():
            return Problem("not_found", "There is nothing at this address.")
        case MethodNotAllowed():
            allowed = ", ".join(sorted(error.valid_methods or ()))
            return Problem("method_not_allowed", f"Allowed here: {allowed}.", headers={"Allow": allowed})
        case RequestEntityTooLarge():
            return Problem("body_too_large", "The body is larger than this service reads.")
        case _:
            return Problem("invalid_body", "The request cannot be read.", status=error.code or 400)
