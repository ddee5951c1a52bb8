"""The journal's words in WHMCS's own: the field a person finds there, and what to press."""

from __future__ import annotations

from collections.abc import Mapping

from panelbridge.actions.problems import Problem

FIELDS: Mapping[str, str] = {
    "plan": "configoption1",
    "term": "billingcycle",
    "connections": "configoptions.Connections",
    "username": "customfields.Username",
    "mac": "customfields.Device MAC",
}
_ADVICE: Mapping[tuple[str, str], str] = {
    ("plan_unknown", "plan"): "Choose an existing plan in the product's Module Settings.",
    (
        "panel_change",
        "plan",
    ): "Choose a plan of the same panel in Module Settings.",
    (
        "term_not_offered",
        "term",
    ): "Add the term to the plan, or disable this billing cycle on the product.",
    (
        "username_rule",
        "username",
    ): "Choose another user name in the custom field Username, or leave it empty and one is made; where none "
    "can be made, add that custom field to the product.",
    (
        "mac_rule",
        "mac",
    ): "Correct the custom field Device MAC; leave it empty where the panel has no devices.",
    (
        "fact_missing",
        "domain",
    ): "Tick Require Domain on the product, or enter the service's domain; then run Create.",
    ("fact_missing", "email"): "Enter the customer's e-mail address; then run Create.",
}


def in_whmcs_words(problem: Problem) -> Problem:
    """The same problem, for somebody who sits before WHMCS."""
    if problem.field is None:
        return problem
    problem.advice = _ADVICE.get((problem.code, problem.field), problem.advice)
    problem.field = FIELDS.get(problem.field, problem.field)
    return problem
